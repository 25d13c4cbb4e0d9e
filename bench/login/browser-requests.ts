import type { LoadRequest } from '../shared/closed-loop.ts';
import type { Browsers } from './crowd-task.ts';

/** What a browser of today sends with every request. */
const HEADERS: readonly string[] = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: application/json, text/plain, */*',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: nb-NO,nb;q=0.9,no;q=0.8,en;q=0.7',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Dest: empty',
];
const HANDSHAKE: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

/** A request of the browser whose turn it is. */
export function browserRequest(
  { host, path, cookies }: Browsers,
  turn: number,
  other: { readonly path?: string; readonly isHandshake?: boolean } = {},
): Buffer {
  const cookie = cookies.length === 0 ? [] : [`Cookie: ${cookies[turn % cookies.length]}`];
  const more = other.isHandshake === true ? [`Origin: https://${host}`, ...HANDSHAKE] : ['Connection: keep-alive'];
  const lines = [`GET ${other.path ?? path} HTTP/1.1`, `Host: ${host}`, ...more, ...HEADERS, ...cookie, '', ''];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** Requests of so many browsers, from this one on; each has to be answered with 200. */
export function browserRequests(browsers: Browsers, first: number, count: number): readonly LoadRequest[] {
  return Array.from({ length: count }, (_each, index) => ({
    bytes: browserRequest(browsers, first + index),
    status: 200,
    kind: browsers.path,
  }));
}
