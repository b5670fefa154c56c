// Sections of a long page: open where there is room, folded on a narrow screen. What the address names stays open.
import { all } from './page.js';

const NARROW = matchMedia('(max-width: 575.98px)');

if (NARROW.matches) {
  for (const fold of all('details[data-fold]')) {
    fold.open = Boolean(location.hash) && Boolean(fold.querySelector(location.hash));
  }
}
