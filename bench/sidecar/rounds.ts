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

/** Who answers: Texas only where somebody has one. */
const SIDES = ['bare', 'ours', 'texas'] as const;
type Side = (typeof SIDES)[number];

/** One kind of request in all rounds, at each server. */
type Sides = Readonly<Record<Side, Sample[]>>;

/** What is measured with what. */
export interface RoundsPlan {
  readonly servers: Readonly<Record<Exclude<Side, 'texas'>, BenchServer> & { texas: BenchServer | undefined }>;
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
 * Every kind of request at each server in turn, round after round: what else the machine does hits all alike. The bar is held against
 * processor time, since that is what a request costs whoever shares the machine; requests a second are told beside it.
 */
export async function compareWithBare(kinds: Readonly<Record<string, Kind>>, plan: RoundsPlan): Promise<Figure[]> {
  const measured = new Map(
    Object.keys(kinds).map((name): [string, Sides] => [name, { bare: [], ours: [], texas: [] }]),
  );
  for (let round = -plan.warmUp; round < plan.rounds; round += 1) {
    for (const [name, { asking, barePath }] of Object.entries(kinds)) {
      for (const side of SIDES) {
        const server = plan.servers[side];
        if (server === undefined) continue;
        const asked = side === 'bare' ? { ...asking, path: barePath } : asking;
        // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
        const sample = await measure(server, asked, plan);
        if (round >= 0) measured.get(name)?.[side].push(sample);
      }
    }
  }
  print(measured);
  return [...measured].flatMap(([name, sides]) => figuresOf(name, sides, kinds[name]?.isJudged === true));
}

async function measure(server: BenchServer, asking: Asking, { load, requests }: RoundsPlan): Promise<Sample> {
  const before = server.cpuMicros();
  const { port } = server;
  const burst = await load.ask({ task: 'burst', port, connections: CONNECTIONS, askings: [asking], count: requests });
  return { ...burst, cpu: (server.cpuMicros() - before) / requests };
}

function shares(sides: Sides, side: Side): readonly number[] {
  return sides[side].map(({ cpu }, round) => (sides.bare[round]?.cpu ?? Number.NaN) / cpu);
}

function print(measured: ReadonlyMap<string, Sides>): void {
  printTable(
    `One process each, ${CONNECTIONS} connections that stay: median (least..most)`,
    ['request', 'server', 'cpu us/request', 'x of bare (cpu)', 'requests/s', 'p50 ms', 'p99 ms'],
    [...measured].flatMap(([name, sides]) =>
      SIDES.filter((side) => sides[side].length > 0).map((side) => [
        name,
        side,
        spread(valuesOf(sides[side], 'cpu'), 1),
        side === 'bare' ? '' : spread(shares(sides, side), 2),
        spread(valuesOf(sides[side], 'perSecond')),
        spread(valuesOf(sides[side], 'p50'), 2),
        spread(valuesOf(sides[side], 'p99'), 2),
      ]),
    ),
  );
}

function figuresOf(name: string, sides: Sides, isJudged: boolean): Figure[] {
  const beside = (value: keyof Sample, side: Side): Pick<Figure, 'ours' | 'theirs'> => ({
    ours: median(valuesOf(sides.ours, value)),
    theirs: median(valuesOf(sides[side], value)),
  });
  const bar = (target: number): Pick<Figure, 'target'> => (isJudged ? { target } : {});
  const figures: Figure[] = [
    { figure: `${name}: part of a bare server, by cpu`, ours: median(shares(sides, 'ours')), ...bar(SHARE) },
    { figure: `${name}: cpu us/request beside a bare server`, ...beside('cpu', 'bare'), better: 'lower' },
    { figure: `${name}: requests/s beside a bare server`, ...beside('perSecond', 'bare'), ...bar(PER_SECOND) },
    { figure: `${name}: p99 ms beside a bare server`, ...beside('p99', 'bare'), ...bar(P99_MS), better: 'lower' },
  ];
  if (sides.texas.length === 0) return figures;
  return [...figures, { figure: `${name}: cpu us/request beside Texas`, ...beside('cpu', 'texas'), better: 'lower' }];
}

function valuesOf(samples: readonly Sample[], name: keyof Sample): readonly number[] {
  return samples.map((sample) => sample[name]);
}
