import type { Contender } from './contenders.ts';
import { freshTokens } from './tokens.ts';
import type { TokenWorld } from './tokens.ts';

/** How often each is asked in a round, and how many rounds there are. */
export interface Effort {
  readonly calls: number;
  readonly rounds: number;
}

/** Microseconds for one token, one value a round. */
export type Times = ReadonlyMap<string, readonly number[]>;

const LOT = 100;

/** All take turns, in another order each round, so that a machine that slows down slows all; the first round counts for nobody. */
export async function takeTurns(
  contenders: readonly Contender[],
  world: TokenWorld,
  { calls, rounds }: Effort,
): Promise<Times> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    const turn = contenders.map((_each, at) => contenders[(at + round) % contenders.length]);
    for (const contender of turn) {
      if (contender === undefined) continue;
      const micros = await measure(contender, world, calls);
      if (round > 0) times.get(contender.name)?.push(micros);
    }
  }
  return times;
}

/** In small lots, made outside the time that is taken: a server does not hold ten thousand tokens either, for its collector to carry about. */
async function measure({ run }: Contender, world: TokenWorld, calls: number): Promise<number> {
  let nanoseconds = 0n;
  for (let left = calls; left > 0; left -= LOT) {
    const tokens = freshTokens(world, Math.min(LOT, left));
    const started = process.hrtime.bigint();
    for (const token of tokens) await run(token);
    nanoseconds += process.hrtime.bigint() - started;
  }
  return Number(nanoseconds) / 1000 / calls;
}

/** The least CPU time of several tries, in milliseconds: whatever else the machine does can only add to it. */
export function leastCpuMilliseconds(work: () => void): number {
  const [tries, repeats] = [20, 10];
  const costs = Array.from({ length: tries }, () => {
    const start = process.cpuUsage();
    for (let repeat = 0; repeat < repeats; repeat += 1) work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / repeats;
  });
  return Math.min(...costs);
}
