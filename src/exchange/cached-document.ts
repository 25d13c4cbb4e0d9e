import { createHash } from 'node:crypto';
import { empty } from '../web/http.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';

/** A public JSON document with a strong ETag (RFC 9110 8.8.3, 13.1.2): 304 to a client that has it already. */
export function cachedDocument(request: HttpRequest, document: unknown, maxAgeSeconds: number): HttpResponse {
  const body = JSON.stringify(document);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const headers = { ETag: etag, 'Cache-Control': `public, max-age=${Math.floor(maxAgeSeconds)}` };
  if (knows(request.headers['if-none-match'], etag)) return empty(304, headers);
  return { status: 200, headers: { ...headers, 'Content-Type': 'application/json' }, body };
}

/** The weak comparison If-None-Match asks for. */
function knows(condition: string | undefined, etag: string): boolean {
  if (condition === undefined) return false;
  const tags = new Set(condition.split(',').map((tag) => tag.trim().replace(/^W\//, '')));
  return tags.has('*') || tags.has(etag);
}
