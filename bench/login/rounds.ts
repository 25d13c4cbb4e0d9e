import type { Burst } from '../shared/closed-loop.ts';
import { processTree, residentMebibytes } from '../shared/processes.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { Crowd } from './crowd.ts';

/** A proxy, and the browsers that use it by the same name. */
export interface Side {
  readonly name: string;
  readonly server: BenchServer;
  readonly requests: number;
}

/** One proxy in one round. */
export interface Sample extends Burst {
  /** Processor time of the proxy for one request, in microseconds. */
  readonly cpu: number;
  /** Memory of its processes at the end of the round, in MiB; what they share counts for each. */
  readonly resident: number;
}

/** How often, and with how much at once. */
export interface RoundsPlan {
  readonly crowd: Crowd;
  readonly rounds: number;
  /** Rounds that are not counted: the compiler is still at work. */
  readonly warmUp: number;
  readonly connections: number;
}

/** Every proxy in turn, round after round: what else the machine does hits all alike. */
export async function runRounds(
  sides: readonly Side[],
  plan: RoundsPlan,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(sides.map(({ name }) => [name, []]));
  for (let round = -plan.warmUp; round < plan.rounds; round += 1) {
    for (const { name, server, requests } of sides) {
      const before = server.cpuMicros();
      const { port } = server;
      // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
      const burst = await plan.crowd.ask({
        task: 'burst',
        name,
        port,
        count: requests,
        connections: plan.connections,
      });
      const cpu = (server.cpuMicros() - before) / requests;
      if (round >= 0) samples.get(name)?.push({ ...burst, cpu, resident: residentOf(server) });
    }
  }
  return samples;
}

function residentOf({ pid }: BenchServer): number {
  return processTree(pid).reduce((sum, each) => sum + residentMebibytes(each), 0);
}
