// "4 min ago" that stays true while the page is open, and the console's clock.
import { all, on, onContent } from './page.js';

const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Africa/Lagos', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'Africa/Lagos', day: 'numeric', month: 'short', year: 'numeric' });

// The same words as the `ago` filter, so nothing changes its wording when the page comes alive.
const ago = (at) => {
  const seconds = Math.floor((Date.now() - at) / 1000);
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return 'just now';
  if (days >= 7) return day.format(at);
  const size = minutes < 60 ? `${minutes} min` : hours < 24 ? `${hours} h` : `${days} d`;
  return seconds < 0 ? `in ${size}` : `${size} ago`;
};
const tick = () => {
  if (document.hidden) return;
  for (const time of all('time[data-ago]')) time.textContent = ago(new Date(time.dateTime));
  for (const place of all('[data-clock]')) place.textContent = `${clock.format()} WAT`;
};
onContent(tick);
on('visibilitychange', tick);
setInterval(tick, 20000);
