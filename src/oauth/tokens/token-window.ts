import type { LoadedToken } from './cached-token.ts';

/** When what happens to a kept token; seconds since the epoch unless said otherwise. */
export interface TokenWindow {
  /** Served from the cache until then. */
  readonly servedUntil: number;
  /** Served until then when there is no other way; `servedUntil` where that is never done. */
  readonly staleUntil: number;
  /** Fetched anew in the background from then on; infinite: never. */
  readonly refreshAt: number;
  /** How long the token would be served by its own life, in seconds. */
  readonly seconds: number;
}

/** What a kind of token may have. */
export interface WindowRules {
  readonly refreshAhead: boolean;
  readonly staleOnError: boolean;
  /** 0 up to 1: spreads refreshes, so that tokens fetched together are not fetched together for ever. */
  readonly random: () => number;
}

/** Safety margin at the end of a token's life, in seconds; tokens that live no longer than this are kept for half their life. */
const MARGIN_SECONDS = 120;
const STALE_MARGIN_SECONDS = 30;
const ABSURD_SECONDS = 10 * 365 * 24 * 60 * 60;
const REFRESH_FROM = 0.75;
const REFRESH_SPREAD = 0.1;

/** The window of a token asked for at `loadedAt`; undefined if it is not to be kept at all (sidecar-sdk.md 2.7). */
export function windowOf(
  { expiresIn, until = Number.POSITIVE_INFINITY }: LoadedToken<unknown>,
  loadedAt: number,
  rules: WindowRules,
): TokenWindow | undefined {
  if (!(expiresIn > 0 && expiresIn < ABSURD_SECONDS) || Number.isNaN(until)) return undefined;
  const seconds = expiresIn > MARGIN_SECONDS ? expiresIn - MARGIN_SECONDS : expiresIn / 2;
  const servedUntil = Math.min(loadedAt + seconds, until);
  const lastResort = Math.min(loadedAt + expiresIn - STALE_MARGIN_SECONDS, until);
  // Of the token's own window: where something else ends it earlier, a new token would end no later.
  const mark = loadedAt + seconds * (REFRESH_FROM + REFRESH_SPREAD * rules.random());
  return {
    servedUntil,
    staleUntil: rules.staleOnError ? Math.max(servedUntil, lastResort) : servedUntil,
    refreshAt: rules.refreshAhead && mark < servedUntil ? mark : Number.POSITIVE_INFINITY,
    seconds,
  };
}
