import { setTimeout as pause } from 'node:timers/promises';
import type { Judged, LoginFleet, Member } from './27-36-fleet.ts';
import type { Random } from './scale.ts';

/** One judged request of a load; times in milliseconds of `performance.now`. */
export interface Sample extends Judged {
  readonly member: Member;
  readonly begun: number;
  readonly took: number;
}

/** A load that goes on until it is stopped. */
interface Load {
  readonly samples: readonly Sample[];
  stop(): Promise<void>;
}

const WORKERS = 12;
const PAUSE_MS = 20;

/** About 500 requests a second, each of a random member at a random proxy, all judged by the oracle. */
export function startLoad(fleet: LoginFleet, members: readonly Member[], random: Random): Load {
  const samples: Sample[] = [];
  const stopping = new AbortController();
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const replica = fleet.replicas[random.below(fleet.replicas.length)];
      const member = members[random.below(members.length)];
      if (replica === undefined || member === undefined) throw new Error('nothing to load');
      const begun = performance.now();
      const judged = await fleet.judge(replica, member);
      samples.push({ ...judged, member, begun, took: performance.now() - begun });
      await pause(PAUSE_MS);
    }
  };
  const running = Promise.all(Array.from({ length: WORKERS }, work));
  return {
    samples,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
