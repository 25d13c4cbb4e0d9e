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
/** Calls in a turn: enough for caches of the processor to be everyone's own again. */
const TURN = 2000;
const WARM_UP_CALLS = 10_000;
/** Share of the time of a lot in which the processor was ours. */
const UNDISTURBED = 0.95;
/** On a machine that is never left alone: so many tries for each lot, all in all, and then whatever comes. */
const PATIENCE = 5;

/**
 * All take turns, in another order each time, so that a machine that slows down slows all alike. Before the first round everyone has been warmed up:
 * what is compiled late must not be measured uncompiled.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  world: TokenWorld,
  { calls, rounds }: Effort,
): Promise<Times> {
  for (const contender of contenders) {
    await runMany(contender, world, WARM_UP_CALLS);
  }
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const sums = await measureRound(contenders, world, calls / TURN);
    for (const [name, nanoseconds] of sums) times.get(name)?.push(nanoseconds / 1000 / calls);
  }
  return times;
}

async function measureRound(
  contenders: readonly Contender[],
  world: TokenWorld,
  turns: number,
): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [at] of contenders.entries()) {
      const contender = contenders[(at + turn) % contenders.length];
      if (contender === undefined) continue;
      sums.set(contender.name, (sums.get(contender.name) ?? 0) + (await runMany(contender, world, TURN)));
    }
  }
  return sums;
}

/**
 * Nanoseconds. In small lots, made outside the time: a server does not hold thousands of tokens either, for its collector to carry about.
 * A lot during which somebody else had the processor says nothing about what is measured here, and is done again.
 */
async function runMany({ run }: Contender, world: TokenWorld, calls: number): Promise<number> {
  let [nanoseconds, patience] = [0, (PATIENCE * calls) / LOT];
  for (let left = calls; left > 0; ) {
    const tokens = freshTokens(world, LOT);
    const used = process.cpuUsage();
    const started = process.hrtime.bigint();
    for (const token of tokens) await run(token);
    const took = Number(process.hrtime.bigint() - started);
    const { user, system } = process.cpuUsage(used);
    const isDisturbed = (user + system) * 1000 < UNDISTURBED * took;
    patience -= 1;
    if (isDisturbed && patience > 0) continue;
    nanoseconds += took;
    left -= LOT;
  }
  return nanoseconds;
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
