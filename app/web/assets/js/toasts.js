// Short news, bottom centre. While a dialog is open the rest of the page is inert, so the toasts move into the dialog.
import { all, on, one, onContent } from './page.js';

const STAY = 6000;
const leave = (note) => setTimeout(() => note.remove(), STAY);

const home = () => {
  const toasts = one('#toasts');
  const host = all('dialog[open]').at(-1) ?? document.body;
  if (toasts && toasts.parentElement !== host) host.append(toasts);
  return toasts;
};

export const toast = ({ text, kind = 'ok' }) => {
  const note = document.createElement('div');
  note.className = `toast-note toast-${kind}`;
  note.textContent = text;
  // a live region is read only when it changes after it has been placed
  const toasts = home();
  requestAnimationFrame(() => toasts?.append(note));
  leave(note);
};

on('toast', (event) => toast(event.detail));
on('close', () => home(), true);
// (a part that asks every few seconds does not say each time that nobody answers: its age grows)
const alive = (event) => event.detail.ctx?.sourceElement?.matches?.('[data-live]');
on('htmx:error', (event) => {
  if (event.detail.ctx?.response || alive(event)) return;
  toast({ text: 'No answer from the server. Check your connection and try again.', kind: 'bad' });
});
on('htmx:response:error', (event) => {
  if (event.detail.ctx?.response?.status < 500 || alive(event)) return;
  toast({ text: 'Something went wrong on our side. Reload to see how it stands.', kind: 'bad' });
});
onContent(() => {
  for (const note of all('[data-toast]')) {
    note.removeAttribute('data-toast');
    leave(note);
  }
});
