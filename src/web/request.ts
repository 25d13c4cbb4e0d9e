import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { newCorrelationId } from './correlation-id.ts';
import type { HttpRequest } from './http.ts';
import { BodyTooLarge } from './http.ts';
import { BODY_BYTES } from './limits.ts';
import { readWhole } from './read-whole.ts';
import { traceIdOf } from './trace-parent.ts';

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
