import type { Reach } from './fetch.ts';
import { MINUTE } from './time.ts';

/** Where a key set is, and how far inside that may be. */
export interface KeySetAddress {
  readonly url: string;
  readonly reach: Reach;
}

/** How a key set is fetched where the ways of libraries (sidecar-sdk.md 2.5) are not wanted. Durations in seconds. */
export interface KeySetPace {
  /** From the start of one fetch to the next, whatever came of it. */
  readonly coolDownSeconds: number;
  /** Unknown key ids that are remembered. */
  readonly maxMisses: number;
  /** Between these the `max-age` of the answer says when a removed key is gone at the latest. */
  readonly maxAgeSeconds: { readonly least: number; readonly most: number };
  /** For the whole of one fetch, which is not tried again at once. */
  readonly totalSeconds: number;
}

const SOFT_AGE = 10 * MINUTE;
const SPREAD = 0.1;

/**
 * Seconds until a set is refreshed: 10 minutes more or less, or with a pace a tenth to a fifth before the age that the answer
 * names, so that the promise is kept. `random` is 0..1.
 */
export function softAgeOf(pace: KeySetPace | undefined, maxAgeSeconds: number | undefined, random: number): number {
  if (pace === undefined) return SOFT_AGE * (1 - SPREAD + 2 * SPREAD * random);
  const { least, most } = pace.maxAgeSeconds;
  return Math.min(most, Math.max(least, maxAgeSeconds ?? SOFT_AGE)) * (1 - SPREAD - SPREAD * random);
}

/** The limits of one fetch. */
export function patienceOf(pace: KeySetPace | undefined): {
  readonly totalSeconds?: number;
  readonly retries?: number;
} {
  return pace === undefined ? {} : { totalSeconds: pace.totalSeconds, retries: 0 };
}

/** An address that is given as a URL alone was chosen by whoever configured it. */
export function keySetAddress(given: string | KeySetAddress): KeySetAddress {
  return typeof given === 'string' ? { url: given, reach: 'any' } : given;
}
