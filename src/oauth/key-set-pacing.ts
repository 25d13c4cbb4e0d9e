import type { Clock } from './time.ts';

/** When a key set may be fetched again, so that nobody can make us hammer a provider. */
export interface FetchPacing {
  allowed(): boolean;
  started(): void;
  /** `fruitless`: an unknown key id caused the fetch, and nothing new came. */
  succeeded(result: 'fresh' | 'fruitless'): void;
  failed(): void;
  /** Whether this unknown key id was looked for a moment ago. */
  isKnownMiss(kid: string): boolean;
  missed(kid: string): void;
}

interface Delay {
  readonly first: number;
  readonly most: number;
}

// All in seconds.
const AFTER_SUCCESS: Delay = { first: 5, most: 30 };
const AFTER_FAILURE: Delay = { first: 30, most: 300 };
const BEFORE_FIRST_SET: Delay = { first: 1, most: 30 };
const MISS: Delay = { first: 5, most: 60 };
const JITTER = 0.2;
const MAX_MISSES = 256;

/** What a key set wants other than the rest. */
export interface PacingOptions {
  /** Seconds from the start of one fetch to the next, whatever came of it, in place of pauses that grow. */
  readonly coolDownSeconds?: number;
  /** Unknown key ids that are remembered: 256 unless given. */
  readonly maxMisses?: number;
  /** Seconds to which pauses grow while fetches bring nothing new: 30 unless given. */
  readonly longestPauseSeconds?: number | undefined;
}

/** Keeps the cool-down between fetches and the list of key ids that were not found. */
export function createFetchPacing(
  now: Clock,
  random: () => number = Math.random,
  { coolDownSeconds, maxMisses = MAX_MISSES, longestPauseSeconds = AFTER_SUCCESS.most }: PacingOptions = {},
): FetchPacing {
  let nextFetch = Number.NEGATIVE_INFINITY;
  let successDelay = AFTER_SUCCESS.first;
  let failures = 0;
  let loaded = false;
  const misses = new Map<string, { readonly until: number; readonly delay: number }>();
  const waitFor = (seconds: number): void => {
    if (coolDownSeconds === undefined) nextFetch = now() + seconds * (1 - JITTER + 2 * JITTER * random());
  };
  return {
    allowed: () => now() >= nextFetch,
    started: () => {
      if (coolDownSeconds !== undefined) nextFetch = now() + coolDownSeconds;
    },
    succeeded: (result) => {
      loaded = true;
      failures = 0;
      successDelay = result === 'fresh' ? AFTER_SUCCESS.first : Math.min(longestPauseSeconds, successDelay * 2);
      waitFor(successDelay);
    },
    failed: () => {
      const { first, most } = loaded ? AFTER_FAILURE : BEFORE_FIRST_SET;
      waitFor(Math.min(most, first * 2 ** failures));
      failures += 1;
    },
    isKnownMiss: (kid) => {
      const miss = misses.get(kid);
      if (miss === undefined || miss.until <= now()) return false;
      // The one asked for least lately leaves first.
      misses.delete(kid);
      misses.set(kid, miss);
      return true;
    },
    missed: (kid) => {
      const before = misses.get(kid);
      const delay = before === undefined ? MISS.first : Math.min(MISS.most, before.delay * 2);
      misses.delete(kid);
      misses.set(kid, { until: now() + delay, delay });
      const [oldest] = misses.keys();
      if (misses.size > maxMisses && oldest !== undefined) misses.delete(oldest);
    },
  };
}
