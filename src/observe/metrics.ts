import Counter from '@prometheus-io/client/lib/counter.js';
import Gauge from '@prometheus-io/client/lib/gauge.js';
import Registry from '@prometheus-io/client/lib/registry.js';
import type { EventRule, Figures } from './events.ts';
import { registerHistogram } from './histogram.ts';
import { labeller } from './labels.ts';
import type { Plain } from './redact.ts';
import { bounded } from './series.ts';
import type { Add, Kept, Labels, Series } from './series.ts';

/** Seconds, from a cached answer to a stuck provider. */
const BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Fields = Readonly<Record<string, Plain>>;
type Feed = (fields: Fields) => void;

/** One metric that a kind of event feeds. */
export interface Meter {
  /** The field that is measured; undefined where events are counted. */
  readonly field: string | undefined;
  /** What the number in that field is divided by. */
  readonly divisor: number;
  /** The series of an event, always the same for the same labels; undefined for an event that the metric leaves out. */
  readonly series: (fields: Fields) => Add | undefined;
}

/** The figures of one process, to be added up with those of others. */
export type MetricSnapshot = readonly object[];

/** The metrics of a process. */
export interface Metrics {
  /** The metrics that events of this rule feed, for whoever remembers series; throws as `feed` does. */
  meters(rule: EventRule): readonly Meter[];
  /**
   * What takes an event's fields into the metrics of its rule. Rules that name the same metric share it; throws when
   * they disagree on its kind or labels, which is a mistake in the tables.
   */
  feed(rule: EventRule): Feed;
  /** Drops every series that has these values among its labels; what still counted into one of them is lost. */
  forget(labels: Readonly<Labels>): void;
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
  const known = new Map<string, Kept & { readonly shape: string }>();

  const shared = (kind: string, rule: { name: string; labels: readonly string[] }, make: () => Kept): Series => {
    const shape = `${kind} ${rule.labels.join(',')}`;
    const metric = known.get(rule.name) ?? { shape, ...bounded(make()) };
    if (metric.shape !== shape) throw new Error(`two event rules disagree on the metric ${rule.name}`);
    known.set(rule.name, metric);
    return metric.open;
  };

  const metersOf = ({ counter, histogram, gauge }: Figures): readonly Meter[] => {
    const meters: Meter[] = [];
    if (counter !== undefined) {
      meters.push(
        meterOf(
          counter,
          shared('counter', counter, () => countSeries(registry, counter)),
        ),
      );
    }
    if (histogram !== undefined) {
      const open = shared('histogram', histogram, () =>
        registerHistogram(registry, { buckets: BUCKETS, ...histogram }),
      );
      meters.push(meterOf(histogram, open));
    }
    if (gauge !== undefined) {
      const open = shared('gauge', gauge, () => {
        const metric = new Gauge({ ...settings(gauge), aggregator: 'max', registers: [registry] });
        return { open: (labels) => (value) => metric.set(labels, value), drop: (labels) => metric.remove(labels) };
      });
      meters.push(meterOf(gauge, open));
    }
    return meters;
  };

  const meters = (rule: EventRule): readonly Meter[] => [rule, ...(rule.also ?? [])].flatMap(metersOf);
  return {
    meters,
    feed(rule) {
      const all = meters(rule);
      return (fields) => takeAll(all, fields);
    },
    forget: (labels) => known.forEach(({ drop }) => drop(labels)),
    text: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}

/** Takes an event into all of these. */
export function takeAll(meters: readonly Meter[], fields: Fields): void {
  for (const { field, divisor, series } of meters) {
    const value = field === undefined ? 1 : fields[field];
    if (typeof value === 'number') series(fields)?.(value / divisor);
  }
}

/** Counts beside the library, which has to look for the series each time, and tells it when somebody reads. */
function countSeries(registry: Registry, rule: NonNullable<Figures['counter']>): Kept {
  const pending = new Map<Labels, { readonly labels: Labels; count: number }>();
  const metric = new Counter({
    ...settings(rule),
    registers: [registry],
    collect() {
      for (const series of pending.values()) {
        if (series.count > 0) metric.inc(series.labels, series.count);
        series.count = 0;
      }
    },
  });
  return {
    open(labels) {
      const series = { labels, count: 0 };
      pending.set(labels, series);
      return (value) => {
        series.count += value;
      };
    },
    drop(labels) {
      pending.delete(labels);
      metric.remove(labels);
    },
  };
}

function settings(rule: { name: string; help: string; labels: readonly string[] }): {
  name: string;
  help: string;
  labelNames: string[];
} {
  return { name: rule.name, help: rule.help, labelNames: [...rule.labels] };
}

function meterOf(
  rule: NonNullable<Figures['counter']> & { readonly field?: string; readonly unit?: 'ms' },
  open: Series,
): Meter {
  const label = labeller(rule);
  return {
    field: rule.field,
    divisor: rule.unit === 'ms' ? 1000 : 1,
    series(fields) {
      const labels = label(fields);
      return labels === undefined ? undefined : open(labels);
    },
  };
}
