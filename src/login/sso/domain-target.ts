/** Where people may be sent within the domain of a single sign-on. Pure. What is emitted is re-serialised, never the input. */
import type { Laxness } from '../proxy/path.ts';
import { isForwardableQuery, judgePath } from '../proxy/path.ts';
import { isPlainTarget } from '../redirect.ts';

const SENDING_ROUTES: ReadonlySet<string> = new Set(['login', 'logout', 'callback']);

/** Whether a host name (without port) is the domain or lies below it. */
export function isWithinDomain(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

/** Whether a path leads to a route of some login proxy that sends people on, whatever the path it lives under. */
function leadsOn(segments: readonly string[]): boolean {
  return segments.some((segment, index) => segment === 'oauth2' && SENDING_ROUTES.has(segments[index + 1] ?? ''));
}

/**
 * The absolute URL meant by `input`, if people may be sent there: https (http for localhost only), default port, a host of
 * the domain, and a path every parser reads alike that is no login, logout or callback route. Else undefined.
 */
export function domainTarget(input: string, domain: string, allow: readonly Laxness[] = []): string | undefined {
  if (!isPlainTarget(input)) return undefined;
  // Without a base: what is relative names no host of the domain.
  const url = URL.parse(input);
  if (url === null || url.username !== '' || url.password !== '' || url.port !== '') return undefined;
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal(url.hostname))) return undefined;
  if (!isWithinDomain(url.hostname, domain)) return undefined;
  const path = judgePath(url.pathname, allow);
  if (path === undefined || leadsOn(path.segments) || !isForwardableQuery(url.search)) return undefined;
  return url.href;
}
