import { median, printTable, spread } from '../shared/report.ts';
import type { Figure, Row } from '../shared/report.ts';
import { runRounds } from './rounds.ts';
import type { RoundsPlan, Sample } from './rounds.ts';
import type { BenchServer } from '../shared/servers.ts';
import { nameOf } from './world.ts';
import type { Mix } from './world.ts';

/** Who takes part, and how much is asked of them. */
export interface ComparisonPlan extends Omit<RoundsPlan, 'mix'> {
  readonly ours: BenchServer;
  readonly peer: BenchServer;
  readonly constant: BenchServer;
  readonly requests: number;
}

const HEAD: Row = ['mix', 'side', 'cpu us/request', 'requests/s', 'p50 ms', 'p99 ms', '% of ceiling', 'ceiling us'];
const TARGET_SHARE: Readonly<Record<string, number>> = { 'RS256/RS256/RS256': 0.8, 'RS256/RS256/ES256': 0.5 };

/** Ours, the peer and the bare HTTP stack, in turn. Gives the figures, and how many requests a second of the first mix saturate ours. */
export async function compareWithPeer(
  mixes: readonly Mix[],
  plan: ComparisonPlan,
): Promise<{ readonly figures: readonly Figure[]; readonly saturation: number }> {
  const { ours, peer, constant, requests } = plan;
  const [rows, figures, rates]: [Row[], Figure[], number[]] = [[], [], []];
  for (const mix of mixes) {
    const sides = {
      ours: { server: ours, requests },
      'oidc-provider': { server: peer, requests: Math.ceil(requests / 3) },
      constant: { server: constant, requests, constant: 200 },
    };
    // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
    const samples = await runRounds(sides, { ...plan, mix });
    rows.push(...rowsOf(nameOf(mix), samples));
    figures.push(...figuresOf(nameOf(mix), samples.ours, samples['oidc-provider']));
    const bare = medianOf(samples.constant, 'cpu');
    figures.push({ figure: `${nameOf(mix)} same HTTP stack, constant answer: cpu us/request`, ours: bare });
    rates.push(medianOf(samples.ours, 'perSecond'));
  }
  printTable('One process each; ours with replay store, audit file and log: median (least..most)', HEAD, rows);
  return { figures, saturation: rates[0] ?? 0 };
}

/** Variants of ours beside each other, in turn. */
export async function compareVariants(
  title: string,
  variants: Readonly<Record<string, BenchServer>>,
  plan: Omit<RoundsPlan, 'mix'> & { readonly mixes: readonly Mix[]; readonly requests: number },
): Promise<readonly Figure[]> {
  const [rows, figures]: [Row[], Figure[]] = [[], []];
  for (const mix of plan.mixes) {
    const sides = Object.fromEntries(
      Object.entries(variants).map(([name, server]) => [name, { server, requests: plan.requests }]),
    );
    // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
    const samples = await runRounds(sides, { ...plan, mix });
    rows.push(...rowsOf(nameOf(mix), samples));
    for (const [name, list] of Object.entries(samples)) {
      figures.push(
        { figure: `${nameOf(mix)} ${name}: cpu us/request`, ours: medianOf(list, 'cpu') },
        { figure: `${nameOf(mix)} ${name}: requests/s`, ours: medianOf(list, 'perSecond') },
        { figure: `${nameOf(mix)} ${name}: share of the ceiling`, ours: medianOf(list, 'share') },
      );
    }
  }
  printTable(title, HEAD, rows);
  return figures;
}

export function medianOf(samples: readonly Sample[], name: keyof Sample): number {
  return median(samples.map((sample) => sample[name]));
}

function rowsOf(mix: string, samples: Readonly<Record<string, readonly Sample[]>>): readonly Row[] {
  return Object.entries(samples).map(([side, list]) => {
    const of = (name: keyof Sample, digits: number): string =>
      spread(
        list.map((sample) => sample[name]),
        digits,
      );
    const share =
      side === 'constant'
        ? '-'
        : spread(
            list.map((sample) => sample.share * 100),
            0,
          );
    return [mix, side, of('cpu', 0), of('perSecond', 0), of('p50', 2), of('p99', 1), share, of('ceiling', 0)];
  });
}

function figuresOf(mix: string, ours: readonly Sample[], theirs: readonly Sample[]): readonly Figure[] {
  const both = (name: keyof Sample): Pick<Figure, 'ours' | 'theirs'> => ({
    ours: medianOf(ours, name),
    theirs: medianOf(theirs, name),
  });
  const cpu = both('cpu');
  const target = TARGET_SHARE[mix];
  return [
    { figure: `${mix} cpu us/request`, ...cpu, target: cpu.theirs ?? 0, better: 'lower' },
    { figure: `${mix} share of the ceiling`, ...both('share'), ...(target === undefined ? {} : { target }) },
    { figure: `${mix} requests/s`, ...both('perSecond') },
    { figure: `${mix} p50 ms`, ...both('p50'), better: 'lower' },
    { figure: `${mix} p99 ms`, ...both('p99'), better: 'lower' },
  ];
}
