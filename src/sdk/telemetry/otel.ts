/** As much of `@opentelemetry/api` as is used, by its shape: the application passes its own copy in. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span of the trace API. */
export interface OtelSpan {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  end(): void;
}

/** A tracer of the trace API. */
export interface OtelTracer {
  startActiveSpan(name: string, options: { readonly attributes: Attributes }, work: (span: OtelSpan) => void): unknown;
}

/** Counters and histograms of the metrics API. */
interface OtelInstrument {
  add?: (value: number, attributes: Attributes) => void;
  record?: (value: number, attributes: Attributes) => void;
}

/** What an observable gauge is read with. */
type OtelCallback = (result: { observe(value: number, attributes: Attributes): void }) => void;

/** A gauge that is read when it is exported. */
interface OtelObservable {
  addCallback(callback: OtelCallback): void;
  removeCallback(callback: OtelCallback): void;
}

interface InstrumentOptions {
  readonly description: string;
  readonly unit?: string;
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

/** A meter of the metrics API. */
export interface OtelMeter {
  createCounter(name: string, options: InstrumentOptions): OtelInstrument;
  createHistogram(name: string, options: InstrumentOptions): OtelInstrument;
  createObservableGauge(name: string, options: InstrumentOptions): OtelObservable;
}

/** The name under which spans and metrics are found. */
const SCOPE = '@fullmakt/sdk';

function has<K extends string>(value: unknown, method: K): value is Record<K, (name: string) => unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
}

function isTracer(value: unknown): value is OtelTracer {
  return has(value, 'startActiveSpan');
}

function isMeter(value: unknown): value is OtelMeter {
  return has(value, 'createCounter') && has(value, 'createHistogram') && has(value, 'createObservableGauge');
}

/** The tracer of a trace API; undefined for anything else. */
export function tracerOf(api: unknown): OtelTracer | undefined {
  const tracer = attempt(() => (has(api, 'getTracer') ? api.getTracer(SCOPE) : undefined));
  return isTracer(tracer) ? tracer : undefined;
}

/** The meter of a metrics API; undefined for anything else. */
export function meterOf(api: unknown): OtelMeter | undefined {
  const meter = attempt(() => (has(api, 'getMeter') ? api.getMeter(SCOPE) : undefined));
  return isMeter(meter) ? meter : undefined;
}

/** What the work returns; undefined when it throws: telemetry must not be able to change an outcome. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
