/** The figures of a process in the JSON form of OTLP (opentelemetry-proto, metrics/v1). */
import type { MetricSnapshot } from './metrics.ts';

/** What stands around the figures. */
export interface Frame {
  /** Attributes of the process, its service name among them. */
  readonly resource: Readonly<Record<string, string>>;
  /** When counting began, and the time of these figures; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly at: number;
}

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Sample[];
}

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2;

/** The body of a POST to `/v1/metrics`. */
export function metricsBody(snapshot: MetricSnapshot, { resource, startedAt, at }: Frame): string {
  const times = { startTimeUnixNano: nanos(startedAt), timeUnixNano: nanos(at) };
  const metrics = snapshot
    .filter(isFamily)
    .filter(({ values }) => values.length > 0)
    .map((family) => metricOf(family, times));
  const scopeMetrics = [{ scope: { name: 'fullmakt' }, metrics }];
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics }] });
}

type Times = Readonly<Record<'startTimeUnixNano' | 'timeUnixNano', string>>;

function metricOf({ name, help: description, type, values }: Family, times: Times): object {
  if (type === 'histogram') {
    const dataPoints = histograms(values, name).map((point) => ({ ...times, ...point }));
    return { name, description, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  }
  const dataPoints = values.map(({ value, labels }) => ({ ...times, attributes: attributes(labels), asDouble: value }));
  if (type === 'gauge') return { name, description, gauge: { dataPoints } };
  return { name, description, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
}

interface Histogram {
  readonly attributes: readonly object[];
  readonly explicitBounds: number[];
  readonly bucketCounts: string[];
  sum: number;
  count: string;
  before: number;
}

/** Samples of the text format as histograms, one for each set of labels: buckets there hold all below them, here their own alone. */
function histograms(samples: readonly Sample[], name: string): readonly object[] {
  const found = new Map<string, Histogram>();
  for (const { value, labels, metricName } of samples) {
    const { le, ...own } = labels;
    const key = JSON.stringify(own);
    const empty = { explicitBounds: [], bucketCounts: [], sum: 0, count: '0', before: 0 };
    const histogram: Histogram = found.get(key) ?? { attributes: attributes(own), ...empty };
    found.set(key, histogram);
    if (metricName === `${name}_sum`) histogram.sum = value;
    else if (metricName === `${name}_count`) histogram.count = String(value);
    else {
      if (le !== '+Inf') histogram.explicitBounds.push(Number(le));
      histogram.bucketCounts.push(String(value - histogram.before));
      histogram.before = value;
    }
  }
  return Array.from(found.values(), ({ attributes: labels, explicitBounds, bucketCounts, sum, count }) => ({
    attributes: labels,
    explicitBounds,
    bucketCounts,
    sum,
    count,
  }));
}

function attributes(labels: Readonly<Record<string, string | number>>): readonly object[] {
  return Object.entries(labels).map(([key, value]) => ({ key, value: { stringValue: String(value) } }));
}

/** Whole microseconds: more digits than a number has would be made up. */
function nanos(milliseconds: number): string {
  return `${Math.trunc(milliseconds * 1000)}000`;
}

function isFamily(value: object): value is Family {
  return 'name' in value && 'type' in value && 'values' in value && Array.isArray(value.values);
}
