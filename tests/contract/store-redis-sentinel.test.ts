import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { openRedisStore } from '../../src/store/redis.ts';
import type { Store } from '../../src/store/store.ts';
import { freePort } from '../servers/free-port.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import type { TestRedis } from '../servers/redis.ts';
import { tellRedis } from '../servers/redis-cluster.ts';
import { startSentinel } from '../servers/redis-sentinel.ts';
import { untilReady } from './redis-ready.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

interface World {
  readonly primary: TestRedis;
  readonly replica: TestRedis;
  readonly sentinel: { readonly port: number; readonly url: string };
  readonly store: Store;
}

/** A primary and its replica under a sentinel that knows both, and a store that found them. */
async function world(t: TestContext, url: (sentinel: string) => string | Promise<string>): Promise<World> {
  const primary = await startRedis('--repl-diskless-sync-delay', '0');
  t.after(() => primary.close());
  const replica = await startRedis('--replicaof', '127.0.0.1', String(primary.port));
  t.after(() => replica.close());
  await until(async () => /slave0:.*state=online/.test(String(await tellRedis(primary, 'INFO', 'replication'))));
  const sentinel = await startSentinel(primary);
  t.after(() => sentinel.close());
  const ask = { ...primary, url: `redis://127.0.0.1:${sentinel.port}` };
  await until(async () => /slaves=1/.test(String(await tellRedis(ask, 'INFO', 'sentinel'))));
  const store = openRedisStore(await url(sentinel.url));
  t.after(() => store.close());
  await untilReady(store);
  return { primary, replica, sentinel, store };
}

/** What a server says; undefined while it refuses, or ends connections because its role changes. */
function asked(redis: TestRedis, ...words: readonly string[]): Promise<unknown> {
  return tellRedis(redis, ...words).catch(() => undefined);
}

/** Anything but the value or StoreUnavailable is wrong. */
async function isThere(store: Store, key: string): Promise<boolean> {
  try {
    assert.equal((await store.read(key))?.value.toString(), 'value');
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'StoreUnavailable') return false;
    throw error;
  }
}

it('L19 a failover is followed: unavailable meanwhile, then all that the replica was told', {
  skip: noRedis,
}, async (t) => {
  // The first of the sentinels is away.
  const away = await freePort();
  const { primary, replica, store } = await world(t, (url) => url.replace('//', `//127.0.0.1:${away},`));
  await store.put('a', Buffer.from('value'), 600);
  await until(async () => (await tellRedis(replica, 'EXISTS', 'fullmakt:record:a')) === 1);
  await primary.crash();
  await until(async () => !(await isThere(store, 'a')));
  await until(() => isThere(store, 'a'));
  assert.equal(String(await tellRedis(replica, 'ROLE')).startsWith('master'), true);
  assert.equal(await store.delete('a'), true);
});

it('L19 a primary that was replaced while it lived is left for the new one', { skip: noRedis }, async (t) => {
  const { replica, sentinel, store, primary } = await world(t, (url) => url);
  await store.put('a', Buffer.from('value'), 600);
  await until(async () => (await tellRedis(replica, 'EXISTS', 'fullmakt:record:a')) === 1);
  const ask = { ...primary, url: `redis://127.0.0.1:${sentinel.port}` };
  // It counts a replica before it has heard from it that its link is up, and until then finds none good enough.
  await until(async () => (await asked(ask, 'SENTINEL', 'FAILOVER', 'main')) === 'OK');
  await until(async () => {
    await isThere(store, 'a');
    return String(await asked(replica, 'ROLE')).startsWith('master');
  });
  const replaced = performance.now();
  const isHere = async (): Promise<boolean> => {
    const key = `b ${performance.now()}`;
    await store.put(key, Buffer.from('value'), 600).catch(() => undefined);
    return (await asked(replica, 'EXISTS', `fullmakt:record:${key}`)) === 1;
  };
  await until(isHere);
  const took = performance.now() - replaced;
  assertInTime(took, 3000);
  const version = (await store.read('a'))?.version ?? -1;
  assert.equal(await store.update('a', version, Buffer.from('value')), 'ok');
});

it('L19 a name that no sentinel knows is a store that is unavailable', { skip: noRedis }, async (t) => {
  const primary = await startRedis();
  t.after(() => primary.close());
  const sentinel = await startSentinel(primary);
  t.after(() => sentinel.close());
  const store = openRedisStore(sentinel.url.replace('/main', '/other'));
  t.after(() => store.close());
  await assert.rejects(store.read('a'), { name: 'StoreUnavailable', message: /no sentinel/ });
});
