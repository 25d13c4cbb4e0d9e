import { endChild, startChild, usageOf } from './child.ts';
import type { Child } from './child.ts';
import { sendAll } from './load.ts';
import { makeRequests } from './requests.ts';
import type { MakeRequest } from './requests.ts';

/** One side of the comparison. */
export interface Side {
  readonly name: string;
  readonly file: string;
  readonly task: object;
  /** The listener that is asked. */
  readonly listener: string;
  readonly make: MakeRequest;
}

/** One round of one side. */
export interface Sample {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly clientMicros: number;
}

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  readonly requests: number;
  readonly warmUp: number;
}

const CONNECTIONS = 16;

/** Every side in its own process, in turn within each round; what they used, by the name of the side. */
export async function runRounds(
  sides: readonly Side[],
  { rounds, requests, warmUp }: Effort,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>();
  const running = await Promise.all(
    sides.map(async (side) => ({ side, child: await startChild(side.file, side.task) })),
  );
  for (const { side, child } of running) await measure(child, side, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const { side, child } of running) {
      const sample = await measure(child, side, requests);
      samples.set(side.name, [...(samples.get(side.name) ?? []), sample]);
    }
  }
  await Promise.all(running.map(({ child }) => endChild(child)));
  return samples;
}

async function measure(child: Child, side: Side, count: number): Promise<Sample> {
  const load = {
    port: child.ports[side.listener] ?? 0,
    requests: await makeRequests(side.make, count),
    connections: CONNECTIONS,
  };
  const before = await usageOf(child);
  const own = process.cpuUsage();
  const startedAt = performance.now();
  await sendAll(load);
  const elapsed = (performance.now() - startedAt) / 1000;
  const spent = process.cpuUsage(own);
  const after = await usageOf(child);
  return {
    cpuMicros: (after.cpuMicros - before.cpuMicros) / count,
    perSecond: count / elapsed,
    clientMicros: (spent.user + spent.system) / count,
  };
}
