import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { HttpRequest } from '../http.ts';
import { BodyTooLarge } from '../http.ts';

/** A request without a connection, for handlers that are tested by themselves. */
export function fakeRequest(
  given: {
    readonly method?: string;
    readonly target?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
    readonly remoteAddress?: string;
  } = {},
): HttpRequest {
  const target = given.target ?? '/';
  const [path = '', ...rest] = target.split('?');
  const headers = given.headers ?? {};
  return {
    method: given.method ?? 'GET',
    target,
    path,
    query: rest.join('?'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: Object.entries(headers).flat(),
    remoteAddress: given.remoteAddress ?? '127.0.0.1',
    correlationId: 'test',
    gone: () => new AbortController().signal,
    body: async (limitBytes = 64 * 1024) => {
      const bytes = Buffer.from(given.body ?? '');
      if (bytes.length > limitBytes) throw new BodyTooLarge(limitBytes);
      return bytes;
    },
    incoming: new IncomingMessage(new Socket()),
  };
}
