/** Which sessions' refresh failed a moment ago: the provider is not asked again for every request. */
import type { Clock } from '../../oauth/time.ts';

const PAUSE_SECONDS = 5;
const MAX_ENTRIES = 10_000;

/** Failures of the last five seconds, in this process. */
export interface RefreshFailures {
  add(key: string): void;
  isRecent(key: string): boolean;
}

/** An empty memory of at most 10,000 failures; the oldest are forgotten first. */
export function createRefreshFailures(now: Clock): RefreshFailures {
  const failedAt = new Map<string, number>();
  return {
    add(key) {
      failedAt.delete(key);
      failedAt.set(key, now());
      const [oldest] = failedAt.keys();
      if (failedAt.size > MAX_ENTRIES && oldest !== undefined) failedAt.delete(oldest);
    },
    isRecent(key) {
      const passed = now() - (failedAt.get(key) ?? -Infinity);
      // Less than nothing: the clock was set back, and nobody is to wait for the old time to return.
      return passed >= 0 && passed < PAUSE_SECONDS;
    },
  };
}
