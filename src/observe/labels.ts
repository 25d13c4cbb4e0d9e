import type { LabelSource } from './events.ts';
import type { Plain } from './redact.ts';
import { OTHER } from './series.ts';
import type { Labels } from './series.ts';

const MAX_LABEL = 128;

type Fields = Readonly<Record<string, Plain>>;

/** What finds the labels of an event; undefined for an event that the metric leaves out. */
export function labeller(rule: {
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
