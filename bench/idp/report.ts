import type { Sample } from './rounds.ts';

/** One line for machines. Where there is a peer `ratio` says how many times better ours is; the target of a figure without peer is a ceiling. */
export interface Figure {
  readonly figure: string;
  readonly ours: number;
  readonly peer?: string;
  readonly theirs?: number;
  readonly ratio?: number;
  readonly target?: number;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A median with its spread. */
export function spread(values: readonly number[]): string {
  return `${Math.round(median(values))} (${Math.round(Math.min(...values))}..${Math.round(Math.max(...values))})`;
}

/** The rounds of one algorithm as a table. */
export function printSamples(alg: string, samples: ReadonlyMap<string, readonly Sample[]>, bare: number): void {
  console.log(`\n${alg} for assertion and token; one verification and one signature alone take ${Math.round(bare)} us`);
  console.log(row('side', 'cpu us/request', 'requests/s', 'client us/request', 'share of bare cryptography'));
  for (const [side, of] of samples) {
    const cpu = of.map((each) => each.cpuMicros);
    const rate = of.map((each) => each.perSecond);
    const client = of.map((each) => each.clientMicros);
    console.log(row(side, spread(cpu), spread(rate), spread(client), `${Math.round((100 * bare) / median(cpu))} %`));
  }
}

/** The lines for machines, last. */
export function printFigures(figures: readonly Figure[]): void {
  console.log('');
  for (const figure of figures) console.log(JSON.stringify({ bench: 'idp', ...rounded(figure), ...verdict(figure) }));
}

function row(side: string, ...columns: readonly string[]): string {
  return (
    side.padEnd(16) +
    columns
      .map((column) => column.padEnd(22))
      .join('')
      .trimEnd()
  );
}

function rounded(figure: Figure): Figure {
  return {
    ...figure,
    ours: whole(figure.ours),
    ...(figure.theirs === undefined ? {} : { theirs: whole(figure.theirs) }),
    ...(figure.ratio === undefined ? {} : { ratio: Number(figure.ratio.toFixed(2)) }),
  };
}

/** A timing never fails: whether the target was met is only said. */
function verdict({ ours, ratio, target }: Figure): { readonly met?: boolean } {
  if (target === undefined) return {};
  return { met: ratio === undefined ? ours < target : ratio >= target };
}

function whole(value: number): number {
  return value < 10 ? Number(value.toFixed(3)) : Math.round(value);
}
