import type { HttpResponse } from './http.ts';

/** What is sent on. */
export interface ForwardOptions {
  /** Path and query, byte for byte what was judged. */
  readonly path: string;
  /** Names and values in turn: what the client sent, cleaned. `Host` is sent as it is here. */
  readonly headers: readonly string[];
  /** Likewise, our own: sent whatever the client's `Connection` names, even where it guessed name and value. */
  readonly own?: readonly string[];
  /** Last word on the answer's headers; gets them without those of the connection. */
  readonly responseHeaders?: (raw: readonly string[]) => readonly string[];
  /**
   * Sees status and headers of the answer, without those of the connection, before anything of it is sent; what it answers goes
   * to the client instead. Must not throw.
   */
  readonly instead?: (status: number, raw: readonly string[]) => HttpResponse | undefined;
  /** Called once, when the head of an answer is written, with its status; 499 when the client left before. Must not throw. */
  readonly onAnswered?: (status: number) => void;
  /** Called with the kind of fault when the other side gave no answer: it could not be reached, was silent or broke off. Must not throw. */
  readonly onFailed?: (reason: string) => void;
  /** Called when the exchange turns into one that may last for hours; without it only its two sides and the end of the listener end it. */
  readonly onOpen?: (kind: LastingKind) => Lasting;
}

/** A WebSocket after its 101, or an answer whose content type says that it is an event stream. */
export type LastingKind = 'websocket' | 'event-stream';

/** What the caller of a proxy holds of a WebSocket or an event stream. */
export interface Lasting {
  /**
   * Its abort ends the exchange, for whatever reason: a WebSocket with close code 1008 at the next frame boundary, cut if none
   * comes in five seconds or the client does not close in two; an event stream with the end of its answer.
   */
  readonly ending: AbortSignal;
  /** Called once when it is over, whoever ended it. */
  readonly closed: () => void;
}

/** Times of an upstream, in seconds. */
export interface UpstreamTimes {
  /** To connect: 2 unless told. */
  readonly connectSeconds: number;
  /** From the end of the request to the answer's headers: 60 unless told. */
  readonly answerSeconds: number;
  /** Without a byte of the answer, event streams excepted; and without progress of a client that reads it: 30 unless told. */
  readonly idleSeconds: number;
}
