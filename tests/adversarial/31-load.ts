import assert from 'node:assert/strict';
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

/** On a busy machine one of so many may find a store that is well slower than its 500 ms, and be told so; where something keeps people out, it is most of them. */
const LATE_ONE_IN = 3;

/** Nobody was served wrongly, and hardly anybody turned away. */
export function assertServed(samples: readonly Sample[]): void {
  assert.ok(samples.every(({ verdict }) => verdict !== 'wrong'));
  assertFewLate(samples);
}

/** Whoever was turned away was told to come again, and was one of a few. */
export function assertFewLate(samples: readonly Sample[]): void {
  const late = samples.filter(({ verdict }) => verdict === 'unavailable');
  assert.deepEqual(new Set(late.map(({ status }) => status)), new Set(late.length === 0 ? [] : [503]));
  assert.ok(late.length <= samples.length / LATE_ONE_IN, `${late.length} of ${samples.length} were turned away`);
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
