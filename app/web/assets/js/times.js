// "4 min ago" that stays true while the page is open, and the console's clock.
import { all, on, onContent } from './page.js';

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Africa/Lagos', hour: '2-digit', minute: '2-digit' });

const ago = (at) => {
  const seconds = (at - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return 'just now';
  if (size < 3600) return words.format(Math.round(seconds / 60), 'minute').replace('min.', 'min');
  if (size < 86400) return words.format(Math.round(seconds / 3600), 'hour').replace('hr.', 'h');
  return words.format(Math.round(seconds / 86400), 'day');
};
const tick = () => {
  if (document.hidden) return;
  for (const time of all('time[data-ago]')) time.textContent = ago(new Date(time.dateTime));
  for (const place of all('[data-clock]')) place.textContent = `${clock.format()} WAT`;
};
onContent(tick);
on('visibilitychange', tick);
setInterval(tick, 20000);
