import Counter from '@prometheus-io/client/lib/counter.js';
import Gauge from '@prometheus-io/client/lib/gauge.js';
import Histogram from '@prometheus-io/client/lib/histogram.js';
import Registry from '@prometheus-io/client/lib/registry.js';
import type { EventRule, Figures, LabelSource } from './events.ts';
import type { Plain } from './redact.ts';

/** Series one metric may have; what comes later is put under `other`, so that no label can eat the memory. */
const MAX_SERIES = 1000;
const OTHER = 'other';
const MAX_LABEL = 128;
/** Seconds, from a cached answer to a stuck provider. */
const BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Fields = Readonly<Record<string, Plain>>;
type Labels = Record<string, string>;
type Put = (labels: Labels, value: number) => void;
/** What takes the numbers of one series. */
type Series = (labels: Labels) => (value: number) => void;
type Feed = (fields: Fields) => void;

/** The figures of one process, to be added up with those of others. */
export type MetricSnapshot = readonly object[];

/** The metrics of a process. */
export interface Metrics {
  /**
   * What takes an event's fields into the metrics of its rule. Rules that name the same metric share it; throws when
   * they disagree on its kind or labels, which is a mistake in the tables.
   */
  feed(rule: EventRule): Feed;
  /** All of them in the Prometheus text format. */
  text(): Promise<string>;
  snapshot(): Promise<MetricSnapshot>;
}

/** The figures of several processes as those of one, in the Prometheus text format: counts are added, of gauges the highest stays. */
export function addUpMetrics(snapshots: readonly MetricSnapshot[]): Promise<string> {
  return Registry.aggregate(snapshots.map((snapshot) => [...snapshot])).metrics();
}

/** No metrics yet. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const known = new Map<string, { readonly shape: string; readonly record: Put }>();

  const shared = (kind: string, rule: { name: string; labels: readonly string[] }, make: () => Series): Put => {
    const shape = `${kind} ${rule.labels.join(',')}`;
    const metric = known.get(rule.name) ?? { shape, record: bounded(make()) };
    if (metric.shape !== shape) throw new Error(`two event rules disagree on the metric ${rule.name}`);
    known.set(rule.name, metric);
    return metric.record;
  };

  const feedsOf = ({ counter, histogram, gauge }: Figures): readonly Feed[] => {
    const feeds: Feed[] = [];
    if (counter !== undefined) {
      const record = shared('counter', counter, () => countSeries(registry, counter));
      const label = labeller(counter);
      feeds.push((fields) => {
        const labels = label(fields);
        if (labels !== undefined) record(labels, 1);
      });
    }
    if (histogram !== undefined) {
      const record = shared('histogram', histogram, () => {
        const buckets = [...(histogram.buckets ?? BUCKETS)];
        const metric = new Histogram({ ...settings(histogram), buckets, registers: [registry] });
        return (labels) => (value) => metric.observe(labels, value);
      });
      feeds.push(measure(histogram, record));
    }
    if (gauge !== undefined) {
      const record = shared('gauge', gauge, () => {
        const metric = new Gauge({ ...settings(gauge), aggregator: 'max', registers: [registry] });
        return (labels) => (value) => metric.set(labels, value);
      });
      feeds.push(measure(gauge, record));
    }
    return feeds;
  };

  return {
    feed(rule) {
      const feeds = [rule, ...(rule.also ?? [])].flatMap(feedsOf);
      return (fields) => {
        for (const take of feeds) take(fields);
      };
    },
    text: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}

/** Counts beside the library, which has to look for the series each time, and tells it when somebody reads. */
function countSeries(registry: Registry, rule: NonNullable<Figures['counter']>): Series {
  const pending: { readonly labels: Labels; count: number }[] = [];
  const metric = new Counter({
    ...settings(rule),
    registers: [registry],
    collect() {
      for (const series of pending) {
        if (series.count > 0) metric.inc(series.labels, series.count);
        series.count = 0;
      }
    },
  });
  return (labels) => {
    const series = { labels, count: 0 };
    pending.push(series);
    return (value) => {
      series.count += value;
    };
  };
}

function settings(rule: { name: string; help: string; labels: readonly string[] }): {
  name: string;
  help: string;
  labelNames: string[];
} {
  return { name: rule.name, help: rule.help, labelNames: [...rule.labels] };
}

function measure(
  rule: NonNullable<Figures['gauge'] | Figures['histogram']> & { readonly unit?: 'ms' },
  record: Put,
): Feed {
  const label = labeller(rule);
  return (fields) => {
    const value = fields[rule.field];
    const labels = typeof value === 'number' ? label(fields) : undefined;
    if (labels !== undefined) record(labels, Number(value) / (rule.unit === 'ms' ? 1000 : 1));
  };
}

/** What finds the labels of an event; undefined for an event that the metric leaves out. */
function labeller(rule: {
  readonly labels: readonly string[];
  readonly from?: Readonly<Record<string, LabelSource>>;
}): (fields: Fields) => Labels | undefined {
  const readers = rule.labels.map((name) => [name, reader(name, rule.from?.[name])] as const);
  // What leaves an event out is asked first: most events of a request are of no interest to some metrics of it.
  const picky = readers.filter(([name]) => rule.from?.[name]?.others !== undefined);
  return (fields) => {
    for (const [, read] of picky) if (read(fields) === undefined) return undefined;
    const labels: Labels = {};
    for (const [name, read] of readers) {
      const value = read(fields);
      if (value === undefined) return undefined;
      labels[name] = value;
    }
    return labels;
  };
}

function reader(name: string, source: LabelSource = {}): (fields: Fields) => string | undefined {
  const { always, of, most } = source;
  if (always !== undefined) return () => always;
  const field = source.field ?? name;
  const seen = most === undefined ? undefined : new Set<string>();
  return (fields) => {
    const value = fields[field];
    const given = typeof value === 'object' || value === undefined ? '' : String(value);
    const named = of !== undefined && Object.hasOwn(of, given) ? of[given] : undefined;
    if (named === undefined && source.others !== undefined) return undefined;
    const shown = (named ?? given).slice(0, MAX_LABEL);
    if (seen === undefined || seen.has(shown)) return shown;
    if (seen.size >= (most ?? 0)) return OTHER;
    seen.add(shown);
    return shown;
  };
}

function bounded(open: Series): Put {
  const series = new Map<string, (value: number) => void>();
  let others: ((value: number) => void) | undefined;
  return (labels, value) => {
    const key = keyOf(labels);
    const known = series.get(key);
    if (known !== undefined) return known(value);
    if (series.size < MAX_SERIES) {
      const opened = open(labels);
      series.set(key, opened);
      opened(value);
    } else {
      others ??= open(Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER])));
      others(value);
    }
  };
}

/** The values of a metric's labels, each with its length: the names are always the same, in the same order. */
function keyOf(labels: Labels): string {
  let key = '';
  for (const name in labels) key += `${labels[name]?.length ?? 0}:${labels[name] ?? ''}`;
  return key;
}
