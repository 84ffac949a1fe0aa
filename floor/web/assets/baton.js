// Baton: small comforts for pages that work without them. No build step, no dependencies.
const root = document.documentElement;
root.dataset.js = '';
const $ = (css, from = document) => from.querySelector(css);
const $$ = (css, from = document) => [...from.querySelectorAll(css)];
const inField = (el) => el instanceof Element && el.closest('input:not([type=checkbox],[type=radio]),select,textarea,[contenteditable]');
const singleKeys = root.dataset.keys !== 'off';

// ---- rows of a list: J, K, arrows, Enter, X ----
const rows = () => $$('table[data-rows] tbody tr').filter((tr) => tr.offsetParent !== null || tr.getClientRects().length);
const rowLink = (tr) => $('a[href]', tr);
const rowAt = () => document.activeElement?.closest?.('table[data-rows] tbody tr');
let range = null;
function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(rowAt());
  const to = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by))];
  rowLink(to)?.focus();
  to.scrollIntoView({ block: 'nearest' });
  return true;
}
function tick(tr, on) {
  const box = $('input[type=checkbox]', tr);
  if (!box) return;
  box.checked = on ?? !box.checked;
  box.dispatchEvent(new Event('change', { bubbles: true }));
}
function select(extend) {
  const tr = rowAt();
  if (!tr) return false;
  if (extend && range) {
    const all = rows();
    const [a, b] = [all.indexOf(range), all.indexOf(tr)].sort((x, y) => x - y);
    all.slice(Math.max(0, a), b + 1).forEach((row) => tick(row, true));
  } else tick(tr);
  range = tr;
  return true;
}

// ---- keys ----
function open(id) {
  const dialog = document.getElementById(id);
  if (dialog?.showModal && !dialog.open) dialog.showModal();
}
function escape() {
  const menu = $('details[data-menu][open]');
  if (menu) { menu.open = false; $('summary', menu).focus(); return true; }
  if (inField(document.activeElement)) { document.activeElement.blur(); return true; }
  return false;
}
function focusFirst(...choices) {
  const field = choices.flatMap((css) => $$(css)).find((el) => el.getClientRects().length);
  field?.focus();
  field?.select?.();
  return Boolean(field);
}
const single = {
  '/': () => focusFirst('[data-filter]', '[data-search]'),
  '?': () => open('keys') ?? true,
  j: () => step(1),
  k: () => step(-1),
  x: () => select(false),
  X: () => select(true),
};
addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing || $('dialog[open]')) return;
  const chord = event.ctrlKey || event.metaKey;
  let done = false;
  if (chord && event.key.toLowerCase() === 'k') done = focusFirst('[data-search]', '[data-filter]');
  else if (chord && event.key.toLowerCase() === 'a' && $('[data-bulk]') && !inField(event.target)) {
    const all = rows();
    const ticked = all.length && all.every((tr) => $('input[type=checkbox]', tr)?.checked);
    if (ticked) $('[data-bulk] button[name=all]')?.focus();
    else all.forEach((tr) => tick(tr, true));
    done = true;
  } else if (event.key === 'Escape') done = escape();
  else if (chord || event.altKey || inField(event.target)) return;
  else if (event.key === 'ArrowDown' && rowAt()) done = step(1);
  else if (event.key === 'ArrowUp' && rowAt()) done = step(-1);
  else if (event.key === 'Enter' && event.target.matches?.('table[data-rows] input')) {
    rowLink(event.target.closest('tr'))?.click();
    done = true;
  } else if (singleKeys) {
    const act = $$('[data-key]').find((el) => el.dataset.key.toLowerCase() === event.key.toLowerCase());
    if (act && !event.shiftKey) { act.click(); done = true; } else done = single[event.key]?.() ?? false;
  }
  if (done) event.preventDefault();
});

// ---- clicks: dialogs, copying, dismissing, rows, menus ----
addEventListener('click', (event) => {
  const el = event.target instanceof Element ? event.target : null;
  if (!el) return;
  $$('details[data-menu][open]').forEach((menu) => { if (!menu.contains(el)) menu.open = false; });
  const opener = el.closest('[data-open]');
  if (opener) {
    const menu = opener.closest('details[data-menu]');
    if (menu) menu.open = false;
    open(opener.dataset.open);
  }
  const copier = el.closest('[data-copy]');
  if (copier) copy(copier);
  el.closest('[data-dismiss]')?.closest('[data-toast]')?.remove();
  // On a phone the whole row opens, as its link does.
  const tr = el.closest('table[data-rows] tbody tr');
  if (tr && !el.closest('a,button,input,label') && matchMedia('(max-width:760px)').matches) rowLink(tr)?.click();
});
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    const name = button.getAttribute('aria-label');
    button.setAttribute('aria-label', button.dataset.done ?? name);
    button.classList.add('copied');
    setTimeout(() => { button.setAttribute('aria-label', name); button.classList.remove('copied'); }, 1600);
  } catch { /* Not allowed here: the value is on the page and can be marked by hand. */ }
}

