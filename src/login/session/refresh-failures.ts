/** Which sessions' refresh failed a moment ago: the provider is not asked again for every request. */
import type { Clock } from '../../oauth/time.ts';

const PAUSE_SECONDS = 5;
const MAX_ENTRIES = 10_000;

/** Failures of the last seconds, in this process. */
export interface RefreshFailures {
  /** Nobody is to try for so many seconds: five unless told. */
  add(key: string, seconds?: number): void;
  isRecent(key: string): boolean;
  /** What failed has come to a good end. */
  forget(key: string): void;
}

/** An empty memory of at most 10,000 failures; the oldest are forgotten first. */
export function createRefreshFailures(now: Clock): RefreshFailures {
  const failed = new Map<string, { readonly at: number; readonly seconds: number }>();
  return {
    add(key, seconds = PAUSE_SECONDS) {
      failed.delete(key);
      failed.set(key, { at: now(), seconds });
      const [oldest] = failed.keys();
      if (failed.size > MAX_ENTRIES && oldest !== undefined) failed.delete(oldest);
    },
    forget: (key) => void failed.delete(key),
    isRecent(key) {
      const last = failed.get(key);
      if (last === undefined) return false;
      const passed = now() - last.at;
      // Less than nothing: the clock was set back, and nobody is to wait for the old time to return.
      return passed >= 0 && passed < last.seconds;
    },
  };
}
