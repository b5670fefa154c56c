// The panel of an application: its files, the claim that runs out, the words that a customer will read.
import { all, on, one, onClick, onContent } from './page.js';

// ---- files: one sheet, or two beside each other. What each shows is kept with its element.
const shown = new WeakMap();
const files = () => all('[data-viewer] [data-file]');
const sheets = () => all('[data-sheet]').filter((sheet) => !sheet.hidden);
const active = () => one('.sheet.is-active:not([hidden])') ?? one('[data-sheet]');
const pages = (file) => JSON.parse(file.dataset.pages);

// The page's box is as large as the turned picture looks, so that the frame can be scrolled to every corner of it.
const lay = (sheet) => {
  const state = shown.get(sheet);
  const image = one('img', sheet);
  const frame = one('.sheet-frame', sheet);
  if (!state || !image.naturalWidth) return;
  const across = state.turn % 2 === 1;
  const [wide, high] = across ? [image.naturalHeight, image.naturalWidth] : [image.naturalWidth, image.naturalHeight];
  const scale = Math.min(frame.clientWidth / wide, frame.clientHeight / high) * state.zoom;
  const box = one('.sheet-page', sheet);
  box.style.width = `${Math.floor(wide * scale)}px`;
  box.style.height = `${Math.floor(high * scale)}px`;
  image.style.width = `${Math.floor(image.naturalWidth * scale)}px`;
  image.style.height = `${Math.floor(image.naturalHeight * scale)}px`;
  image.style.rotate = `${state.turn * 90}deg`;
};

const put = (sheet, file, page = 0) => {
  const state = { file, page, zoom: 1, turn: 0 };
  const addresses = pages(file);
  const image = one('img', sheet);
  shown.set(sheet, state);
  one('.sheet-none', sheet).hidden = addresses.length > 0;
  image.hidden = !addresses.length;
  if (addresses.length) {
    image.src = addresses[page];
    image.alt = `${file.dataset.title}, page ${page + 1}`;
  }
  one('.sheet-name', sheet).textContent = file.dataset.title;
  mark();
};

const mark = () => {
  const sheet = active();
  const state = shown.get(sheet);
  for (const each of all('[data-sheet]')) each.classList.toggle('is-active', each === sheet);
  const seen = sheets().map((each) => shown.get(each)?.file);
  for (const file of files()) {
    file.toggleAttribute('aria-current', seen.includes(file));
    file.classList.toggle('is-active', file === state?.file);
  }
  if (state) one('[data-place]').textContent = `${Math.min(state.page + 1, pages(state.file).length)} of ${pages(state.file).length}`;
};

const within = (value, low, high) => Math.max(low, Math.min(high, value));
const step = (by) => {
  const list = files();
  const now = list.indexOf(shown.get(active())?.file);
  put(active(), list[within(now + by, 0, list.length - 1)]);
};
const leaf = (by) => {
  const { file, page } = shown.get(active());
  const next = within(page + by, 0, pages(file).length - 1);
  if (next !== page) put(active(), file, next);
};
const change = (what) => {
  const state = shown.get(active());
  if (what === 'turn') state.turn = (state.turn + 1) % 4;
  else state.zoom = { in: within(state.zoom * 1.4, 0.5, 8), out: within(state.zoom / 1.4, 0.5, 8), fit: 1 }[what];
  lay(active());
};
const two = (button) => {
  const second = one('[data-sheet="2"]');
  second.hidden = !second.hidden;
  button.setAttribute('aria-pressed', !second.hidden);
  if (!second.hidden) {
    const list = files();
    const now = list.indexOf(shown.get(one('[data-sheet="1"]'))?.file);
    for (const sheet of all('[data-sheet]')) sheet.classList.toggle('is-active', sheet === second);
    put(second, list[now + 1] ?? list[0]);
  }
  mark();
  for (const sheet of sheets()) lay(sheet);
};
const full = () => (document.fullscreenElement ? document.exitFullscreen() : one('[data-viewer]').requestFullscreen());

onClick('[data-view]', (button) => {
  const what = button.dataset.view;
  if (what === 'two') two(button);
  else if (what === 'full') full();
  else if (what === 'before' || what === 'after') step(what === 'after' ? 1 : -1);
  else if (what.startsWith('page')) leaf(what === 'page-after' ? 1 : -1);
  else change(what);
});
onClick('[data-file]', (file, event) => {
  event.preventDefault();
  put(active(), file);
});
onClick('[data-sheet]', (sheet) => {
  for (const each of all('[data-sheet]')) each.classList.toggle('is-active', each === sheet);
  mark();
});
on('load', (event) => event.target.matches?.('.sheet img') && lay(event.target.closest('.sheet')), true);
addEventListener('resize', () => sheets().forEach(lay));
on('fullscreenchange', () => sheets().forEach(lay));
on('change', (event) => event.target.name === 'part' && sheets().forEach(lay));
onContent(() => {
  const first = one('[data-sheet="1"]');
  if (first && !shown.has(first) && files().length) put(first, files()[0]);
});

// ---- the claim: it lasts while somebody is at work here, and says so when it is over
const BEAT = 60_000;
let life = 0;
let beat = Date.now();
for (const name of ['pointerdown', 'keydown', 'input', 'wheel']) on(name, () => (life = Date.now()), true);
const tick = () => {
  const lease = one('#lease[data-until]');
  if (!lease) return;
  const left = Math.floor((new Date(lease.dataset.until) - Date.now()) / 1000);
  const told = one('[data-left]', lease);
  if (told) told.textContent = left > 0 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} min` : 'no longer';
  if (left <= 0) {
    delete lease.dataset.until;
    one('[hx-get]', lease)?.dispatchEvent(new CustomEvent('lease-over'));
  } else if (Date.now() - beat >= BEAT && life > beat) {
    beat = Date.now();
    lease.dispatchEvent(new CustomEvent('still-here'));
  }
};
setInterval(tick, 1000);

// ---- what the customer will read, before it is sent
const reads = (form) => {
  const lines = all('[data-again-step]:checked', form).flatMap((box) => {
    const reason = one(`[name="code-${box.value}"]`, form);
    const own = one(`[name="words-${box.value}"]`, form).value.trim();
    const [name, words] = [document.createElement('dt'), document.createElement('dd')];
    name.textContent = box.dataset.title;
    words.textContent = own || reason.selectedOptions[0].dataset.words;
    return [name, words];
  });
  const told = document.createElement(lines.length ? 'dl' : 'p');
  if (lines.length) told.append(...lines);
  else told.textContent = 'Choose what has to be sent again.';
  one('[data-reads]', form).replaceChildren(told);
};
for (const name of ['input', 'change']) {
  on(name, (event) => {
    const form = event.target.closest?.('[data-again]');
    if (form) reads(form);
  });
}

// ---- rows chosen in the queue
on('change', (event) => {
  const { all: name } = event.target.dataset ?? {};
  if (name) for (const box of all(`[name="${name}"]`)) box.checked = event.target.checked;
  const many = all('[name="chosen"]:checked').length;
  for (const place of all('[data-chosen]')) place.textContent = many ? `${many} chosen` : 'Choose all';
});
