/**
 * Spans of what a program does, in OpenTelemetry's words but without its code: what takes the finished ones is loaded only
 * where tracing is on (tracing-otlp.ts). Nothing here can fail or delay the work it watches.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** A place in a trace (W3C Trace Context 3.2 and 3.3). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** `tracestate` as it came. */
  readonly state?: string | undefined;
}

/** All that a span may say: there is no name here that could hold a path, a query, a token or a person. */
type AttributeName =
  | 'http.request.method'
  | 'http.route'
  | 'http.response.status_code'
  | 'server.address'
  | 'url.scheme'
  | 'error.type'
  | 'db.system.name'
  | 'db.operation.name'
  | 'fullmakt.provider'
  | 'fullmakt.target'
  | 'fullmakt.endpoint';

/** What a span says about itself. */
export type Attributes = Partial<Readonly<Record<AttributeName, string | number>>>;

/** One piece of work, before it begins. Without `parent` it is part of the work that it is begun in. */
interface SpanOptions {
  /** Of few different values; never made of what a client sent. */
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly attributes?: Attributes;
  readonly parent?: TraceContext | undefined;
  /** How long ago it began: now unless told. */
  readonly secondsAgo?: number;
}

/** One piece of work while it goes on. */
export interface Span {
  /** Undefined when tracing is off. */
  readonly context: TraceContext | undefined;
  set(name: AttributeName, value: string | number): void;
  /** Runs a part of the work: spans begun in it are children of this one. */
  run<T>(work: () => T): T;
  /** Once; what is set later is lost. `error` names the kind of failure. */
  end(error?: string): void;
}

/** Makes spans. */
export interface Tracer {
  /** Begins a span that its caller ends. */
  begin(options: SpanOptions): Span;
  /** A span around this work; it ends when the work is done, with an error if it throws or rejects. */
  span<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Headers that tell another server whose work its request is. Empty when tracing is off, and outside of any span. */
  headers(): Readonly<Record<string, string>>;
  /** Sends what is left, for at most three seconds. */
  close(): Promise<void>;
}

/** A span that is over; times in milliseconds since the epoch. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
  readonly isParentRemote: boolean;
  readonly begunAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly error: string | undefined;
}

/** What takes finished spans. Neither throws nor waits. */
export interface SpanSink {
  take(span: FinishedSpan): void;
  close(): Promise<void>;
}

const NO_SPAN: Span = { context: undefined, set: () => {}, run: (work) => work(), end: () => {} };
const NO_HEADERS: Readonly<Record<string, string>> = {};

/** Tracing that is off. */
export const NO_TRACER: Tracer = {
  begin: () => NO_SPAN,
  span: (_options, work) => work(NO_SPAN),
  headers: () => NO_HEADERS,
  close: () => Promise.resolve(),
};

/** `traceparent` of version 00. */
function traceParent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Tracing that is on. A trace that its caller does not record is not recorded here, only passed on. */
export function createTracer(sink: SpanSink): Tracer {
  const current = new AsyncLocalStorage<TraceContext>();

  function begin({ name, kind, attributes, parent: remote, secondsAgo = 0 }: SpanOptions): Span {
    const parent = remote ?? current.getStore();
    const context: TraceContext = {
      traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      sampled: parent?.sampled ?? true,
      state: parent?.state,
    };
    const said: Record<string, string | number> = { ...attributes };
    const begunAt = performance.timeOrigin + performance.now() - secondsAgo * 1000;
    let isOver = false;
    return {
      context,
      set(key, value) {
        said[key] = value;
      },
      run: (work) => current.run(context, work),
      end(error) {
        if (isOver) return;
        isOver = true;
        if (!context.sampled) return;
        const endedAt = performance.timeOrigin + performance.now();
        const isParentRemote = remote !== undefined;
        sink.take({ name, kind, context, parent, isParentRemote, begunAt, endedAt, attributes: said, error });
      },
    };
  }

  return {
    begin,
    async span(options, work) {
      const span = begin(options);
      try {
        const result = await span.run(() => work(span));
        span.end();
        return result;
      } catch (error) {
        span.end(error instanceof Error ? error.name : 'Error');
        throw error;
      }
    },
    headers() {
      const context = current.getStore();
      if (context === undefined) return NO_HEADERS;
      const { state } = context;
      return { traceparent: traceParent(context), ...(state === undefined ? {} : { tracestate: state }) };
    },
    close: () => sink.close(),
  };
}
