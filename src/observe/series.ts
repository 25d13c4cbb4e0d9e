/** The labels of one series. */
export type Labels = Record<string, string>;
/** Takes the numbers of one series. */
export type Add = (value: number) => void;
/** Finds or begins the series with these labels. */
export type Series = (labels: Labels) => Add;

/** One metric: how its series begin, and how they end; `drop` gets the very object that `open` got. */
export interface Kept {
  readonly open: Series;
  readonly drop: (labels: Labels) => void;
}

/** What stands in the place of a label there is no room for. */
export const OTHER: string = 'other';
/** Series one metric may have; what comes later is put under `other`, so that no label can eat the memory. */
const MAX_SERIES = 1000;

/** The same metric, each of whose series is opened once, and within the bound; drops all that have these values among their labels. */
export function bounded({ open, drop }: Kept): Kept {
  const series = new Map<string, { readonly labels: Labels; readonly add: Add }>();
  const begin = (labels: Labels): Add => {
    const add = open(labels);
    series.set(keyOf(labels), { labels, add });
    return add;
  };
  return {
    open(labels) {
      const known = series.get(keyOf(labels));
      if (known !== undefined) return known.add;
      if (series.size < MAX_SERIES) return begin(labels);
      const others = Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER]));
      // There may be one already, of events that say so themselves.
      return series.get(keyOf(others))?.add ?? begin(others);
    },
    drop(some) {
      const wanted = Object.entries(some);
      for (const [key, { labels }] of series) {
        if (!wanted.every(([name, value]) => labels[name] === value)) continue;
        drop(labels);
        series.delete(key);
      }
    },
  };
}

/** The values of a metric's labels, each with its length: the names are always the same, in the same order. */
function keyOf(labels: Labels): string {
  let key = '';
  for (const name in labels) key += `${labels[name]?.length ?? 0}:${labels[name] ?? ''}`;
  return key;
}
