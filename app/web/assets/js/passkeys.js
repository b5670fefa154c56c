// Passkeys: a form with data-passkey asks our server what to sign, the browser for the signature, and sends that on.
import { all, on, one, onContent } from './page.js';
import { toast } from './toasts.js';

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const words = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

// What the browser wants as bytes travels as text, in both directions.
const read = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  ...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map((each) => ({ ...each, id: bytes(each.id) })) }),
  ...(options.allowCredentials && { allowCredentials: options.allowCredentials.map((each) => ({ ...each, id: bytes(each.id) })) }),
});
const write = ({ id, rawId, type, response }) => {
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'].filter((name) => response[name]);
  return { id, rawId: words(rawId), type, response: Object.fromEntries(parts.map((name) => [name, words(response[name])])) };
};

const post = async (url, form, body = {}) => {
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': one('[name=csrf_token]', form).value };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.redirected) {
    location.assign(answer.url);
    throw null;
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error?.message ?? 'We could not confirm that. Try again.');
  return told;
};
const why = (error) => {
  if (error.name === 'NotAllowedError') return 'The browser asked, and nobody agreed in time. Try again.';
  if (error.name === 'InvalidStateError') return 'This device has a passkey here already.';
  return error.message;
};

on('submit', async (event) => {
  const form = event.target;
  if (!form.dataset?.passkey || event.defaultPrevented) return;
  event.preventDefault();
  const button = one('[type=submit]', form);
  if (button.getAttribute('aria-busy')) return;
  button.setAttribute('aria-busy', 'true');
  try {
    const publicKey = read(await post(form.dataset.options, form));
    const credential = write(await navigator.credentials[form.dataset.passkey]({ publicKey }));
    const { next } = await post(form.action, form, { credential, name: one('[name=name]', form)?.value });
    location.assign(next);
  } catch (error) {
    button.removeAttribute('aria-busy');
    if (error) toast({ text: why(error), kind: 'bad' });
  }
});

// Where the browser knows none, or runs no script, the forms stay hidden.
onContent(() => window.PublicKeyCredential && all('[data-passkey]').forEach((form) => (form.hidden = false)));
