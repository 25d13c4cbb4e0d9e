import { attempt, tracerOf } from './otel.ts';
import type { Attributes, OtelSpan, OtelTracer } from './otel.ts';

/** A span that can be ended and described, and does nothing else. */
export interface Span {
  describe(attributes: Attributes): void;
  /** The work did not get what it wanted, for no fault of a caller. */
  fail(message: string): void;
  end(): void;
}

/** Runs work inside a span of that name; without tracing it just runs. */
export type InSpan = <T>(name: string, attributes: Attributes, work: (span: Span) => T) => T;

const NO_SPAN: Span = { describe() {}, fail() {}, end() {} };
/** `SpanStatusCode.ERROR` of `@opentelemetry/api`. */
const ERROR = 2;

/** Spans by the trace API that was passed in. */
export function createSpans(api: unknown): InSpan {
  const tracer = tracerOf(api);
  return tracer === undefined ? (_name, _attributes, work) => work(NO_SPAN) : (...span) => run(tracer, ...span);
}

function run<T>(tracer: OtelTracer, name: string, attributes: Attributes, work: (span: Span) => T): T {
  // The work runs exactly once, and what it throws is its own: all else that is thrown here is the tracer's.
  let begun: (() => T) | undefined;
  attempt(() => {
    tracer.startActiveSpan(name, { attributes }, (span) => {
      begun ??= settle(() => work(harmless(span)));
    });
  });
  return begun === undefined ? work(NO_SPAN) : begun();
}

/** Does the work now; what comes back returns its value, or throws what it threw. */
function settle<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function harmless(span: OtelSpan): Span {
  return {
    describe(attributes) {
      attempt(() => span.setAttributes(attributes));
    },
    fail(message) {
      attempt(() => span.setStatus({ code: ERROR, message }));
    },
    end() {
      attempt(() => {
        span.end();
      });
    },
  };
}
