import type { IncomingMessage } from 'node:http';
import { COOKIE_BYTES, TARGET_BYTES } from './limits.ts';

/**
 * The status with which a request is refused before any handler sees it, or nothing. It judges what every program needs
 * judged alike: sizes, the form of the target, exactly one `Host`, and body framing (RFC 9112 3.2, 6.1).
 */
export function refusalOf(incoming: IncomingMessage, headerBytes: number): 400 | 405 | 414 | 431 | 505 | undefined {
  const target = incoming.url ?? '';
  if (incoming.httpVersionMajor !== 1) return 505;
  if (Buffer.byteLength(target, 'latin1') > TARGET_BYTES) return 414;
  if (incoming.method === 'TRACE' || incoming.method === 'CONNECT') return 405;
  if (!target.startsWith('/')) return 400;
  let block = 0;
  let cookies = 0;
  let hosts = 0;
  const raw = incoming.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    block += name.length + value.length + ': \r\n'.length;
    if (name.length === 6 && name.toLowerCase() === 'cookie') cookies += value.length;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (block > headerBytes || cookies > COOKIE_BYTES) return 431;
  if (hosts !== 1 || !isHost(incoming.headers.host ?? '')) return 400;
  return isPlainFraming(incoming) ? undefined : 400;
}

function isHost(host: string): boolean {
  return /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::\d{0,5})?$/.test(host);
}

// Node reads any list that ends in `chunked`; we would pass the other codings on unnamed. HTTP/1.0 knows no codings, so
// whoever stands before us may have seen another end of the message.
function isPlainFraming({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || (httpVersionMinor === 1 && coding.trim().toLowerCase() === 'chunked');
}
