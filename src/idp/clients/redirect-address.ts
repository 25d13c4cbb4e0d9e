/** What is said of a text that is none. */
export const NO_REDIRECT_ADDRESS = 'not an absolute address without fragment that a browser can be sent to';

/** Schemes that a browser runs or reads itself, in place of going anywhere. */
const OF_THE_BROWSER: ReadonlySet<string> = new Set(['about:', 'blob:', 'data:', 'file:', 'javascript:', 'vbscript:']);

/** Whether a browser can be sent to an address: absolute and without fragment (RFC 6749 3.1.2), to a server or a program of its own. */
export function isRedirectAddress(value: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(value)) return false;
  const url = URL.parse(value);
  return url !== null && !OF_THE_BROWSER.has(url.protocol);
}
