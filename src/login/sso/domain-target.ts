/** Where people may be sent within the domain of a single sign-on. Pure. What is emitted is re-serialised, never the input. */
import { isLocalName } from '../ingress.ts';
import type { Laxness } from '../proxy/path.ts';
import { isForwardableQuery, judgePath } from '../proxy/path.ts';
import { isPlainTarget } from '../redirects/redirect.ts';

const SENDING_ROUTES: ReadonlySet<string> = new Set(['login', 'logout', 'callback']);

/** Whether a host name (without port) is the domain or lies below it. */
export function isWithinDomain(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}

/** https at its default port; on this machine alone http as well, where programs have nothing but ports of their own. */
function isPlainOrigin({ protocol, port, hostname }: URL): boolean {
  if (protocol === 'https:') return port === '';
  return protocol === 'http:' && isLocalName(hostname);
}

/** Whether a path leads to a route of some login proxy that sends people on, whatever the path it lives under. */
function leadsOn(segments: readonly string[]): boolean {
  return segments.some((segment, index) => segment === 'oauth2' && SENDING_ROUTES.has(segments[index + 1] ?? ''));
}

/**
 * The absolute URL meant by `input`, if people may be sent there: https at its default port (localhost: http at any), a host of
 * the domain, and a path every parser reads alike that is no login, logout or callback route. Else undefined.
 */
export function domainTarget(input: string, domain: string, allow: readonly Laxness[] = []): string | undefined {
  if (!isPlainTarget(input)) return undefined;
  // Without a base: what is relative names no host of the domain.
  const url = URL.parse(input);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  if (!isPlainOrigin(url) || !isWithinDomain(url.hostname, domain)) return undefined;
  const path = judgePath(url.pathname, allow);
  if (path === undefined || leadsOn(path.segments) || !isForwardableQuery(url.search)) return undefined;
  return url.href;
}
