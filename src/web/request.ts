import type { IncomingMessage, ServerResponse } from 'node:http';
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
  const { incoming, answer } = source;
  const traceId = traceIdOf(incoming.headers['traceparent']);
  const target = incoming.url ?? '/';
  const question = target.indexOf('?');
  let whole: Promise<Buffer> | undefined;
  let gone: AbortSignal | undefined;
  return {
    method: incoming.method ?? 'GET',
    target,
    path: question === -1 ? target : target.slice(0, question),
    query: question === -1 ? '' : target.slice(question + 1),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    remoteAddress: peerAddress(incoming),
    correlationId: correlationId(incoming),
    ...(traceId === undefined ? {} : { traceId }),
    ...(source.closing === undefined ? {} : { closing: source.closing }),
    // A method: a getter would give every request a shape of its own, and the collector much to do.
    gone(): AbortSignal {
      gone ??= whenGone(answer);
      return gone;
    },
    async body(limitBytes: number = source.maxBodyBytes ?? BODY_BYTES): Promise<Buffer> {
      whole ??= readWhole(incoming, limitBytes);
      const bytes = await whole;
      if (bytes.length > limitBytes) throw new BodyTooLarge(limitBytes);
      return bytes;
    },
    incoming,
  };
}

function peerAddress(incoming: IncomingMessage): string {
  const address = incoming.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

function correlationId(incoming: IncomingMessage): string {
  for (const name of ['x-correlation-id', 'x-request-id']) {
    const value = incoming.headers[name];
    if (typeof value === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(value)) return value;
  }
  return newCorrelationId();
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
  if (Number(incoming.headers['content-length'] ?? 0) > limitBytes) return Promise.reject(new BodyTooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (outcome: () => void): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
      outcome();
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > limitBytes) {
        incoming.pause();
        settle(() => reject(new BodyTooLarge(limitBytes)));
      }
    };
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onLost = (): void => settle(() => reject(new BodyAborted()));
    if (incoming.destroyed && !incoming.readableEnded) return onLost();
    incoming.on('data', onData).once('end', onEnd).once('error', onLost).once('close', onLost);
  });
}
