// The few words the other parts share.
export const root = document.documentElement;
export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
export const on = (name, act, capture = false) => document.addEventListener(name, act, capture);

// Runs `act` for clicks inside anything that matches.
export const onClick = (selector, act) =>
  on('click', (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(found, event);
  });

// Now, and again whenever htmx has brought something new.
export const onContent = (act) => {
  act();
  on('htmx:after:swap', act);
  on('htmx:after:history:restore', act);
  addEventListener('pageshow', act);
};

// A browser may refuse storage; a preference is then only for this page.
export const remember = (name, value) => {
  try {
    localStorage.setItem(name, value);
  } catch {}
};
export const recall = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};
