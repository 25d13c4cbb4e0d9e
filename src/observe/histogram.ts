import type Registry from '@prometheus-io/client/lib/registry.js';
import type { Kept, Labels } from './series.ts';

/** What a histogram is called, and what is told apart; `buckets` are upper bounds, ascending. */
interface HistogramRule {
  readonly name: string;
  readonly help: string;
  readonly buckets: readonly number[];
}

interface Series {
  readonly labels: Labels;
  /** As many as bounds, and one for what is above them all. */
  readonly counts: number[];
  sum: number;
}

/**
 * A histogram of which each series is found once: the one of the library looks it up by its labels with every number it is given, which
 * costs more than all else that is done with that. In the registry it stands as one of the library's own.
 */
export function registerHistogram(registry: Registry, { name, help, buckets }: HistogramRule): Kept {
  const known = new Map<Labels, Series>();
  const get = async (): Promise<object> => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: [...known.values()].flatMap((series) => valuesOf(name, series, buckets)),
  });
  // Its types say that a metric is made by one of its own classes; it asks of one what it asks of those that it adds up itself.
  // oxlint-disable-next-line typescript/unbound-method -- of this registry
  Reflect.apply(registry.registerMetric, registry, [{ name, help, type: 'histogram', aggregator: 'sum', get }]);
  return {
    open(labels) {
      const series = { labels, counts: Array.from({ length: buckets.length + 1 }, () => 0), sum: 0 };
      known.set(labels, series);
      return (value) => {
        if (!Number.isFinite(value)) return;
        let at = 0;
        // Most are short.
        while (at < buckets.length && value > (buckets[at] ?? value)) at += 1;
        series.counts[at] = (series.counts[at] ?? 0) + 1;
        series.sum += value;
      };
    },
    drop: (labels) => known.delete(labels),
  };
}

/** In the order of the library: buckets with all that is below them, the last without an end, then sum and count. */
function valuesOf(name: string, { labels, counts, sum }: Series, buckets: readonly number[]): readonly object[] {
  let count = 0;
  const values: object[] = counts.map((each, at) => {
    count += each;
    return { labels: { le: buckets[at] ?? '+Inf', ...labels }, value: count, metricName: `${name}_bucket` };
  });
  values.push({ labels, value: sum, metricName: `${name}_sum` }, { labels, value: count, metricName: `${name}_count` });
  return values;
}
