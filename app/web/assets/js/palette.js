// Ctrl-K: pages from the sidebar at once, and what the server finds a moment later.
import { all, on, one, onClick } from './page.js';
import { switchTheme } from './preferences.js';

const WAIT = 160;
// What is asked of the server stands in its log: an id, a reference (letters with a digit) or a short number of Paystack's,
// and so no name, no address of mail, and no number of a telephone, an account or a person.
const REFERENCE = /^((?=.*\d)(?=.*[a-z])[a-z0-9_.=-]{4,100}|\d{3,9})$/i;
let pending;
let asked;

const item = ({ title, sub = '', url = '', icon }) => {
  const entry = document.createElement('li');
  entry.role = 'option';
  entry.dataset.url = url;
  entry.append((icon ?? one('#palette-icon').content).cloneNode(true), title);
  if (sub) {
    const small = document.createElement('small');
    small.textContent = sub;
    entry.append(small);
  }
  return entry;
};

const pages = () =>
  all('[data-nav]').map((link) => ({ title: one('.side-text', link).textContent, sub: 'Page', url: link.href, icon: one('svg', link) }));

const options = () => all('#palette-list li');
const choose = (index) => {
  options().forEach((entry, i) => {
    entry.id = `palette-${i}`;
    entry.setAttribute('aria-selected', i === index);
  });
  const entry = options()[index];
  entry?.scrollIntoView({ block: 'nearest' });
  one('#palette input').setAttribute('aria-activedescendant', entry?.id ?? '');
  one('.palette-none').hidden = Boolean(entry);
};

const fill = (found = []) => {
  const words = one('#palette input').value.trim().toLowerCase();
  const own = [...pages(), { title: 'Switch between light and dark', sub: 'Setting', url: '#theme' }];
  const entries = own.filter(({ title }) => title.toLowerCase().includes(words)).concat(found).map(item);
  one('#palette-list').replaceChildren(...entries);
  choose(0);
};

const search = async (address, words) => {
  asked?.abort();
  asked = new AbortController();
  try {
    const url = `${address}?q=${encodeURIComponent(words)}`;
    const answer = await fetch(url, { signal: asked.signal, headers: { Accept: 'application/json' } });
    if (answer.ok) fill((await answer.json()).map(({ title, sub, url: to }) => ({ title, sub, url: to })));
  } catch {
    // a newer search has replaced this one, or the network is away: the pages are still listed
  }
};

const open = () => {
  const palette = one('#palette');
  if (!palette || palette.open) return;
  palette.showModal();
  one('input', palette).value = '';
  fill();
};

const go = (entry) => {
  one('#palette').close();
  if (entry.dataset.url === '#theme') switchTheme();
  else location.assign(entry.dataset.url);
};

onClick('[data-palette]', open);
onClick('#palette-list li', go);
on('input', (event) => {
  const palette = event.target.closest?.('#palette');
  if (!palette) return;
  fill();
  clearTimeout(pending);
  const words = event.target.value.trim();
  const address = palette.dataset.searchUrl;
  if (address && REFERENCE.test(words)) pending = setTimeout(() => search(address, words), WAIT);
});
on('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && one('#palette')) {
    event.preventDefault();
    return open();
  }
  if (!event.target.closest?.('#palette')) return;
  const list = options();
  const now = list.findIndex((entry) => entry.getAttribute('aria-selected') === 'true');
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && list.length) choose((now + step + list.length) % list.length);
  else if (event.key === 'Enter' && list[now]) go(list[now]);
  else return;
  event.preventDefault();
});
