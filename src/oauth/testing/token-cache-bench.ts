import type { TestContext } from 'node:test';
import { unreachable } from '../token-endpoint/token-failure.ts';
import type { LoadedToken, TokenCacheEvent } from '../tokens/cached-token.ts';
import { createTokenCache } from '../tokens/token-cache.ts';
import type { GetOptions, TokenCache, TokenCacheOptions } from '../tokens/token-cache.ts';
import type { TokenKey } from '../tokens/token-key.ts';

/** A cache whose clock, tick and issuer belong to the test. */
export interface CacheBench {
  /** Seconds since the epoch. */
  time: number;
  loads: number;
  readonly cache: TokenCache<string>;
  readonly events: TokenCacheEvent[];
  /** What the issuer gives; a token that says how many were loaded before unless changed. */
  issue: () => Partial<LoadedToken<string>> | Promise<Partial<LoadedToken<string>>>;
  /** Value, seconds left, and how it was come by. */
  get(key: Partial<TokenKey>, options?: GetOptions): Promise<string>;
  /** Lets this time pass and the work of each second be done; what it began has ended then. */
  pass(seconds: number): Promise<void>;
}

/** A machine's key, but for what is given. */
export function keyOf(key: Partial<TokenKey> = {}): TokenKey {
  return { provider: 'p', issuer: 'https://op.test', clientId: 'c', grant: 'machine', target: 't', ...key };
}

/** What a token endpoint that is not there throws. */
export function away(retryAfterSeconds?: number): Error {
  return unreachable('no connection', { unavailable: true, retryAfterSeconds });
}

/** Waits until everything that is under way without a timer has ended. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Makes one; it ends with the test. */
export function cacheBench(t: TestContext, options: Partial<TokenCacheOptions> = {}): CacheBench {
  const ticks: (() => void)[] = [];
  const events: TokenCacheEvent[] = [];
  const load = async (): Promise<LoadedToken<string>> => {
    bench.loads += 1;
    const value = `t${bench.loads}`;
    return { value, expiresIn: 3600, bytes: 10, ...(await bench.issue()) };
  };
  const cache = createTokenCache<string>({
    now: () => bench.time,
    onEvent: (event) => events.push(event),
    random: () => 0.5,
    everySecond: (work) => {
      ticks.push(work);
      return () => ticks.splice(0);
    },
    ...options,
  });
  const bench: CacheBench = {
    time: 1000,
    loads: 0,
    cache,
    events,
    issue: () => ({}),
    async get(key, how) {
      const { value, secondsLeft, result } = await cache.get(keyOf(key), load, how);
      return `${value} ${secondsLeft} ${result}`;
    },
    async pass(seconds) {
      bench.time += seconds;
      for (const tick of ticks) tick();
      await settled();
    },
  };
  t.after(() => {
    cache.close();
  });
  return bench;
}
