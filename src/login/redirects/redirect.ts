/** Where we may send people after login and logout. Pure. What is emitted is re-serialised, never the input. */
import type { Laxness } from '../proxy/path.ts';
import { isForwardableQuery, isUnder, judgePath } from '../proxy/path.ts';

/** The part of an ingress that redirects need. */
export interface RedirectBase {
  /** `https://nav.example` */
  readonly origin: string;
  /** Path of the ingress without a trailing slash, often empty. */
  readonly path: string;
}

/** Longest target that is kept. */
export const MAX_TARGET_BYTES = 2048;
// oxlint-disable-next-line no-control-regex -- control bytes are exactly what is refused
const REFUSED = /[\u0000-\u001f\u007f\\]/;
const ALLOWED_START = /^(?:\/(?!\/)|https?:\/\/)/i;

/** Where to go when there is no usable target: the ingress path, or `/`. */
export function fallbackTarget(base: RedirectBase): string {
  return base.path === '' ? '/' : base.path;
}

/** Whether a target can be one at all: of sane length, without control bytes and backslashes, a path or an http(s) URL. */
export function isPlainTarget(input: string): boolean {
  if (input === '' || Buffer.byteLength(input) > MAX_TARGET_BYTES) return false;
  return !REFUSED.test(input) && ALLOWED_START.test(input);
}

function localTarget(input: string, base: RedirectBase, allow: readonly Laxness[]): string | undefined {
  if (!isPlainTarget(input)) return undefined;
  const url = URL.parse(input, base.origin);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  const target = url.pathname + url.search + url.hash;
  if (target.startsWith('//') || URL.parse(target, base.origin)?.origin !== base.origin) return undefined;
  const path = judgePath(url.pathname, allow);
  if (path === undefined || !isForwardableQuery(url.search)) return undefined;
  const ownRoutes = [...base.path.split('/').filter((segment) => segment !== ''), 'oauth2'];
  return isUnder(path, ownRoutes) ? undefined : target;
}

/**
 * The local target meant by `input`: path, query and fragment on the ingress' own origin. A foreign absolute URL becomes
 * a local path; anything dubious becomes the fallback.
 */
export function safeTarget(input: string | undefined, base: RedirectBase, allow: readonly Laxness[] = []): string {
  return (input === undefined ? undefined : localTarget(input, base, allow)) ?? fallbackTarget(base);
}

/** The same, or undefined instead of the fallback. */
export function checkedTarget(
  input: string | undefined,
  base: RedirectBase,
  allow: readonly Laxness[] = [],
): string | undefined {
  return input === undefined ? undefined : localTarget(input, base, allow);
}
