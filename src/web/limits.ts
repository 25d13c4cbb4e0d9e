/** Header block of a request in bytes: names, values and their separators. Over it: 431. */
const HEADER_BYTES: number = 32 * 1024;
/** All `Cookie` headers of a request together, in bytes. Over it: 431. */
export const COOKIE_BYTES: number = 16 * 1024;
/** Request target in bytes. Over it: 414. */
export const TARGET_BYTES: number = 8 * 1024;
/** Body that a handler reads whole, in bytes. Over it: 413. */
export const BODY_BYTES: number = 64 * 1024;
/** Requests of one connection that wait for their answers: whoever sends more without reading is cut. */
export const PIPELINED_REQUESTS: number = 100;
/** Parameters of one form or query. */
export const FORM_PARAMETERS: number = 32;

/** What one listener allows. Every figure of Node's own that matters here is set from it. */
export interface Limits {
  readonly headerBytes: number;
  /** Seconds from the first byte of a request to the end of its headers. */
  readonly headerSeconds: number;
  /** Seconds without a byte of a request body. */
  readonly bodyIdleSeconds: number;
  /** Seconds without progress of an answer that the client should read. */
  readonly writeIdleSeconds: number;
  /** Seconds a connection may idle between requests. */
  readonly keepAliveSeconds: number;
  readonly sockets: number;
}

/** The limits every listener has unless its spec says otherwise. */
export const LIMITS: Limits = {
  headerBytes: HEADER_BYTES,
  headerSeconds: 10,
  bodyIdleSeconds: 30,
  writeIdleSeconds: 30,
  keepAliveSeconds: 60,
  sockets: 10_000,
};
