/** One line of the result, for scripts. */
export interface Figure {
  readonly figure: string;
  readonly ours: number;
  readonly theirs?: number;
  /** What `ours` has to reach; without it the figure is only told. */
  readonly target?: number;
  /** Which side of the target is good. */
  readonly better?: 'higher' | 'lower';
}

/** A row of the readable table. */
export type Row = readonly string[];

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** Of values that are in order. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** The middle one, the least and the most. */
export function spread(values: readonly number[], digits: number = 0): string {
  const show = (value: number): string => value.toFixed(digits);
  return `${show(median(values))} (${show(Math.min(...values))}..${show(Math.max(...values))})`;
}

export function printTable(title: string, head: Row, rows: readonly Row[]): void {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of [head, ...rows]) {
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
  }
}

/** Prints the figures of this benchmark, a line of JSON each. */
export function printFigures(bench: string, figures: readonly Figure[]): void {
  console.log('');
  for (const { figure, ours, theirs = null, target = null, better = 'higher' } of figures) {
    const ratio = theirs === null ? null : round(ours / theirs);
    const met = target === null ? null : better === 'higher' ? ours >= target : ours <= target;
    const shown = { ours: round(ours), theirs: theirs === null ? null : round(theirs), ratio, target, met };
    console.log(JSON.stringify({ bench, figure, ...shown }));
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
