/** The small sign above each page's heading: decoration only, the words say all. */
import type { Html } from '../../web/html.ts';
import { html, raw } from '../../web/html.ts';
import type { PageName } from './page-texts.ts';

type Sign = 'wait' | 'stop' | 'door' | 'lock' | 'done';

/** Outlines in a box of 24 by 24. */
const SHAPES: Readonly<Record<Sign, string>> = {
  wait: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>',
  stop: '<path d="M12 4 3 20h18zM12 10v4M12 17v.01"/>',
  door: '<path d="M10 4H5v16h5M14 8l4 4-4 4M18 12H9"/>',
  lock: '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3M12 15v1"/>',
  done: '<path d="m5 12 5 5 9-10"/>',
};

const TONES: Readonly<Record<Sign, string>> = { wait: 'warn', stop: 'warn', door: 'calm', lock: 'calm', done: 'good' };

const SIGNS: Readonly<Record<PageName, Sign>> = {
  cancelled: 'door',
  'login-failed': 'stop',
  'link-too-old': 'wait',
  'too-many-logins': 'stop',
  'stronger-login': 'lock',
  'provider-down': 'wait',
  'store-down': 'wait',
  'confirm-logout': 'door',
  'logging-out': 'door',
  'signed-out': 'done',
  'sign-in-again': 'lock',
  'exchange-refused': 'lock',
  'cross-site': 'stop',
  'signed-in': 'done',
};

/** The sign of a page, hidden from screen readers. */
export function signOf(page: PageName): Html {
  const sign = SIGNS[page];
  return html`<div class="mark ${TONES[sign]}" aria-hidden="true"><svg viewBox="0 0 24 24">${raw(SHAPES[sign])}</svg></div>`;
}
