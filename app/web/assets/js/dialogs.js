// Native dialogs: opening, closing, asking first, and the drawer that htmx fills. Menus close when the reader looks elsewhere.
import { all, on, one, onClick } from './page.js';

onClick('[data-open]', (button) => {
  const dialog = document.getElementById(button.dataset.open);
  if (!dialog) return;
  one('#side:popover-open')?.hidePopover();
  dialog.showModal();
  one('[autofocus], input:not([type=hidden]), textarea, select', dialog)?.focus();
});
onClick('[data-close]', (button) => button.closest('dialog')?.close());

const closeAll = () => all('dialog[open]').forEach((dialog) => dialog.close());
on('close-dialog', closeAll);

// A press that begins and ends on the backdrop closes; a text selection dragged out of a field does not.
let pressed = null;
on('pointerdown', (event) => (pressed = event.target));
on('click', (event) => {
  const dialog = event.target;
  if (dialog.nodeName !== 'DIALOG' || pressed !== dialog) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

// Ask first. The question goes out in the capture phase, before htmx or the form hears the click.
const agreed = new WeakSet();
const ask = (element, again) => {
  const dialog = one('#confirm');
  const { confirm, confirmTitle, confirmAction, confirmKind } = element.dataset;
  one('#confirm-title').textContent = confirmTitle || 'Are you sure?';
  one('#confirm-text').textContent = confirm;
  const yes = one('#confirm-yes');
  yes.textContent = confirmAction || 'Continue';
  yes.className = `btn btn-${confirmKind || 'primary'}`;
  yes.onclick = () => {
    dialog.close();
    agreed.add(element);
    again();
  };
  dialog.showModal();
};
const gate = (element, event, again) => {
  if (!element || agreed.delete(element)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(element, again);
};
on('click', (event) => {
  const element = event.target.closest?.('[data-confirm]:not(form)');
  gate(element, event, () => element.click());
}, true);
on('submit', (event) => {
  const form = event.target.closest('form[data-confirm]');
  gate(form, event, () => form.requestSubmit(event.submitter));
}, true);

// The drawer opens when content arrives in it, and gives the reader its title.
on('htmx:after:swap', () => {
  const drawer = one('dialog.drawer');
  if (drawer && !drawer.open && drawer.dataset.wanted && one('#drawer')?.childElementCount) drawer.showModal();
  if (drawer?.open && drawer.dataset.wanted) one('#drawer-title', drawer)?.focus();
  if (drawer) delete drawer.dataset.wanted;
  one('[aria-invalid=true]')?.focus();
});
on('htmx:before:request', (event) => {
  const { target, sourceElement } = event.detail.ctx ?? {};
  const drawer = target?.id === 'drawer' && target.closest('dialog.drawer');
  if (drawer && !drawer.contains(sourceElement)) drawer.dataset.wanted = '1';
});

// What a menu covers is out of reach while it is open, but the page keeps its heading. (The event does not bubble.)
document.addEventListener('toggle', ({ target }) => {
  if (!target.matches?.('details[data-menu]')) return;
  for (const part of one('main').children) part.inert = target.open && !part.matches(':is(h1, :has(h1))');
}, true);
on('click', (event) => {
  for (const menu of all('details[data-menu][open]')) if (!menu.contains(event.target)) menu.open = false;
});
on('keydown', (event) => {
  const menu = event.key === 'Escape' && one('details[data-menu][open]');
  if (menu) {
    menu.open = false;
    one('summary', menu).focus();
  }
});
