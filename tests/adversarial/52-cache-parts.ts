import type { CachedToken, LoadedToken } from '../../src/oauth/tokens/cached-token.ts';
import { createTokenCache } from '../../src/oauth/tokens/token-cache.ts';
import type { TokenKey } from '../../src/oauth/tokens/token-key.ts';
import type { Random } from './scale.ts';

/** How far the clock goes at once, in seconds. */
export const STEPS: readonly [number, ...number[]] = [0, 0.25, 0.5, 1, 1, 3, 7, 7, 61, 600];

/** How long tokens live, in seconds. */
export const LIVES: readonly [number, ...number[]] = [0, 1, 60, 119, 120, 121, 121, 130, 130, 300, 3600, 3600];

/** A token of the fake issuer, as the model remembers it. */
export interface Issued {
  readonly id: string;
  readonly name: string;
  readonly key: TokenKey;
  readonly life: number;
  readonly bytes: number;
  /** When it is asked for, is served no more, and cannot even be the last resort. */
  readonly openedAt: number;
  readonly servedUntil: number;
  readonly staleUntil: number;
  readonly ends: number;
}

/** A fetch under way at the fake issuer. */
export interface Load {
  readonly key: TokenKey;
  readonly name: string;
  readonly openedAt: number;
  background: boolean;
  readonly waiters: Waiter[];
  readonly succeed: (token: LoadedToken<string>) => void;
  readonly fail: (error: Error) => void;
  /** Neither its client nor everything was forgotten since. */
  wanted: boolean;
}

/** One who waits for a fetch, and how its token will have been come by. */
interface Waiter {
  readonly skip: boolean;
  readonly result: 'miss' | 'joined' | 'skipped';
  readonly controller: AbortController;
  readonly outcome: Promise<CachedToken<string> | Error>;
}

/** What a model may count on: with room for everything, exactly what happens; else only what must not. */
export interface ModelOptions {
  readonly random: Random;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly exact: boolean;
}

/** How often what happened; a run in which something never happens tests nothing of it. */
export type Tally = Record<
  'hit' | 'miss' | 'joined' | 'skipped' | 'stale' | 'failed' | 'aborted' | 'refreshed' | 'forgotten' | 'evicted',
  number
>;

/** A key as one text: no two have the same. */
export const nameOf = (key: TokenKey): string =>
  JSON.stringify(Object.entries(key).map(([member, value]) => [member, value ?? null, value === undefined]));

/** Lets everything that is under way without a timer end. */
export async function drain(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Whether it has ended by now. */
export async function isSettled(outcome: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await drain();
  return (await Promise.race([outcome, Promise.resolve(pending)])) !== pending;
}

/** A token, and by the rules of the cache how long it may be served. */
export function issue(
  { key, name, openedAt }: Load,
  said: { readonly id: string; readonly life: number; readonly until: number | undefined; readonly bytes: number },
): Issued {
  const { life, until = Number.POSITIVE_INFINITY } = said;
  const ends = openedAt + life;
  const servedUntil = Math.min(openedAt + (life > 120 ? life - 120 : life / 2), until);
  const staleUntil = key.grant === 'machine' ? Math.max(servedUntil, ends - 30) : servedUntil;
  return { ...said, name, key, openedAt, ends, servedUntil, staleUntil };
}

/** Nothing has happened. */
export function emptyTally(): Tally {
  const counts = { hit: 0, miss: 0, joined: 0, skipped: 0, stale: 0, failed: 0, aborted: 0 };
  return { ...counts, refreshed: 0, forgotten: 0, evicted: 0 };
}

/** What each key of each client costs in bytes, learnt from a cache that holds nothing else. */
export async function costsOf(keys: readonly TokenKey[], clients: readonly string[]): Promise<Map<string, number>> {
  const costs = new Map<string, number>();
  for (const clientId of clients) {
    for (const key of keys.map((each) => ({ ...each, clientId }))) {
      const probe = createTokenCache<string>({ now: () => 0, everySecond: () => () => {} });
      await probe.get(key, async () => ({ value: 'x', expiresIn: 3600, bytes: 0 }));
      costs.set(nameOf(key), probe.size().bytes);
    }
  }
  return costs;
}
