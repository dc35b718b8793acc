// What scripts add to the portal; every page works without this file.
(function () {
  'use strict';
  // The code of a QR stands behind the #, which never leaves the device.
  var code = document.querySelector('input[name="code"]'), digits = location.hash.slice(1);
  if (code && !code.value && /^\d{12}$/.test(digits)) {
    code.value = digits.replace(/(\d{4})(?=\d)/g, '$1 ');
    history.replaceState(null, '', location.pathname);
  }
  document.querySelectorAll('[data-print]').forEach(function (b) {
    b.hidden = false;
    b.addEventListener('click', function () { window.print(); });
  });
  // The villages follow the town; without scripts a button does it.
  document.querySelectorAll('[data-towns]').forEach(function (box) {
    var town = box.querySelector('select[name="town"]'), village = box.querySelector('select[name="village"]');
    var part = box.querySelector('[data-by-script]');
    box.querySelector('[data-by-hand]').hidden = true;
    function show(list) {
      var kept = village.value;
      village.replaceChildren(new Option(box.dataset.unknown, ''));
      list.forEach(function (each) { village.add(new Option(each[1], each[0], false, each[0] === kept)); });
      if (part) part.hidden = !list.length;
    }
    function ask() {
      fetch(box.dataset.towns + '?town=' + encodeURIComponent(town.value))
        .then(function (answer) { return answer.json(); })
        .then(function (told) { show(told.villages); })
        .catch(function () { box.querySelector('[data-by-hand]').hidden = false; });
    }
    town.addEventListener('change', ask);
    // A draft brought a town back after the page was drawn.
    document.addEventListener('DOMContentLoaded', function () { if (town.value && village.options.length < 2) ask(); });
  });
})();
