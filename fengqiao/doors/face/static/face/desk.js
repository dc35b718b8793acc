// The desk's keyboard and its ticks. Keys only repeat what a visible control does; single keys are off inside fields.
(function () {
  'use strict';
  var one = function (s, e) { return (e || document).querySelector(s); };
  var all = function (s, e) { return Array.prototype.slice.call((e || document).querySelectorAll(s)); };
  var waiting = '', last = -1;

  function rows() { return all('.list[data-keys] tbody tr'); }
  function at() { return rows().findIndex(function (r) { return r.classList.contains('is-cursor'); }); }
  function chosen(row) { return row.getAttribute('aria-selected') === 'true'; }

  // The bar below the list says how many are ticked and asks the server what can be done with all of them.
  function told() {
    var bar = one('.batch'), n = rows().filter(chosen).length;
    if (!bar) return;
    var was = bar.hidden; bar.hidden = !n;
    one('[data-n]', bar).textContent = n;
    all('[data-all]').forEach(function (c) { c.checked = n > 0 && n === rows().length; });
    if (n || !was) bar.dispatchEvent(new Event('ticked', { bubbles: true }));
  }
  function mark(row, on) {
    var tick = one('.ck', row);
    if (!tick) return;
    tick.checked = on; row.setAttribute('aria-selected', on);
  }
  function select(row, on, far) {
    var rs = rows(), to = rs.indexOf(row), from = far && last >= 0 ? last : to;
    rs.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (r) { mark(r, on); });
    last = to; told();
  }
  function clear() { rows().forEach(function (r) { mark(r, false); }); told(); }
  function move(step) {
    var rs = rows(), i = at();
    if (!rs.length) return;
    if (i >= 0) rs[i].classList.remove('is-cursor');
    var row = rs[Math.max(0, Math.min(rs.length - 1, i + step))];
    row.classList.add('is-cursor'); row.scrollIntoView({ block: 'nearest' });
    var link = one('a.t', row); if (link) link.focus({ preventScroll: true });
  }

  function keys(e) {
    if (e.key === 'Escape') { escape(e); return; }
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && !/^(checkbox|radio)$/.test(e.target.type);
    if (e.ctrlKey && e.key === 'Enter' && e.target.form) { e.target.form.requestSubmit(); return; }
    if (typing || e.ctrlKey || e.altKey || e.metaKey || document.body.hasAttribute('data-keys-off') || one('dialog[open]:not(.still)')) return;
    var key = e.key.toLowerCase(), rs = rows(), i = at(), named = one('[data-key="' + CSS.escape(waiting + key) + '"]');
    waiting = '';
    if (named) { e.preventDefault(); named.click(); }
    else if (key === '/') { var find = one('[data-search]'); if (find) { e.preventDefault(); find.focus(); } }
    else if (key === '?') { var list = one('#keys'); if (list) list.showModal(); }
    else if (key === 'g') waiting = 'g ';
    else if (key === 'j') move(1);
    else if (key === 'k') move(-1);
    else if (key === 'x' && i >= 0) select(rs[i], e.shiftKey || !chosen(rs[i]), e.shiftKey);
    else if (key === 'enter' && i >= 0 && e.target === document.body) one('a.t', rs[i]).click();
  }
  function escape(e) {
    if (e.target.classList && e.target.classList.contains('light')) { e.target.classList.add('no-tip'); return; }
    all('.light').forEach(function (l) { if (l.matches(':hover')) l.classList.add('no-tip'); });
    all('details.eave-menu[open]').forEach(function (d) { d.open = false; one('summary', d).focus(); });
    clear();
  }

  document.addEventListener('DOMContentLoaded', function () {
    all('[data-all], [data-clear]').forEach(function (c) { c.hidden = false; });
    all('[data-plain]').forEach(function (b) { b.hidden = true; });
    rows().forEach(function (r) { var tick = one('.ck', r); if (tick) mark(r, tick.checked); });
    told();
    document.addEventListener('keydown', keys);
    document.addEventListener('change', function (e) {
      if (e.target.matches('[data-all]')) { rows().forEach(function (r) { mark(r, e.target.checked); }); told(); }
      else if (e.target.matches('.list[data-keys] tbody .ck')) select(e.target.closest('tr'), e.target.checked);
      else if (e.target.matches('form[data-now] select')) e.target.form.requestSubmit();
    });
    document.addEventListener('click', function (e) { if (e.target.closest('[data-clear]')) clear(); });
  });
})();
