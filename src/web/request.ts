import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { newCorrelationId } from './correlation-id.ts';
import type { HttpRequest } from './http.ts';
import { BodyTooLarge } from './http.ts';
import { BODY_BYTES } from './limits.ts';
import { traceIdOf } from './trace-parent.ts';

/** The client went away before its request body was complete. */
export class BodyAborted extends Error {
  constructor() {
    super('client went away before its request body was complete');
    this.name = 'BodyAborted';
  }
}

/** What a request is made of besides the message itself. */
export interface RequestSource {
  readonly incoming: IncomingMessage;
  /** Closes when the exchange is over: the answer, or the socket of an upgrade. */
  readonly answer: ServerResponse | Duplex;
  readonly maxBodyBytes?: number | undefined;
  /** Says when the listener closes, to whoever lasts longer than a request. */
  readonly closing?: () => AbortSignal;
}

/** Turns a message of Node into the request that handlers get. */
export function createRequest(source: RequestSource): HttpRequest {
  return new ReceivedRequest(source);
}

/** A class, so that no request brings functions of its own: there are thousands of them a second. */
class ReceivedRequest implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string;
  readonly correlationId: string;
  readonly traceId?: string;
  readonly closing?: () => AbortSignal;
  readonly incoming: IncomingMessage;
  readonly #answer: ServerResponse | Duplex;
  readonly #maxBodyBytes: number;
  #whole: Promise<Buffer> | undefined;
  #gone: AbortSignal | undefined;

  constructor({ incoming, answer, maxBodyBytes = BODY_BYTES, closing }: RequestSource) {
    const { url: target = '/', headers } = incoming;
    const question = target.indexOf('?');
    this.method = incoming.method ?? 'GET';
    this.target = target;
    this.path = question === -1 ? target : target.slice(0, question);
    this.query = question === -1 ? '' : target.slice(question + 1);
    this.headers = headers;
    this.rawHeaders = incoming.rawHeaders;
    this.remoteAddress = peerAddress(incoming);
    this.correlationId = correlationId(headers);
    const traceId = traceIdOf(headers['traceparent']);
    if (traceId !== undefined) this.traceId = traceId;
    if (closing !== undefined) this.closing = closing;
    this.incoming = incoming;
    this.#answer = answer;
    this.#maxBodyBytes = maxBodyBytes;
  }

  gone(): AbortSignal {
    this.#gone ??= whenGone(this.#answer);
    return this.#gone;
  }

  body(limitBytes: number = this.#maxBodyBytes): Promise<Buffer> {
    // Nearly always it is asked for once.
    if (this.#whole !== undefined) return atMost(this.#whole, limitBytes);
    this.#whole = readWhole(this.incoming, limitBytes);
    return this.#whole;
  }
}

async function atMost(whole: Promise<Buffer>, limitBytes: number): Promise<Buffer> {
  const bytes = await whole;
  if (bytes.length > limitBytes) throw new BodyTooLarge(limitBytes);
  return bytes;
}

function peerAddress(incoming: IncomingMessage): string {
  const address = incoming.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

function correlationId(headers: IncomingHttpHeaders): string {
  return saneId(headers['x-correlation-id']) ?? saneId(headers['x-request-id']) ?? newCorrelationId();
}

function saneId(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(value) ? value : undefined;
}

function whenGone(answer: ServerResponse | Duplex): AbortSignal {
  const controller = new AbortController();
  const check = (): void => {
    if (!answer.writableFinished) controller.abort();
  };
  if (answer.destroyed) check();
  else answer.once('close', check);
  return controller.signal;
}

function readWhole(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > limitBytes) return Promise.reject(new BodyTooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    // What came in one piece with the headers is there by then, and is taken without the events of a stream.
    process.nextTick(() => {
      const whole = declared <= BODY_BYTES && isAllHere(incoming, declared) ? takeWhole(incoming) : undefined;
      if (whole === undefined) listenFor(incoming, limitBytes, { resolve, reject });
      else resolve(whole);
    });
  });
}

/** Whether all bytes of a body of this declared length are here, not yet read by anybody. */
export function isAllHere(incoming: IncomingMessage, declaredBytes: number): boolean {
  return declaredBytes > 0 && incoming.readableLength >= declaredBytes;
}

function takeWhole(incoming: IncomingMessage): Buffer | undefined {
  // Whoever has begun to read it, or waits for its end, sees a stream.
  if (incoming.destroyed || incoming.readableFlowing !== null || incoming.listenerCount('end') > 0) return undefined;
  const read: unknown = incoming.read();
  return Buffer.isBuffer(read) ? read : undefined;
}

function listenFor(
  incoming: IncomingMessage,
  limitBytes: number,
  { resolve, reject }: { readonly resolve: (whole: Buffer) => void; readonly reject: (error: Error) => void },
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > limitBytes) {
      incoming.pause();
      incoming.off('data', onData);
      reject(new BodyTooLarge(limitBytes));
    }
  };
  // Listeners stay where they are, for the message goes with them: what comes after the first outcome changes nothing.
  const onEnd = (): void => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
  const onLost = (): void => {
    // Every message is closed in the end, read or not.
    if (!incoming.readableEnded) reject(new BodyAborted());
  };
  if (incoming.destroyed && !incoming.readableEnded) return onLost();
  incoming.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
}
