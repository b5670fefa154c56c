// What stays true while a page is open: parts that ask again every few seconds, ages of prices, the time a price holds.
// Nobody asks for what nobody sees: a hidden tab waits, and asks at once when it is looked at again.
import { all, on, one, onContent } from './page.js';

on('htmx:before:request', (event) => {
  if (document.hidden && event.detail.ctx?.sourceElement?.matches?.('[data-live]')) event.preventDefault();
});
on('visibilitychange', () => {
  if (document.hidden) return;
  for (const part of all('[data-live]')) part.dispatchEvent(new CustomEvent('seen'));
  tick();
});

const words = (seconds) => {
  if (seconds < 60) return `${Math.max(seconds, 0)} s ago`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ago` : minutes < 1440 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} d ago`;
};

// The server says how many seconds are left; whatever this machine takes for the time of day does not matter.
const began = new WeakMap();
const left = (quote) => {
  if (!began.has(quote)) began.set(quote, performance.now());
  return Number(quote.dataset.countdown) - (performance.now() - began.get(quote)) / 1000;
};
const count = (quote) => {
  const seconds = left(quote);
  const shown = Math.max(Math.ceil(seconds), 0);
  one('[data-left]', quote).textContent = shown ? `${shown} s` : 'a new one is coming';
  one('progress', quote).value = Math.max(seconds, 0);
  if (seconds > 0) return;
  for (const button of all('[data-while-it-holds]', quote)) button.disabled = true;
  if (document.hidden || quote.dataset.asked) return;
  quote.dataset.asked = '1'; // (once: what comes back is another element, with a time of its own)
  if (quote.dataset.again === 'no') one('[data-left]', quote).textContent = 'over';
  else quote.dispatchEvent(new CustomEvent('expired'));
};

const tick = () => {
  all('[data-countdown]').forEach(count);
  if (document.hidden) return;
  for (const time of all('time[data-age]')) time.textContent = words(Math.floor((Date.now() - new Date(time.dateTime)) / 1000));
};
onContent(tick);
setInterval(tick, 1000);
