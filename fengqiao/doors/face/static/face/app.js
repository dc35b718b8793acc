// Small behaviours. The pages work without this file; every word comes from a data- attribute of the page.
(function () {
  'use strict';
  var root = document.documentElement;
  var one = function (s, e) { return (e || document).querySelector(s); };
  var all = function (s, e) { return Array.prototype.slice.call((e || document).querySelectorAll(s)); };

  // Before the first paint: the theme the device asks for, unless the person chose one.
  if (!root.hasAttribute('data-bs-theme') && window.matchMedia && matchMedia('(prefers-color-scheme: dark)').matches) root.setAttribute('data-bs-theme', 'dark');

  function remember(name, value) { document.cookie = name + '=' + value + ';path=/;max-age=31536000;samesite=lax'; }

  function themes() {
    all('[data-theme-form]').forEach(function (form) {
      form.addEventListener('submit', function (e) {
        e.preventDefault();
        var next = root.getAttribute('data-bs-theme') === 'dark' ? 'light' : 'dark';
        root.setAttribute('data-bs-theme', next); remember('theme', next);
        document.dispatchEvent(new Event('themechange'));
      });
    });
  }

  function density() {
    all('[data-density]').forEach(function (b) {
      b.addEventListener('click', function (e) {
        e.preventDefault();
        var dense = b.dataset.density === 'dense';
        document.body.classList.toggle('is-dense', dense); remember('dense', dense ? '1' : '0');
        all('[data-density]').forEach(function (x) { x.setAttribute('aria-pressed', x === b); });
      });
    });
  }

  // A draft stays on this device for seven days, unless the person says no; the page after sending takes it away.
  function drafts() {
    all('[data-draft-done]').forEach(function (e) { forget(e.dataset.draftDone); });
    all('form[data-draft]').forEach(function (form) {
      var name = form.dataset.draft, no = one('[data-draft-off]', form), note = one('[data-draft-note]', form), kept = recall(name);
      var fields = function () { return all('input, textarea, select', form).filter(function (f) { return f.name && f !== no && !/^(hidden|password|file|submit|button)$/.test(f.type); }); };
      if (kept && !one('[data-focus]')) fields().forEach(function (f) {
        var old = kept.values[f.name]; if (old === undefined) return;
        if (/^(checkbox|radio)$/.test(f.type)) f.checked = old.indexOf(f.value) >= 0; else if (!f.value) f.value = old[0];
      });
      function keep() {
        if (no && no.checked) { forget(name); if (note) note.hidden = true; return; }
        var values = {};
        fields().forEach(function (f) { if (!/^(checkbox|radio)$/.test(f.type) || f.checked) (values[f.name] = values[f.name] || []).push(f.value); });
        try { localStorage.setItem('draft:' + name, JSON.stringify({ at: Date.now(), values: values })); if (note) note.hidden = false; } catch (full) { /* a full or closed store only means no draft */ }
      }
      form.addEventListener('change', keep); form.addEventListener('focusout', keep);
    });
  }
  function forget(name) { try { localStorage.removeItem('draft:' + name); } catch (closed) { /* nothing was kept */ } }
  function recall(name) {
    try { var kept = JSON.parse(localStorage.getItem('draft:' + name)); if (kept && Date.now() - kept.at < 604800000) return kept; } catch (torn) { /* unreadable is as good as none */ }
    forget(name); return null;
  }

  function speech() {
    if (!window.speechSynthesis) return;
    all('[data-speak]').forEach(function (b) {
      function voice() { return speechSynthesis.getVoices().filter(function (v) { return v.localService && v.lang.toLowerCase().indexOf(b.dataset.speakLang) === 0; })[0]; }
      function show() { b.hidden = !voice(); }
      show(); speechSynthesis.addEventListener('voiceschanged', show);
      b.addEventListener('click', function () {
        var words = new SpeechSynthesisUtterance(one('main').innerText);
        words.voice = voice(); words.lang = words.voice.lang; words.rate = 0.85;
        speechSynthesis.cancel(); speechSynthesis.speak(words);
      });
    });
  }

  // What htmx cannot know: a request that failed is told beside its control, and the words stay.
  function trouble(e) {
    var control = e.detail.elt, old = control.parentNode && one(':scope > .err-box', control.parentNode);
    if (old) old.remove();
    var box = document.createElement('p');
    box.className = 'err-box'; box.setAttribute('role', 'alert');
    box.textContent = document.body.dataset[e.type === 'htmx:sendError' ? 'lost' : 'refused'];
    control.insertAdjacentElement('afterend', box);
  }
  function parts(scope) {
    var first = one('[data-focus]', scope); if (first) first.focus();
    all('.toast[data-seconds]', scope).forEach(function (t) { setTimeout(function () { t.remove(); }, 1000 * t.dataset.seconds); });
  }

  document.addEventListener('DOMContentLoaded', function () {
    themes(); density(); drafts(); speech(); parts(document);
    document.addEventListener('click', function (e) {
      var opener = e.target.closest('[data-dialog]'), box = opener && document.getElementById(opener.dataset.dialog);
      if (box && box.showModal) { e.preventDefault(); box.showModal(); }
      var copier = e.target.closest('[data-copy]');
      if (copier && navigator.clipboard) navigator.clipboard.writeText(copier.dataset.copy).then(function () { copier.textContent = copier.dataset.copied; });
    });
    document.addEventListener('focusout', function (e) { if (e.target.classList) e.target.classList.remove('no-tip'); });
    document.addEventListener('mouseout', function (e) { var l = e.target.closest && e.target.closest('.light'); if (l && !l.contains(e.relatedTarget)) l.classList.remove('no-tip'); });
    document.addEventListener('htmx:beforeRequest', function (e) { if (e.detail.elt.matches('.b')) e.detail.elt.dataset.busy = document.body.dataset.busy; });
    document.addEventListener('htmx:responseError', trouble); document.addEventListener('htmx:sendError', trouble);
    document.addEventListener('htmx:afterSwap', function (e) { parts(e.target); });
    // Lists ask for news by hx-trigger="news from:body", and only while somebody looks.
    setInterval(function () { if (!document.hidden) document.body.dispatchEvent(new Event('news')); }, 60000);
  });
})();
