// The trade form: an amount on either side, all of it, the other way round. Without this it is a form with two fields.
import { all, on, one, onClick, onContent } from './page.js';

const fresh = (input) => input.dispatchEvent(new Event('input', { bubbles: true }));

// Who types on one side has said enough: what the other side is follows from it.
on('input', (event) => {
  if (!event.target.matches?.('[data-either]')) return;
  for (const other of all('[data-either]')) if (other !== event.target) other.value = '';
  const whole = one('[data-whole]');
  if (whole) whole.value = '';
}, true);

onClick('[data-max]', (button, event) => {
  event.preventDefault();
  for (const other of all('[data-either]')) other.value = '';
  const input = document.getElementById(button.dataset.max);
  input.value = button.dataset.value;
  fresh(input); // (which takes the mark away, as typing does)
  one('[data-whole]').value = button.dataset.value;
});

// What the preview says of the other side stands in its field until somebody types there.
onContent(() => {
  const told = one('[data-other]');
  if (!told) return;
  for (const input of all('[data-either]')) input.placeholder = input.id === told.dataset.other ? told.dataset.amount : '0';
});
