import { createNoopMeter, SpanStatusCode } from '@opentelemetry/api';
import type {
  Attributes,
  Meter,
  MeterProvider,
  ObservableCallback,
  TracerProvider as TraceApi,
} from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** Spans that ended, in order. */
export interface SpanCollector {
  readonly trace: TraceApi;
  /** Names of the spans that are children of another. */
  readonly children: () => readonly string[];
  readonly spans: () => readonly { readonly name: string; readonly attributes: Attributes; readonly failed: boolean }[];
}

/** The tracing of OpenTelemetry itself, over a memory. */
export function collectSpans(): SpanCollector {
  const exporter = new InMemorySpanExporter();
  const trace = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return {
    trace,
    children: () =>
      exporter
        .getFinishedSpans()
        .flatMap(({ name, parentSpanContext }) => (parentSpanContext === undefined ? [] : [name])),
    spans: () =>
      exporter
        .getFinishedSpans()
        .map(({ name, attributes, status }) => ({ name, attributes, failed: status.code === SpanStatusCode.ERROR })),
  };
}

/** Metrics as text, `name{label="value"}`, with what they add up to. */
export interface MetricCollector {
  readonly metrics: MeterProvider;
  readonly read: () => Readonly<Record<string, number>>;
}

function nameOf(name: string, attributes: Attributes = {}): string {
  const labels = Object.entries(attributes).map(([label, value]) => `${label}="${String(value)}"`);
  return `${name}{${labels.join(',')}}`;
}

/** A meter over a memory: counters and histograms by their sum and count, gauges by what they say when read. */
export function collectMetrics(): MetricCollector {
  const sums = new Map<string, number>();
  const gauges = new Map<string, Set<ObservableCallback>>();
  const add = (name: string) => (value: number, attributes?: Attributes) => {
    const key = nameOf(name, attributes);
    sums.set(key, (sums.get(key) ?? 0) + value);
  };
  const meter: Meter = {
    ...createNoopMeter(),
    createCounter: (name) => ({ add: add(name) }),
    createHistogram: (name) => ({ record: (_value, attributes) => add(`${name}_count`)(1, attributes) }),
    createObservableGauge(name) {
      const callbacks = gauges.get(name) ?? new Set();
      gauges.set(name, callbacks);
      return {
        addCallback: (callback) => callbacks.add(callback),
        removeCallback: (callback) => callbacks.delete(callback),
      };
    },
  };
  return {
    metrics: { getMeter: () => meter },
    read() {
      const seen: Record<string, number> = Object.fromEntries(sums);
      for (const [name, callbacks] of gauges) {
        const observe = (value: number, attributes?: Attributes): void => {
          seen[nameOf(name, attributes)] = value;
        };
        for (const callback of callbacks) void callback({ observe });
      }
      return seen;
    },
  };
}
