import type { CachedToken, LoadedToken } from '../../src/oauth/tokens/cached-token.ts';
import type { TokenKey } from '../../src/oauth/tokens/token-key.ts';

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
export interface Waiter {
  readonly skip: boolean;
  readonly result: 'miss' | 'joined' | 'skipped';
  readonly controller: AbortController;
  readonly outcome: Promise<CachedToken<string> | Error>;
}

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
