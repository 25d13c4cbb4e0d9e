import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** One request as a handler sees it. Everything is as received: nothing is decoded, normalised or trusted. */
export interface HttpRequest {
  readonly method: string;
  /** The request target, byte for byte; always begins with `/`. */
  readonly target: string;
  /** The part of the target before the first `?`, raw. */
  readonly path: string;
  /** The part after the first `?`, raw, without it. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, in the order and spelling of the client. */
  readonly rawHeaders: readonly string[];
  /** The peer's address; an IPv4 address is written as one even on an IPv6 socket. */
  readonly remoteAddress: string;
  /** From `X-Correlation-ID`, else `X-Request-Id`, if it is a sane one; otherwise a new UUID. */
  readonly correlationId: string;
  /** The trace that `traceparent` names (W3C Trace Context), if it is a good one. */
  readonly traceId?: string;
  /** Aborts when the client goes away before its answer is complete. */
  gone(): AbortSignal;
  /** Aborts when the listener closes and wants a tunnel or an event stream to end; only for those that end then. */
  closing?(): AbortSignal;
  /** The whole body, at most `limitBytes` (64 KiB unless told or unless the listener says otherwise). Throws BodyTooLarge. */
  body(limitBytes?: number): Promise<Buffer>;
  /** The message itself; once `body` was asked for, it may never say that it ended or closed. */
  readonly incoming: IncomingMessage;
}

/** An answer. With `stream` the handler writes status, headers and body itself, and the other members are not used. */
export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /**
   * For stand-ins of broken services: the connection is closed instead of the answer, or inside its body, which then declares
   * more bytes than come.
   */
  readonly cut?: 'before' | 'within';
  readonly stream?: (outgoing: ServerResponse) => void;
}

/** Answers a request. */
export type Handle = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** Takes over the connection of a WebSocket handshake; `head` is what the client sent after it. */
export type HandleUpgrade = (request: HttpRequest, socket: Duplex, head: Buffer) => void | Promise<void>;

/** A request body is longer than its reader allows (RFC 9110 15.5.14). */
export class BodyTooLarge extends Error {
  readonly limitBytes: number;
  constructor(limitBytes: number) {
    super(`request body is longer than ${limitBytes} bytes`);
    this.name = 'BodyTooLarge';
    this.limitBytes = limitBytes;
  }
}

/** The headers of a JSON answer that has no others: the same object each time, so that whoever adds some may do so once. */
export const JSON_HEADERS: Readonly<Record<string, string>> = Object.freeze({ 'Content-Type': 'application/json' });

/** A JSON answer. */
export function json(
  status: number,
  value: unknown,
  headers?: Readonly<Record<string, string | readonly string[]>>,
): HttpResponse {
  const all = headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers };
  return { status, headers: all, body: JSON.stringify(value) };
}

/** A redirect; 303 turns a POST into a GET (RFC 9110 15.4.4). */
export function redirect(location: string, status: 302 | 303 = 302): HttpResponse {
  return { status, headers: { Location: location } };
}

/** An answer without a body. */
export function empty(
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): HttpResponse {
  return { status, headers };
}

/** An answer in plain text. */
export function plain(status: number, text: string): HttpResponse {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: text };
}
