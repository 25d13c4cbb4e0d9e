import { StoreUnavailable } from './errors.ts';
import { checkClaim, expiredAlready, GRACE_SECONDS } from './replay.ts';
import type { ReplayStore } from './replay.ts';

/** `now` in seconds since the epoch. */
export interface MemoryReplayOptions {
  readonly now: () => number;
  /** Keys that are remembered at once, 400,000 unless given (some 60 MB). At that number claims reject. */
  readonly maxEntries?: number;
}

const MAX_ENTRIES = 400_000;
const FIRST_SWEEP_AT = 1024;

const full = (): StoreUnavailable => new StoreUnavailable('the replay store is full');

/** A replay store for one process; it remembers since it was made. */
export function createMemoryReplay({ now, maxEntries = MAX_ENTRIES }: MemoryReplayOptions): ReplayStore {
  const ends = new Map<string, number>();
  let sweepAt = FIRST_SWEEP_AT;
  let since = now();
  let latest = since;
  let open = true;

  const tick = (): number => {
    const time = now();
    if (time < latest - GRACE_SECONDS) since = time;
    latest = time < latest - GRACE_SECONDS ? time : Math.max(latest, time);
    return time;
  };
  const sweep = (time: number): void => {
    for (const [key, end] of ends) if (end + GRACE_SECONDS <= time) ends.delete(key);
    // As many new entries as are left now come before the next sweep: its cost per entry stays the same however many.
    sweepAt = Math.max(FIRST_SWEEP_AT, ends.size * 2);
  };
  const claim = async (key: string, expiresAt: number): Promise<'fresh' | 'seen'> => {
    if (!open) throw new StoreUnavailable('the replay store is closed');
    checkClaim(key, expiresAt);
    const time = tick();
    if (expiresAt <= time) throw expiredAlready();
    const known = ends.get(key);
    if (known !== undefined && known > time) return 'seen';
    if (ends.size >= Math.min(sweepAt, maxEntries)) sweep(time);
    if (known === undefined && ends.size >= maxEntries) throw full();
    ends.set(key, expiresAt);
    return 'fresh';
  };

  return {
    claim,
    rememberedSince: () => since,
    async check() {
      if (!open) throw new StoreUnavailable('the replay store is closed');
      if (ends.size >= maxEntries) sweep(tick());
      if (ends.size >= maxEntries) throw full();
    },
    async close() {
      open = false;
      ends.clear();
    },
  };
}
