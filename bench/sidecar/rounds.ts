import type { Burst } from '../shared/closed-loop.ts';
import { median, printTable, spread } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { Asking } from './asking.ts';
import type { Load } from './load.ts';

/** One server in one round. */
interface Sample extends Burst {
  /** Processor time of the server for one request, in microseconds. */
  readonly cpu: number;
}

/** One kind of request in all rounds, at the bare server and at ours. */
interface Pair {
  readonly bare: Sample[];
  readonly ours: Sample[];
}

/** What is measured with what. */
export interface RoundsPlan {
  readonly ours: BenchServer;
  readonly bare: BenchServer;
  readonly load: Load;
  readonly requests: number;
  readonly rounds: number;
  readonly warmUp: number;
}

/** What is asked for; `path` is that of the bare server. */
export interface Kind {
  readonly asking: Asking;
  readonly barePath: string;
  /** For what a bar is set. */
  readonly isJudged: boolean;
}

const CONNECTIONS = 16;
/** sidecar-sdk.md P3. */
const SHARE = 0.8;
const PER_SECOND = 10_000;
const P99_MS = 5;

/**
 * Every kind of request at the bare server and at ours in turn, round after round: what else the machine does hits both alike. The bar
 * is held against processor time, since that is what a request costs whoever shares the machine; requests a second are told beside it.
 */
export async function compareWithBare(kinds: Readonly<Record<string, Kind>>, plan: RoundsPlan): Promise<Figure[]> {
  const pairs = new Map<string, Pair>(Object.keys(kinds).map((name) => [name, { bare: [], ours: [] }]));
  for (let round = -plan.warmUp; round < plan.rounds; round += 1) {
    for (const [name, { asking, barePath }] of Object.entries(kinds)) {
      // oxlint-disable no-await-in-loop -- one at a time is the point
      const bare = await measure(plan.bare, { ...asking, path: barePath }, plan);
      const ours = await measure(plan.ours, asking, plan);
      // oxlint-enable no-await-in-loop
      if (round < 0) continue;
      pairs.get(name)?.bare.push(bare);
      pairs.get(name)?.ours.push(ours);
    }
  }
  print(pairs);
  return [...pairs].flatMap(([name, pair]) => figuresOf(name, pair, kinds[name]?.isJudged === true));
}

async function measure(server: BenchServer, asking: Asking, { load, requests }: RoundsPlan): Promise<Sample> {
  const before = server.cpuMicros();
  const { port } = server;
  const burst = await load.ask({ task: 'burst', port, connections: CONNECTIONS, askings: [asking], count: requests });
  return { ...burst, cpu: (server.cpuMicros() - before) / requests };
}

function shares({ bare, ours }: Pair): readonly number[] {
  return ours.map(({ cpu }, round) => (bare[round]?.cpu ?? Number.NaN) / cpu);
}

function print(pairs: ReadonlyMap<string, Pair>): void {
  printTable(
    `One process each, ${CONNECTIONS} connections that stay: median (least..most)`,
    ['request', 'server', 'cpu us/request', 'x of bare (cpu)', 'requests/s', 'p50 ms', 'p99 ms'],
    [...pairs].flatMap(([name, pair]) =>
      (['bare', 'ours'] as const).map((side) => [
        name,
        side,
        spread(valuesOf(pair[side], 'cpu'), 1),
        side === 'bare' ? '' : spread(shares(pair), 2),
        spread(valuesOf(pair[side], 'perSecond')),
        spread(valuesOf(pair[side], 'p50'), 2),
        spread(valuesOf(pair[side], 'p99'), 2),
      ]),
    ),
  );
}

function figuresOf(name: string, pair: Pair, isJudged: boolean): Figure[] {
  const both = (value: keyof Sample): Pick<Figure, 'ours' | 'theirs'> => ({
    ours: median(valuesOf(pair.ours, value)),
    theirs: median(valuesOf(pair.bare, value)),
  });
  const bar = (target: number): Pick<Figure, 'target'> => (isJudged ? { target } : {});
  return [
    { figure: `${name}: part of a bare server, by cpu`, ours: median(shares(pair)), ...bar(SHARE) },
    { figure: `${name}: cpu us/request beside a bare server`, ...both('cpu'), better: 'lower' },
    { figure: `${name}: requests/s beside a bare server`, ...both('perSecond'), ...bar(PER_SECOND) },
    { figure: `${name}: p99 ms beside a bare server`, ...both('p99'), ...bar(P99_MS), better: 'lower' },
  ];
}

function valuesOf(samples: readonly Sample[], name: keyof Sample): readonly number[] {
  return samples.map((sample) => sample[name]);
}
