// Forms: one submit at a time, thousands grouped while typing, passwords shown on request, copying, printing.
import { all, on, onClick, onContent } from './page.js';
import { toast } from './toasts.js';

// htmx prevents the default and shows its own progress; a plain form is marked busy after its values have been read.
on('submit', (event) => {
  if (event.defaultPrevented) return;
  const button = event.submitter ?? event.target.querySelector('[type=submit]');
  if (!button) return;
  if (button.getAttribute('aria-busy')) return event.preventDefault();
  setTimeout(() => {
    button.setAttribute('aria-busy', 'true');
    button.disabled = true;
  });
  if (event.target.matches('[data-download]')) fetched(event.target, button);
});
const rest = (button) => {
  button.removeAttribute('aria-busy');
  button.disabled = false;
};
addEventListener('pageshow', () => all('[type=submit][aria-busy]').forEach(rest));

// A file is brought without leaving the page, and the browser does not say when: after a moment the form is itself again.
const BRINGS = 1500;
const fetched = (form, button) =>
  setTimeout(() => {
    if (!form.isConnected) return;
    rest(button);
    form.reset();
    form.closest('dialog')?.close();
    toast({ text: 'The file is on its way to your downloads.' });
  }, BRINGS);

const grouped = (text, decimals = 2) => {
  const [whole, ...rest] = text.replace(/[^\d.]/g, '').split('.');
  const fraction = rest.length ? `.${rest.join('').slice(0, decimals)}` : '';
  return whole.replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, ',') + fraction;
};
const format = (input) => {
  // the caret keeps the same number of digits before it, whatever commas come and go
  const before = input.value.slice(0, input.selectionStart).replace(/[^\d.]/g, '').length;
  input.value = grouped(input.value, input.dataset.decimals);
  let at = 0;
  for (let seen = 0; at < input.value.length && seen < before; at += 1) if (input.value[at] !== ',') seen += 1;
  if (document.activeElement === input) input.setSelectionRange(at, at);
};
on('input', (event) => event.target.matches?.('[data-money]') && format(event.target));
onContent(() => all('[data-money]').forEach((input) => document.activeElement === input || format(input)));

onClick('[data-peek]', (button) => {
  const input = document.getElementById(button.dataset.peek);
  const shown = input.type === 'password';
  input.type = shown ? 'text' : 'password';
  button.setAttribute('aria-pressed', shown);
});

// An amount that many choose; without a script it is an address.
onClick('[data-fill]', (link, event) => {
  event.preventDefault();
  const input = document.getElementById(link.dataset.fill);
  input.value = link.dataset.value;
  input.dispatchEvent(new Event('input', { bubbles: true }));
});

onClick('[data-copy]', async (button, event) => {
  event.preventDefault();
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast({ text: 'Copied' });
  } catch {
    toast({ text: 'The browser did not allow copying.', kind: 'bad' });
  }
});

onClick('[data-print]', () => print());
