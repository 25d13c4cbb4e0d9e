import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openRedisStore } from '../../src/store/redis.ts';
import type { RedisStoreOptions } from '../../src/store/redis.ts';
import type { Store } from '../../src/store/store.ts';
import { startRedis } from '../servers/redis.ts';
import type { TestRedis } from '../servers/redis.ts';
import { assertInTime } from '../in-time.ts';

/** What every operation fails with while its server is no use. */
export const UNAVAILABLE: { readonly name: string } = { name: 'StoreUnavailable' };
/** A value. */
export const VALUE: Buffer = Buffer.from('value');
/** How soon a store answers once its server does. */
export const BACK_MS = 2000;

/** A server, and a store on it that has answered. */
export async function world(t: TestContext, ...args: readonly string[]): Promise<{ redis: TestRedis; store: Store }> {
  const redis = await startRedis(...args);
  t.after(() => redis.close());
  return { redis, store: await opened(t, redis.url) };
}

/** A store on this server that has answered. */
export async function opened(t: TestContext, url: string, options: RedisStoreOptions = {}): Promise<Store> {
  const store = openRedisStore(url, options);
  t.after(() => store.close());
  await untilAnswered(() => store.now());
  return store;
}

/** Asks until there is an answer; how long that took. Anything but StoreUnavailable on the way is wrong. */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
): Promise<{ readonly answer: T; readonly tookMs: number }> {
  const begun = performance.now();
  for (;;) {
    try {
      return { answer: await ask(), tookMs: performance.now() - begun };
    } catch (error) {
      assert.equal(error instanceof Error && error.name, 'StoreUnavailable');
      if (performance.now() - begun > 20_000) throw error;
      await pause(20);
    }
  }
}

/** Asks until it is refused; only this answer may come before. */
export async function untilRefused(ask: () => Promise<unknown>, before: unknown): Promise<number> {
  const begun = performance.now();
  for (;;) {
    try {
      assert.deepEqual(await ask(), before);
    } catch (error) {
      if (error instanceof Error && error.name === 'StoreUnavailable') return performance.now() - begun;
      throw error;
    }
    assertInTime(performance.now() - begun, 4000);
    await pause(20);
  }
}

/** Asks for the value of a key, as text. */
export const valueOf =
  (store: Store, key = 'a') =>
  async (): Promise<string | undefined> =>
    (await store.read(key))?.value.toString();
