/** Answers that no handler made. */
import type { Duplex } from 'node:stream';
import type { HttpRequest, HttpResponse } from './http.ts';
import { BodyTooLarge, empty, json } from './http.ts';
import { http } from './node-http.ts';
import { BodyAborted } from './read-whole.ts';

/** What a listener has to say on them. */
interface OwnAnswers {
  readonly onError?: (error: unknown, request: HttpRequest) => HttpResponse | undefined;
  readonly ownHeaders?: Readonly<Record<string, string>>;
}

/** An answer of ours, with the headers that all of them have. */
export function own(spec: OwnAnswers, response: HttpResponse): HttpResponse {
  return spec.ownHeaders === undefined
    ? response
    : { ...response, headers: { ...response.headers, ...spec.ownHeaders } };
}

/** What a client sees of a failed handler: what the program says of it, else 413, 400 or a plain 500. */
export function failure(spec: OwnAnswers, error: unknown, request: HttpRequest): HttpResponse {
  try {
    const told = spec.onError?.(error, request);
    if (told !== undefined) return told;
  } catch {
    // The answer stays the plain one: whatever failed in telling must not decide what the client sees.
  }
  if (error instanceof BodyTooLarge) return own(spec, empty(413));
  if (error instanceof BodyAborted) return own(spec, empty(400));
  return own(spec, json(500, { error: 'server_error' }, { 'Cache-Control': 'no-store' }));
}

/** Answers a request that could not be read, or cuts its connection where no answer would be understood. */
export function refuseUnreadable(
  spec: OwnAnswers,
  error: Error,
  { socket, answering }: { readonly socket: Duplex; readonly answering: boolean },
): void {
  const code = 'code' in error ? String(error.code) : '';
  const timedOut = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  // Whoever has not finished TLS, or is gone, cannot be answered; inside an answer that is under way ours would be part of it.
  if (!socket.writable || answering || !(timedOut || code.startsWith('HPE_'))) {
    socket.destroy();
    return;
  }
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : timedOut ? 408 : 400;
  const headers = { ...spec.ownHeaders, 'Content-Length': '0', Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n`);
  socket.once('finish', () => socket.destroy());
}
