// Passkeys: shows what this browser can do at this address, asks the device, and sends its answer as the page's form.
(function () {
  'use strict';
  var all = function (s) { return Array.prototype.slice.call(document.querySelectorAll(s)); };
  var able = window.isSecureContext && window.PublicKeyCredential && navigator.credentials;

  // The page speaks base64url, the browser in bytes. Its own parseRequestOptionsFromJSON is too young to be relied on.
  function bytes(text) {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), function (sign) { return sign.charCodeAt(0); });
  }
  function text(buffer) {
    return btoa(String.fromCharCode.apply(null, new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  function asked(options) {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    (options.allowCredentials || []).concat(options.excludeCredentials || []).forEach(function (each) { each.id = bytes(each.id); });
    return { publicKey: options };
  }
  function answered(credential) {
    var told = {};
    ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'].forEach(function (name) {
      if (credential.response[name]) told[name] = text(credential.response[name]);
    });
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: told });
  }

  function ask(form) {
    var trouble = form.querySelector('[data-trouble]'), button = form.querySelector('button');
    trouble.hidden = true; button.disabled = true;
    navigator.credentials[form.dataset.passkey](asked(JSON.parse(form.dataset.options))).then(function (credential) {
      form.elements.answer.value = answered(credential);
      form.submit();
    }).catch(function (problem) {
      var known = problem.name === 'InvalidStateError' && form.dataset.known;
      trouble.textContent = known || form.dataset[problem.name === 'NotAllowedError' ? 'stopped' : 'failed'];
      trouble.hidden = false; button.disabled = false; button.focus();
    });
  }

  var here = all('[data-passkey-offer]').filter(function (e) { return able && e.dataset.passkeyOffer === location.origin; });
  here.forEach(function (e) { e.hidden = false; });
  if (here.length) all('[data-passkey-cannot]').forEach(function (e) { e.hidden = true; });
  all('form[data-passkey]').forEach(function (form) {
    if (!here.length) return;
    form.addEventListener('submit', function (e) { e.preventDefault(); ask(form); });
    if (form.hasAttribute('data-at-once')) ask(form);
  });
})();
