import type { Clock } from '../../oauth/time.ts';

/** Counts what each client has in the replay store. */
export interface ReplayQuota {
  /** Counts one more that lives until then, in seconds since the epoch; false, and nothing counted, when the client is at its limit. */
  enter(client: string, expiresAt: number): boolean;
  /** Takes one back that turned out not to be remembered, or not to be new. */
  leave(client: string, expiresAt: number): void;
  /** Clients that are counted now. */
  size(): number;
}

/** How many may live at once. */
export interface ReplayQuotaOptions {
  readonly now: Clock;
  /** Of one client over all processes; 100,000 unless given. */
  readonly perClient?: number;
  /** Processes that share the requests of every client; each admits its part. */
  readonly workers?: number;
  /** Clients that are counted at once; beyond it the longest unused are counted anew. */
  readonly maxClients?: number;
}

const PER_CLIENT = 100_000;
const MAX_CLIENTS = 20_000;

interface Count {
  total: number;
  /** How many end in which second. */
  readonly ends: Map<number, number>;
  /** The second this was last looked through for what has ended. */
  lookedAt: number;
}

/**
 * An exact count per client, in memory that is bounded: one number for each second of the longest life. Without it one client
 * could fill the store for all.
 */
export function createReplayQuota(options: ReplayQuotaOptions): ReplayQuota {
  const { now, perClient = PER_CLIENT, workers = 1, maxClients = MAX_CLIENTS } = options;
  const limit = Math.max(1, Math.floor(perClient / workers));
  const counts = new Map<string, Count>();

  const add = (count: Count, second: number, change: number): void => {
    const left = (count.ends.get(second) ?? 0) + change;
    count.total += change;
    if (left > 0) count.ends.set(second, left);
    else count.ends.delete(second);
  };
  const live = (count: Count): number => {
    const second = Math.floor(now());
    if (count.lookedAt !== second) {
      count.lookedAt = second;
      for (const [end, many] of count.ends) if (end <= second) add(count, end, -many);
    }
    return count.total;
  };
  return {
    enter(client, expiresAt) {
      const count = counts.get(client) ?? { total: 0, ends: new Map(), lookedAt: 0 };
      if (live(count) >= limit) return false;
      add(count, Math.ceil(expiresAt), 1);
      counts.delete(client);
      counts.set(client, count);
      const oldest = counts.keys().next();
      if (counts.size > maxClients && oldest.done !== true) counts.delete(oldest.value);
      return true;
    },
    leave(client, expiresAt) {
      const count = counts.get(client);
      const second = Math.ceil(expiresAt);
      if (count !== undefined && (count.ends.get(second) ?? 0) > 0) add(count, second, -1);
    },
    size: () => counts.size,
  };
}
