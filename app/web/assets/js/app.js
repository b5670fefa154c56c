// Everything the pages do by themselves. Each part listens on the document and looks elements up when it acts, because htmx
// replaces parts of the page, and on Back the whole body: a remembered element would be a detached one.
import './toasts.js';
import './dialogs.js';
import './reveals.js';
import './passkeys.js';
import './forms.js';
import './preferences.js';
import './keys.js';
import './palette.js';
import './times.js';
import './charts.js';
import './uploads.js';
import './drops.js';
import './folds.js';
import './tabs.js';
import './review.js';
import './live.js';
import './trade.js';
