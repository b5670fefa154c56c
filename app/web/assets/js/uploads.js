// A chosen file is sent at once, with its progress to be seen; the answer is the part of the page that shows the files.
import { all, on, one } from './page.js';
import { toast } from './toasts.js';

const BYTES_MAX = 10 * 1024 * 1024;

const token = () => JSON.parse(document.body.getAttribute('hx-headers:inherited') ?? '{}');

const shown = (slot, part) => {
  const place = one('[data-progress]', slot);
  if (!place) return;
  place.hidden = false;
  one('progress', place).value = part;
  one('span', place).textContent = part < 100 ? `Sending… ${part} %` : 'Sent. One moment…';
};

const failed = (slot, input, text) => {
  one('[data-progress]', slot).hidden = true;
  input.value = '';
  toast({ text, kind: 'bad' });
};

const arrived = (html, name) => {
  one('#standing').outerHTML = html;
  window.htmx.process(one('#standing'));
  all(`#slot-${name} [data-upload]`).at(-1)?.focus({ preventScroll: true });
};

const send = (input, slot) => {
  const [file] = input.files;
  if (!file) return;
  if (file.size > BYTES_MAX) return failed(slot, input, 'This file is larger than 10 MB. Choose a smaller one.');
  const body = new FormData();
  body.append(input.name, file);
  const request = new XMLHttpRequest();
  request.open('POST', input.dataset.upload);
  for (const [name, value] of Object.entries({ ...token(), 'HX-Request': 'true' })) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded, total }) => shown(slot, Math.floor((loaded * 100) / total));
  request.onerror = () => failed(slot, input, 'It could not be sent. Look at your connection, and try again.');
  request.onload = () => {
    const part = request.responseText.trimStart();
    if (part.startsWith('<div id="standing"')) arrived(part, input.name);
    else failed(slot, input, 'It could not be taken. Load the page again, and try once more.');
  };
  shown(slot, 0);
  request.send(body);
};

on('change', (event) => {
  const input = event.target;
  if (input.matches?.('[data-upload]')) send(input, input.closest('[data-slot]'));
});
