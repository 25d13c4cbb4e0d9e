import type { Clock } from '../time.ts';
import { createOldestFirst } from './oldest-first.ts';

/** Background work by provider: a few at once for each, and none while the provider asked for a pause. */
export interface RefreshLanes {
  /** Does the work as soon as its turn comes; it may find by then that nothing is to be done. */
  enqueue(provider: string, key: string): void;
  /** Does the work now if there is room; says whether. */
  runNow(provider: string, work: () => Promise<void>): boolean;
  /** No more work is begun for so many seconds. */
  pause(provider: string, seconds: number): void;
  /** Begins what pauses held up. */
  resume(): void;
  /** Forgets what waits. */
  clear(): void;
}

interface Lane {
  readonly waiting: Set<string>;
  readonly first: () => string | undefined;
  running: number;
  /** Seconds since the epoch. */
  pausedUntil: number;
}

const MAX_RUNNING = 8;

/** Makes the lanes; `run` begins the work of one key, or returns undefined if there is none. It never rejects. */
export function createRefreshLanes(now: Clock, run: (key: string) => Promise<void> | undefined): RefreshLanes {
  const lanes = new Map<string, Lane>();

  function laneOf(provider: string): Lane {
    const known = lanes.get(provider);
    if (known !== undefined) return known;
    const waiting = new Set<string>();
    const first = createOldestFirst(() => waiting.values()).next;
    const lane = { waiting, first, running: 0, pausedUntil: Number.NEGATIVE_INFINITY };
    lanes.set(provider, lane);
    return lane;
  }

  function hasRoom(lane: Lane): boolean {
    return lane.running < MAX_RUNNING && now() >= lane.pausedUntil;
  }

  function begin(lane: Lane, work: Promise<void> | undefined): void {
    if (work === undefined) return;
    lane.running += 1;
    void work.finally(() => {
      lane.running -= 1;
      pump(lane);
    });
  }

  function pump(lane: Lane): void {
    while (hasRoom(lane)) {
      const key = lane.first();
      if (key === undefined) return;
      lane.waiting.delete(key);
      begin(lane, run(key));
    }
  }

  return {
    enqueue(provider, key) {
      const lane = laneOf(provider);
      lane.waiting.add(key);
      pump(lane);
    },
    runNow(provider, work) {
      const lane = laneOf(provider);
      if (!hasRoom(lane)) return false;
      begin(lane, work());
      return true;
    },
    pause(provider, seconds) {
      const lane = laneOf(provider);
      lane.pausedUntil = Math.max(lane.pausedUntil, now() + seconds);
    },
    resume() {
      for (const lane of lanes.values()) pump(lane);
    },
    clear() {
      for (const lane of lanes.values()) lane.waiting.clear();
    },
  };
}
