// On a narrow screen a row of tabs runs out of sight: the one that is shown stands where it can be seen.
import { all, onContent } from './page.js';

const show = () => {
  for (const tab of all('.tab[aria-current]')) {
    const row = tab.parentElement;
    const sticksOut = tab.offsetLeft + tab.offsetWidth - row.offsetLeft > row.clientWidth;
    if (sticksOut) row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }
};
onContent(show);
addEventListener('resize', show);
