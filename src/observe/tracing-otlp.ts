/** Spans on their way to a collector over OTLP/HTTP, in batches. */
import type { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { inTime } from './in-time.ts';
import { seldom } from './seldom.ts';
import type { FinishedSpan, SpanSink, Tracer, TraceContext } from './tracing.ts';
import { createTracer, NO_TRACER } from './tracing.ts';

type ReadableSpan = Parameters<BatchSpanProcessor['onEnd']>[0];
type SpanContext = ReturnType<ReadableSpan['spanContext']>;

/** Where spans go. */
export interface TracingOptions {
  readonly enabled: boolean;
  readonly serviceName: string;
  /** Further attributes of the process. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Sent with every batch, beside those of OTEL_EXPORTER_OTLP_HEADERS. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined = the one that OTLP/HTTP assumes on this machine. */
  readonly url: string | undefined;
  /** Told that spans were lost, and why; at most once a minute. */
  readonly onLoss?: (reason: string) => void;
  /** Pause between two batches, and the longest time for sending one: 5000 ms each unless told. */
  readonly batchMilliseconds?: number;
  readonly exportMilliseconds?: number;
}

/** Spans that wait; what comes while as many do is dropped. */
const MAX_WAITING = 2048;
const MAX_BATCH = 512;
const BATCH_MILLISECONDS = 5000;
const EXPORT_MILLISECONDS = 5000;
const CLOSE_MILLISECONDS = 3000;
/** OTLP SpanKind, as the library counts. */
const KINDS = { server: 1, client: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;

/** A tracer that sends spans, or one that does nothing. OpenTelemetry is loaded only if tracing is on. */
export async function openTracer(options: TracingOptions): Promise<Tracer> {
  return options.enabled ? createTracer(await openSink(options)) : NO_TRACER;
}

async function openSink(options: TracingOptions): Promise<SpanSink> {
  const [{ BatchSpanProcessor }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const exportMilliseconds = options.exportMilliseconds ?? EXPORT_MILLISECONDS;
  const exporter = new OTLPTraceExporter({
    timeoutMillis: exportMilliseconds,
    // All that can wait, at once: closing sends every batch together.
    concurrencyLimit: MAX_WAITING / MAX_BATCH,
    ...(options.url === undefined ? {} : { url: options.url }),
    ...(options.headers === undefined ? {} : { headers: { ...options.headers } }),
  });
  const tellLoss = seldom(options.onLoss ?? (() => {}));
  const processor = new BatchSpanProcessor({
    exporter: {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          if (result.error !== undefined) tellLoss(reasonOf(result.error));
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    },
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: options.batchMilliseconds ?? BATCH_MILLISECONDS,
    exportTimeoutMillis: exportMilliseconds,
  });
  const about = aboutProgram(options);
  return {
    take: (span) => processor.onEnd(readable(span, about)),
    async close() {
      const closed = processor.shutdown();
      await inTime(closed, CLOSE_MILLISECONDS, () => new Error('late')).catch(() => {});
    },
  };
}

type About = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;

function aboutProgram({ serviceName, resource: more }: TracingOptions): About {
  const attributes = { ...more, 'service.name': serviceName };
  const resource: ReadableSpan['resource'] = { attributes, merge: () => resource, getRawAttributes: () => [] };
  return { resource, instrumentationScope: { name: 'fullmakt' } };
}

function readable(span: FinishedSpan, about: About): ReadableSpan {
  const { parent, error } = span;
  return {
    ...about,
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => spanContext(span.context),
    ...(parent === undefined ? {} : { parentSpanContext: spanContext(parent, span.isParentRemote) }),
    startTime: time(span.begunAt),
    endTime: time(span.endedAt),
    duration: time(span.endedAt - span.begunAt),
    ended: true,
    status: { code: error === undefined ? STATUS.unset : STATUS.error },
    attributes: error === undefined ? span.attributes : { ...span.attributes, 'error.type': error },
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function spanContext({ traceId, spanId, sampled }: TraceContext, isRemote = false): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote };
}

/** Seconds and nanoseconds. */
function time(milliseconds: number): [number, number] {
  const seconds = Math.trunc(milliseconds / 1000);
  return [seconds, Math.trunc((milliseconds - seconds * 1000) * 1e6)];
}

/** What an exporter says may hold an address with credentials or an answer's body: only the kind of fault is told. */
function reasonOf(error: Error): string {
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : '';
  return `${error.name} ${code}`.trim();
}
