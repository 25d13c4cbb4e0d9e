/** Which requests count as a person following a link, and which come from a site we trust. Pure. */
import type { IncomingHttpHeaders } from 'node:http';

/** What a listed domain with all its hosts begins with. */
const BELOW = 'https://*.';

/** The parts of a request that these guards read. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** Whether `Accept` names the media type itself. */
export function accepts(headers: IncomingHttpHeaders, type: string): boolean {
  const listed = (headers.accept ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  return listed.includes(type);
}

/** A navigation of a top-level page: fetch metadata says so, or, when both headers are absent, a GET for HTML. */
export function isNavigation({ method, headers }: GuardedRequest): boolean {
  const mode = one(headers, 'sec-fetch-mode');
  const dest = one(headers, 'sec-fetch-dest');
  if (method !== 'GET') return false;
  if (mode === undefined && dest === undefined) return accepts(headers, 'text/html');
  return mode === 'navigate' && dest === 'document';
}

/** Whether fetch metadata shows a form or link that is no GET, such as a form POST. */
export function isDocumentPost({ method, headers }: GuardedRequest): boolean {
  return (
    method === 'POST' && one(headers, 'sec-fetch-mode') === 'navigate' && one(headers, 'sec-fetch-dest') === 'document'
  );
}

/** Whether both fetch metadata headers are there and say that this is no navigation: such requests start no login. */
export function isRefusedAsNavigation(request: GuardedRequest): boolean {
  const mode = one(request.headers, 'sec-fetch-mode');
  const dest = one(request.headers, 'sec-fetch-dest');
  if (mode === undefined || dest === undefined) return false;
  return mode !== 'navigate' || dest !== 'document';
}

/** A browser loading ahead of its user, who did not ask for anything yet. */
export function isPrefetch(headers: IncomingHttpHeaders): boolean {
  return [one(headers, 'sec-purpose'), one(headers, 'purpose')].some((value) => value?.includes('prefetch') === true);
}

function originOf(headers: IncomingHttpHeaders): string | undefined {
  const origin = one(headers, 'origin');
  if (origin !== undefined) return origin;
  const referer = one(headers, 'referer');
  return referer === undefined ? undefined : (URL.parse(referer)?.origin ?? 'null');
}

/** Whether an origin is listed, itself or as a host below `https://*.<domain>`; never with a port of its own there. */
export function isAllowedOrigin(origin: string, origins: readonly string[]): boolean {
  if (origins.includes(origin)) return true;
  if (!/^https:\/\/[a-z0-9.-]+$/.test(origin)) return false;
  return origins.some((each) => each.startsWith(BELOW) && origin.endsWith(each.slice(BELOW.length - 1)));
}

/** Whether a state change was asked for by a site we allow (ours, or one of `origins`), or typed by the user. */
export function isAllowedSite({ headers }: GuardedRequest, origins: readonly string[]): boolean {
  const site = one(headers, 'sec-fetch-site');
  const origin = originOf(headers);
  if (site === 'same-origin') return true;
  if (site === 'same-site') return origin !== undefined && isAllowedOrigin(origin, origins);
  if (site === 'none') return one(headers, 'sec-fetch-mode') === 'navigate';
  if (site !== undefined) return false;
  return origin === undefined || isAllowedOrigin(origin, origins);
}

/** CORS headers for an answer to one of the allowed origins; none for anybody else. */
export function corsHeaders(
  { headers }: GuardedRequest,
  cors: { readonly origins: readonly string[]; readonly methods: string },
): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined || !isAllowedOrigin(origin, cors.origins)) return {};
  const asked = one(headers, 'access-control-request-headers');
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': cors.methods,
    vary: 'Origin',
    ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
  };
}
