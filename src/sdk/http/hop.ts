import { isSameOrigin } from './origins.ts';

/** What can be sent, as `fetch` takes it. */
type Body = Exclude<RequestInit['body'], undefined>;

/** One request of a chain of redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Body;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const BODY_HEADERS = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];

/** Whether a body is still there after it was sent: text, bytes and forms are, streams are not. */
export function canRepeat(body: Body): boolean {
  return (
    body === null ||
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  );
}

/**
 * What a redirect asks for next, with the method and body it leaves (Fetch standard 4.4); undefined for an answer that is
 * none, and for one that leads to another origin.
 */
export function redirected(hop: Hop, { status, headers }: Pick<Response, 'status' | 'headers'>): Hop | undefined {
  const location = headers.get('location');
  if (location === null || !REDIRECTS.has(status)) return undefined;
  const url = new URL(location, hop.url);
  if (!isSameOrigin(url, hop.url)) return undefined;
  const posted = (status === 301 || status === 302) && hop.method === 'POST';
  const seeOther = status === 303 && hop.method !== 'GET' && hop.method !== 'HEAD';
  if (!posted && !seeOther) return { ...hop, url };
  const kept = new Headers(hop.headers);
  for (const name of BODY_HEADERS) kept.delete(name);
  return { url, method: 'GET', headers: kept, body: null };
}
