// What the reader likes: light or dark (a cookie, so the server paints it at once), amounts shown or hidden.
import { all, onClick, onContent, recall, remember, root } from './page.js';

export const switchTheme = () => {
  const theme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
  root.dataset.bsTheme = theme;
  const [bound, secure] = location.protocol === 'https:' ? ['__Host-', ';secure'] : ['', ''];
  document.cookie = `${bound}theme=${theme};path=/;max-age=31536000;samesite=lax${secure}`;
  document.dispatchEvent(new CustomEvent('theme'));
};
onClick('[data-theme-toggle]', switchTheme);

const veiled = () => recall('veil') === '1';
const show = () => all('[data-reveal]').forEach((button) => button.setAttribute('aria-pressed', 'veil' in root.dataset));
onClick('[data-reveal]', () => {
  const hide = !('veil' in root.dataset);
  if (hide) root.dataset.veil = '';
  else delete root.dataset.veil;
  remember('veil', hide ? '1' : '0');
  show();
});
onContent(() => {
  if (veiled()) root.dataset.veil = '';
  show();
});