// ---- forms: sent once, filters sent at a tick ----
const sent = new WeakSet();
addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === 'dialog') return;
  if (sent.has(form)) { event.preventDefault(); return; }
  sent.add(form);
  const button = event.submitter ?? $('button[data-busy]', form);
  if (!button) return;
  // After this event, so that the button's own name and value are still sent.
  setTimeout(() => {
    form.setAttribute('aria-busy', 'true');
    button.setAttribute('aria-disabled', 'true');
    const label = $('span', button) ?? button;
    if (button.dataset.busy) { button.dataset.label = label.textContent; label.textContent = button.dataset.busy; }
  });
});
// ---- the bar for ticked rows: there only while some are ----
function bulk() {
  const bar = $('[data-bulk]');
  if (!bar) return;
  const n = $$('table[data-rows] td input[type=checkbox]:checked').length;
  bar.classList.toggle('some', n > 0);
  $('[data-selected]', bar).textContent = `${n} selected`;
}
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
addEventListener('change', (event) => {
  const el = event.target;
  if (el.matches('[data-all]')) rows().forEach((tr) => tick(tr, el.checked));
  if (el.matches('table[data-rows] td input[type=checkbox]')) el.closest('tr').classList.toggle('sel', el.checked);
  bulk();
  const form = el.form;
  const mode = form?.dataset.autosubmit;
  if (mode !== undefined && (mode !== 'wide' || matchMedia('(min-width:1001px)').matches)) form.requestSubmit();
});

// ---- a file chosen or dropped is sent at once ----
for (const form of $$('form[data-drop]')) {
  const input = $('input[type=file]', form);
  const zone = $('.dropz', form);
  const name = $('[data-file-name]', form);
  const go = () => {
    if (!input.files.length) return;
    name.textContent = input.files[0].name;
    name.hidden = false;
    form.classList.add('sending');
    form.requestSubmit($('button[type=submit]', form));
  };
  input.addEventListener('change', go);
  for (const type of ['dragenter', 'dragover']) zone.addEventListener(type, (event) => { event.preventDefault(); zone.classList.add('over'); });
  for (const type of ['dragleave', 'drop']) zone.addEventListener(type, () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; go(); }
  });
}
addEventListener('dragover', (event) => { if ($('form[data-drop]')) event.preventDefault(); });
addEventListener('drop', (event) => { if ($('form[data-drop]')) event.preventDefault(); });

// ---- regions that keep themselves fresh while work is under way ----
async function refresh(region) {
  const later = (factor) => setTimeout(refresh, Number(region.dataset.refresh) * 1000 * factor, region);
  if (document.hidden) return later(1);
  try {
    const answer = await fetch(region.dataset.src || location.href, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
    if (!answer.ok) return later(5);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.getElementById(region.id);
    if (!fresh) return location.reload();
    const inside = region.contains(document.activeElement);
    region.replaceChildren(...fresh.childNodes);
    if (inside) { region.tabIndex = -1; region.focus(); }
    if (fresh.dataset.refresh) { region.dataset.refresh = fresh.dataset.refresh; return later(1); }
    delete region.dataset.refresh;
    region.removeAttribute('aria-busy');
    const title = page.querySelector('title')?.textContent;
    if (title) document.title = title;
  } catch { later(5); }
}
for (const region of $$('[data-refresh]')) setTimeout(refresh, Number(region.dataset.refresh) * 1000, region);

// ---- on arrival ----
bulk();
for (const select of $$('select[data-zone]')) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // What the person or the record says stands; only an open question is answered.
  if (!select.value && [...select.options].some((option) => option.value === here)) select.value = here;
}
$('[data-errors]')?.focus();
for (const toast of $$('[data-toast=""]')) {
  const away = () => (toast.matches(':hover,:focus-within') ? setTimeout(away, 2000) : toast.remove());
  setTimeout(away, 8000);
}
