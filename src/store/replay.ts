import { StoreUnavailable } from './errors.ts';
import { checkKey } from './limits.ts';

/** Remembers what was used once. All times are seconds since the epoch. */
export interface ReplayStore {
  /**
   * `fresh` exactly once for a key until it expires, however many processes ask at once; `seen` after that. Rejects with
   * StoreUnavailable when it cannot be told, or when the key has expired by the store's own clock and would not be remembered.
   * Throws RangeError for a key that is no well-formed text of 1 to 1024 bytes, or an end that is no finite time.
   */
  claim(key: string, expiresAt: number): Promise<'fresh' | 'seen'>;
  /**
   * Since when nothing was forgotten, by the store's clock; Infinity while that is not known. Ask after a claim: a claim that
   * finds the memory gone moves it.
   */
  rememberedSince(): number;
  /** Rejects with StoreUnavailable unless a claim would be remembered now (it writes). */
  check(): Promise<void>;
  /** Lets go of everything; calling it again does nothing. Claims reject from then on. */
  close(): Promise<void>;
}

/**
 * How long what has expired is kept: a clock that is set back by less changes nothing. One that is set back by more may have
 * forgotten what is live again, so the memory counts from then on.
 */
export const GRACE_SECONDS = 5;

/** How far the clock of a store may be from ours before nothing is entrusted to it. */
const MAX_CLOCK_DIFFERENCE_SECONDS = 30;

/** How long the mark of a readiness check lasts: longer than the clocks may differ. */
export const CHECK_SECONDS: number = 2 * MAX_CLOCK_DIFFERENCE_SECONDS;

/** Throws RangeError for what no replay store has to remember. */
export function checkClaim(key: string, expiresAt: number): void {
  checkKey(key);
  if (!key.isWellFormed()) throw new RangeError('a replay key is well-formed Unicode');
  if (!Number.isFinite(expiresAt)) throw new RangeError('a replay mark ends at a finite time');
}

/** The error for a claim whose end has passed by the store's clock: it would be forgotten at once. */
export function expiredAlready(): StoreUnavailable {
  return new StoreUnavailable('what is to be remembered has expired by the clock of the replay store');
}

/** Throws StoreUnavailable when the store's clock and ours are too far apart for its answers to mean anything. */
export function checkClocks(storeTime: number, ourTime: number): void {
  const difference = Math.round(Math.abs(storeTime - ourTime));
  if (difference > MAX_CLOCK_DIFFERENCE_SECONDS) {
    throw new StoreUnavailable(`the clock of the replay store is ${difference} s away from ours`);
  }
}
