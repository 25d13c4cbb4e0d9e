import { openCeiling } from './ceiling-process.ts';
import { closedLoop } from '../shared/closed-loop.ts';
import type { Burst } from '../shared/closed-loop.ts';
import type { RequestMaker } from './requests.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { BenchKeys, Mix } from './world.ts';

/** One server in one round. */
export interface Sample extends Burst {
  /** Processor time of the server for one request, in microseconds. */
  readonly cpu: number;
  /** Of the cryptography alone, measured just before. */
  readonly ceiling: number;
  /** What part of `cpu` that is. */
  readonly share: number;
}

/** A server and how many requests it gets in a round. */
export interface Side {
  readonly server: BenchServer;
  readonly requests: number;
  /** The one status it answers everything with. */
  readonly constant?: number;
}

/** What is measured with what. */
export interface RoundsPlan {
  readonly keys: BenchKeys;
  readonly maker: RequestMaker;
  readonly mix: Mix;
  readonly rounds: number;
  /** Rounds that are not counted: the compiler is still at work. */
  readonly warmUp: number;
  readonly callers?: number;
}

const CONNECTIONS = 16;
const CEILING_TURNS = { RS256: 200, ES256: 1000, EdDSA: 600 } as const;

/** Every server in turn, the ceiling before each of them, round after round: what else the machine does hits all alike. */
export async function runRounds<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  plan: RoundsPlan,
): Promise<Readonly<Record<Name, readonly Sample[]>>> {
  const { keys, maker, mix, callers } = plan;
  const ceiling = await openCeiling(keys, mix, await maker.tokens(mix));
  const turns = CEILING_TURNS[mix.output];
  await ceiling.micros(turns);
  const samples = new Map<string, Sample[]>();
  for (let round = -plan.warmUp; round < plan.rounds; round += 1) {
    for (const [name, { server, requests, constant }] of Object.entries<Side>(sides)) {
      // oxlint-disable no-await-in-loop -- one at a time is the point
      // Both processors are busy while the ceiling is taken, as they are under load: the one beside a busy one is slower.
      const [made, least] = await Promise.all([maker.make(mix, requests, callers), ceiling.micros(turns)]);
      const load = constant === undefined ? made : made.map((each) => ({ ...each, status: constant }));
      const before = server.cpuMicros();
      const burst = await closedLoop(server.port, load, CONNECTIONS);
      const cpu = (server.cpuMicros() - before) / requests;
      // oxlint-enable no-await-in-loop
      if (round < 0) continue;
      samples.set(name, [...(samples.get(name) ?? []), { ...burst, cpu, ceiling: least, share: least / cpu }]);
    }
  }
  await ceiling.close();
  // oxlint-disable-next-line typescript/consistent-type-assertions -- fromEntries forgets the names it was given
  return Object.fromEntries(samples) as Record<Name, Sample[]>;
}
