import { isIPv4 } from 'node:net';
import { headerValues } from '../../web/headers.ts';
import type { HttpRequest } from '../../web/http.ts';

/** Who may speak to the API at all. */
export interface FrontDoor {
  /** Names beside those of loopback; `any` where no name leads here. */
  readonly allowedHosts: readonly string[] | 'any';
  /** The listener is on loopback, so its peers have to be too. */
  readonly loopback: boolean;
  readonly requiredHeader?: string | undefined;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether an address to listen on is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  // Nearly always the first: to read an address as Node does takes longer.
  return host === '127.0.0.1' || host === 'localhost' || host === '::1' || (host.startsWith('127.') && isIPv4(host));
}

function hostName(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':');
  const name = end > 0 ? host.slice(0, end) : host;
  const rest = host.slice(name.length);
  return rest === '' || /^:\d{1,5}$/.test(rest) ? name.toLowerCase() : '';
}

/**
 * The rule a request breaks, or undefined (sidecar-sdk.md 3.6). A browser names itself by `Origin` or
 * `Sec-Fetch-Site`, and a rebound name shows in `Host`; `Sec-Fetch-Mode` alone is Node's own fetch.
 */
export function brokenRule(request: HttpRequest, door: FrontDoor): string | undefined {
  const hosts = headerValues(request.rawHeaders, 'host');
  const name = hostName(hosts[0] ?? '');
  const { allowedHosts } = door;
  const known =
    allowedHosts === 'any' || LOOPBACK_HOSTS.has(name) || allowedHosts.some((host) => host.toLowerCase() === name);
  if (hosts.length !== 1 || !known) return 'Host';
  if (request.headers['origin'] !== undefined) return 'Origin';
  if (request.headers['sec-fetch-site'] !== undefined) return 'Sec-Fetch-Site';
  if (door.loopback && !isLoopback(request.remoteAddress)) return 'peer address';
  const required = door.requiredHeader;
  if (required !== undefined && request.headers[required.toLowerCase()] === undefined) return required;
  return undefined;
}
