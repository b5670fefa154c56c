// What is masked: asked for in a dialog, shown in its place, hidden again after a while and when the page is left.
import { all, on, one, onClick, onContent } from './page.js';

const hide = (veil) => {
  one('[data-unveiled]', veil)?.remove();
  const masked = one('[data-veiled]', veil);
  if (masked) masked.hidden = false;
  veil.removeAttribute('data-hide-after');
};

onContent(() => {
  const asks = one('dialog #reveal[data-asks]');
  if (asks) {
    asks.removeAttribute('data-asks');
    const box = asks.closest('dialog');
    if (!box.open) box.showModal();
    (one('[aria-invalid=true]', asks) ?? one('select', asks))?.focus();
  }
  for (const veil of all('[data-hide-after]:not([data-timed])')) {
    veil.setAttribute('data-timed', '');
    setTimeout(() => hide(veil), veil.dataset.hideAfter * 1000);
  }
});
on('revealed', () => {
  one('#reveal-box')?.close();
  one('[data-unveiled]')?.focus();
});
onClick('[data-hide]', (button) => hide(button.closest('.veil')));
addEventListener('pagehide', () => all('[data-hide-after]').forEach(hide));
