// A statement that is dropped or chosen is sent at once, with its progress to be seen; then its own page follows it.
import { on, one } from './page.js';
import { toast } from './toasts.js';

const token = () => JSON.parse(document.body.getAttribute('hx-headers:inherited') ?? '{}');

const shown = (form, part) => {
  const place = one('[data-progress]', form);
  place.hidden = false;
  one('progress', place).value = part;
  one('span', place).textContent = part < 100 ? `Sending… ${part} %` : 'Sent. One moment…';
};

const failed = (form, text) => {
  one('[data-progress]', form).hidden = true;
  one('input[type=file]', form).value = '';
  toast({ text, kind: 'bad' });
};

const send = (form) => {
  const input = one('input[type=file]', form);
  const [file] = input.files;
  if (!file) return;
  const most = Number(form.dataset.bytesMax);
  if (file.size > most) return failed(form, `This file is larger than ${most / 1048576} MB. Send it as a zip.`);
  const body = new FormData(form);
  const request = new XMLHttpRequest();
  request.open('POST', form.action);
  for (const [name, value] of Object.entries({ ...token(), 'HX-Request': 'true' })) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded, total }) => shown(form, Math.floor((loaded * 100) / total));
  request.onerror = () => failed(form, 'It could not be sent. Look at your connection, and try again.');
  request.onload = () => {
    const place = request.getResponseHeader('HX-Redirect');
    if (place) location.assign(place);
    else if (request.status === 422) failed(form, request.responseText);
    else failed(form, 'It could not be taken. Load the page again, and try once more.');
  };
  shown(form, 0);
  request.send(body);
};

const over = (event) => event.target.closest?.('[data-drop]');

on('dragover', (event) => {
  const form = over(event);
  if (!form) return;
  event.preventDefault();
  form.classList.add('is-over');
});
on('dragleave', (event) => over(event)?.classList.remove('is-over'));
on('drop', (event) => {
  const form = over(event);
  if (!form) return;
  event.preventDefault();
  form.classList.remove('is-over');
  if (event.dataTransfer.files.length > 1) return failed(form, 'One file at a time, please.');
  one('input[type=file]', form).files = event.dataTransfer.files;
  send(form);
});
on('change', (event) => {
  const form = event.target.matches?.('[data-drop] input[type=file]') && over(event);
  if (form) send(form);
});
on('submit', (event) => {
  if (!event.target.matches?.('[data-drop]')) return;
  event.preventDefault();
  send(event.target);
});
