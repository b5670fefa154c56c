// The operator's keyboard. A single key never decides anything: it moves, opens, takes up, puts back, or brings up a
// dialog that asks.
// It can be switched off, because speech input and screen readers use letters too.
import { all, on, one, onContent, recall, remember } from './page.js';

const enabled = () => recall('keys') !== '0';
const rows = () => all('table[data-rows] tbody tr').filter((row) => one('a[href]', row));

const pick = (step) => {
  const list = rows();
  if (!list.length) return;
  const now = list.findIndex((row) => row.classList.contains('is-picked'));
  const next = list[Math.max(0, Math.min(list.length - 1, now + step))];
  list.forEach((row) => row.classList.toggle('is-picked', row === next));
  one('a[href]', next).focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
};

// Letters after `g`: the one a link asks for, else the first free letter of its name.
export const places = () => {
  const taken = new Map();
  const links = all('[data-nav]');
  for (const link of links) if (link.dataset.nav) taken.set(link.dataset.nav, link);
  for (const link of links.filter((each) => !each.dataset.nav)) {
    const free = [...one('.side-text', link).textContent.toLowerCase()].find((letter) => /[a-z]/.test(letter) && !taken.has(letter));
    if (free) taken.set(free, link);
  }
  return taken;
};

const showPlaces = () => {
  const list = one('#shortcuts-go');
  list?.replaceChildren(
    ...[...places()].map(([letter, link]) => {
      const row = document.createElement('div');
      row.append(document.createElement('dt'), document.createElement('dd'));
      row.firstChild.textContent = one('.side-text', link).textContent;
      for (const text of ['G', letter.toUpperCase()]) {
        const key = document.createElement('kbd');
        key.textContent = text;
        row.lastChild.append(key, ' ');
      }
      return row;
    }),
  );
};
onContent(() => {
  showPlaces();
  const box = one('#keys-on');
  if (box) box.checked = enabled();
});
on('change', (event) => event.target.id === 'keys-on' && remember('keys', event.target.checked ? '1' : '0'));

// (when the keys went down, not when a busy page got round to them)
let going = -Infinity;
const press = (key, at) => {
  if (at - going < 1500) {
    going = -Infinity;
    const link = places().get(key);
    if (link) return link.click() ?? true;
  }
  const search = key === '/' && one('[data-search]');
  const sheet = key === '?' && one('#shortcuts');
  const button = /^[a-zR0[\]+-]$/.test(key) ? one(`[data-key="${key}"]`, one('dialog.drawer[open]') ?? document) : null;
  const mark = key === 'x' && one('table[data-rows] tr.is-picked input[type=checkbox]');
  if (key === 'g') going = at;
  else if (key === 'j') pick(1);
  else if (key === 'k') pick(-1);
  else if (mark) mark.click();
  else if (search) search.select();
  else if (sheet) sheet.showModal();
  else if (button?.matches('[data-open], [data-press], a[href]') && !button.disabled) button.click();
  else return false;
  return true;
};
on('keydown', (event) => {
  if (!enabled() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  // (letters are typed into a field; into a choice of yes and no they are not)
  if (event.target.matches('input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]')) return;
  const inDialog = one('dialog[open]:not(.drawer)');
  if (!inDialog && press(event.key, event.timeStamp)) event.preventDefault();
});

// Ctrl+Enter sends the form of the dialog that asks, as its own button does; a single key sends nothing.
on('keydown', (event) => {
  if (!enabled() || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  const button = one('dialog[open]:not(.drawer) form button[type=submit]');
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

// The whole row is a target for its first link; what is itself a control keeps its own click.
on('click', (event) => {
  const row = event.target.closest?.('tr:has(.row-main)');
  if (!row || event.target.closest('a, button, input, label, select, summary') || getSelection().toString()) return;
  one('.row-main', row).click();
});
