import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { dropKept } from './kept-connections.ts';
import { http, https } from './node-http.ts';
import type { OutboundRequest } from './outbound-request.ts';

/** One call, ready to be made. */
export interface OutboundCall extends OutboundRequest {
  readonly url: URL;
  readonly agent: Agent;
  readonly signal: AbortSignal;
  /** Milliseconds to connect, TLS included. */
  readonly connectMs: number;
  /** Milliseconds without a byte of the answer. */
  readonly readMs: number;
  readonly maxBytes: number;
  /** The agent asks another server to connect, which counts as connecting. */
  readonly isTunnelled: boolean;
}

/** An answer, read whole. */
export interface OutboundAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A body came that is longer than the caller allows. */
export class ResponseTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`response body is longer than ${maxBytes} bytes`);
    this.name = 'ResponseTooLarge';
  }
}

/** No connection in time: nothing was sent. */
class ConnectTimeout extends Error {
  readonly code: string = 'ERR_CONNECT_TIMEOUT';
  constructor() {
    super('no connection in time');
  }
}

/** Rejects with the reason of the signal, ResponseTooLarge, `TimeoutError` for a silent server, or TypeError for all else. */
export function makeCall(call: OutboundCall): Promise<OutboundAnswer> {
  const { url, method, headers, agent, body, signal } = call;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, { method, agent, headers });
    const stopWatching = watchTime(request, call, (error) => {
      fail(error);
      request.destroy();
    });
    const settle = (outcome: () => void): void => {
      stopWatching();
      signal.removeEventListener('abort', stop);
      outcome();
    };
    const doubtOthers = (): void => {
      if (request.reusedSocket) dropKept(agent, url);
    };
    // Settled here, for not every request that is destroyed says so.
    const stop = (): void => {
      if (isTimeout(signal.reason)) doubtOthers();
      settle(() => reject(signal.reason));
      request.destroy();
    };
    const fail = (error: Error): void => {
      doubtOthers();
      settle(() => reject(isOwn(error, signal) ? error : failed('fetch failed', error)));
    };
    // To Node it is no error when a server wants to speak another protocol (101): the request only ends.
    const gone = (): void => fail(new Error('no answer of HTTP'));
    signal.addEventListener('abort', stop, { once: true });
    request.on('error', fail);
    request.once('close', gone);
    request.once('response', (incoming) => {
      request.off('close', gone);
      if (!isStatus(incoming.statusCode)) {
        gone();
        request.destroy();
        return;
      }
      readWhole(incoming, call.maxBytes).then(
        (bytes) => settle(() => resolve(answerOf(incoming, bytes))),
        (error: Error) => {
          request.destroy();
          settle(() => reject(isOwn(error, signal) ? error : failed('terminated', error)));
        },
      );
    });
    request.end(body);
  });
}

/** Whether a final answer may have it (RFC 9110 15). */
function isStatus(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status <= 599;
}

function answerOf(incoming: IncomingMessage, body: Uint8Array<ArrayBuffer>): OutboundAnswer {
  const { statusCode = 0, statusMessage = '', rawHeaders } = incoming;
  return { status: statusCode, statusText: statusMessage, rawHeaders, body };
}

async function readWhole(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > maxBytes) throw new ResponseTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Says when a connection does not come about, or nothing comes on it for too long. A request without a socket does not: Node waits for one. */
function watchTime(
  request: ClientRequest,
  { connectMs, readMs, isTunnelled }: OutboundCall,
  end: (error: Error) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  const connecting = (): void => {
    timer ??= setTimeout(() => end(new ConnectTimeout()), connectMs);
  };
  const reading = (): void => {
    clearTimeout(timer);
    if (!Number.isFinite(readMs) || request.destroyed) return;
    timer = setTimeout(() => end(timedOut()), readMs);
    const again = (): void => void timer?.refresh();
    request.once('response', (incoming) => {
      again();
      incoming.on('data', again);
    });
  };
  // Of a tunnel nothing is seen until it is there. Others may wait for their turn first.
  if (isTunnelled) connecting();
  request.once('socket', (socket) => {
    if (isOpen(socket)) return reading();
    connecting();
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', reading);
  });
  return stop;
}

function isOpen(socket: Socket): boolean {
  // A TLS socket has its protocol once the handshake is done.
  return socket instanceof TLSSocket ? socket.getProtocol() !== null : !socket.connecting;
}

function timedOut(): DOMException {
  return new DOMException('no answer in time', 'TimeoutError');
}

function isOwn(error: Error, signal: AbortSignal): boolean {
  return error === signal.reason || error instanceof ResponseTooLarge || isTimeout(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** As the built-in one says it. */
function failed(message: 'fetch failed' | 'terminated', cause: Error): TypeError {
  return new TypeError(message, { cause });
}
