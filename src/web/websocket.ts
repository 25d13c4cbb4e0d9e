import type { IncomingMessage } from 'node:http';

/** Whether a request asks for a WebSocket; any other protocol in `Upgrade`, h2c above all, is ignored, and all of it in HTTP/1.0. */
export function wantsWebSocket(incoming: IncomingMessage): boolean {
  const { method, httpVersion, headers } = incoming;
  return method === 'GET' && httpVersion === '1.1' && headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** The status that refuses a handshake (RFC 6455 4.2.1), or nothing: version 13, a key of 16 bytes, and no body. */
export function handshakeRefusal(incoming: IncomingMessage): 400 | 426 | undefined {
  const { headers } = incoming;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) return 400;
  if (headers['sec-websocket-version'] !== '13') return 426;
  const key = headers['sec-websocket-key'];
  return typeof key === 'string' && /^[A-Za-z0-9+/]{22}==$/.test(key) ? undefined : 400;
}

/** Follows the frames that a server sends, and knows when a frame of our own may be put between them. */
export interface FrameTracker {
  push(chunk: Uint8Array): void;
  /** Follows a chunk to the first end of a frame in it: how many bytes those are, or nothing when no frame ends here. */
  pushToBoundary(chunk: Uint8Array): number | undefined;
  /** True when no frame is half through. */
  atBoundary(): boolean;
}

/** A tracker for one direction of one connection (RFC 6455 5.2). */
export function createFrameTracker(): FrameTracker {
  let header: number[] = [];
  let payloadLeft = 0;
  const readHeaderByte = (byte: number): void => {
    header.push(byte);
    const length = frameHeaderLength(header);
    if (length === undefined || header.length < length) return;
    payloadLeft = payloadLength(header);
    header = [];
  };
  const atBoundary = (): boolean => header.length === 0 && payloadLeft === 0;
  const pushToBoundary = (chunk: Uint8Array): number | undefined => {
    let at = 0;
    while (at < chunk.length) {
      if (payloadLeft > 0) {
        const taken = Math.min(payloadLeft, chunk.length - at);
        payloadLeft -= taken;
        at += taken;
      } else {
        readHeaderByte(chunk[at] ?? 0);
        at += 1;
      }
      if (atBoundary()) return at;
    }
    return undefined;
  };
  return {
    push(chunk) {
      let rest = chunk;
      for (let end = pushToBoundary(rest); end !== undefined; end = pushToBoundary(rest)) rest = rest.subarray(end);
    },
    pushToBoundary,
    atBoundary,
  };
}

/** The close frame a server sends: 1001 going away, 1008 policy (RFC 6455 7.4.1). */
export function closeFrame(code: 1001 | 1008): Buffer {
  return Buffer.from([0x88, 2, code >> 8, code & 0xff]);
}

function frameHeaderLength(header: readonly number[]): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const extended = (second & 0x7f) === 126 ? 2 : (second & 0x7f) === 127 ? 8 : 0;
  return 2 + extended + (second >= 0x80 ? 4 : 0);
}

function payloadLength(header: readonly number[]): number {
  const short = (header[1] ?? 0) & 0x7f;
  if (short < 126) return short;
  const bytes = header.slice(2, short === 126 ? 4 : 10);
  return bytes.reduce((length, byte) => length * 256 + byte, 0);
}
