/** The guard against writes that a page of another site sends through a session. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { isAllowedOrigin } from '../guards.ts';
import type { CsrfGuard } from './rules.ts';

/** The parts of a request that the guard reads. */
export interface GuardedWrite {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** A WebSocket handshake: a GET that lets a page write. */
  readonly upgrade: boolean;
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function isOwnSite(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return true;
  if (site !== undefined && site !== 'same-site') return false;
  return headers.origin !== undefined && isAllowedOrigin(headers.origin, origins);
}

/**
 * Whether to refuse a request that would carry a session: a write, or a WebSocket, that neither our own site nor one of
 * `origins` sent. `header` asks writes for `X-Fullmakt-CSRF` as well; browsers cannot set it on a WebSocket.
 */
export function isCrossSiteWrite(guard: CsrfGuard, request: GuardedWrite, origins: readonly string[]): boolean {
  if (guard === 'off' || (READING.has(request.method) && !request.upgrade)) return false;
  if (!isOwnSite(request.headers, origins)) return true;
  return guard === 'header' && !request.upgrade && request.headers['x-fullmakt-csrf'] === undefined;
}
