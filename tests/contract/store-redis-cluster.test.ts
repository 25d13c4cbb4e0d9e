import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openRedisStore } from '../../src/store/redis.ts';
import type { Store } from '../../src/store/store.ts';
import { noRedis } from '../servers/redis.ts';
import { startRedisCluster, tellRedis } from '../servers/redis-cluster.ts';
import { age } from './redis-age.ts';
import { untilReady } from './redis-ready.ts';
import { storeContract } from './store.ts';

const KEYS = 60;
const FAILOVER_MS = 60_000;

const cluster = noRedis === false ? await startRedisCluster({ primaries: 3, replicas: 1 }) : undefined;
after(() => cluster?.close());

function opened(t: { after(end: () => Promise<void>): void }, prefix: string): Store {
  const store = openRedisStore(cluster?.url ?? '', { prefix });
  t.after(() => store.close());
  return store;
}

storeContract(
  'redis cluster',
  async (t) => {
    const prefix = `test ${randomUUID()}:`;
    const [store, other] = [opened(t, prefix), opened(t, prefix)];
    await Promise.all([untilReady(store), untilReady(other)]);
    const urls = (cluster?.primaries ?? []).map(({ url }) => url);
    return {
      store,
      other,
      advance: async (seconds) => void (await Promise.all(urls.map((url) => age(url, prefix, seconds)))),
    };
  },
  noRedis,
);

/** Reads every key; those whose part of the cluster is away count as unavailable, and nothing may be missing or wrong. */
async function readAll(store: Store): Promise<number> {
  const asked = Array.from({ length: KEYS }, async (_, i) => {
    try {
      assert.equal((await store.read(`key ${i}`))?.value.toString(), `value ${i}`);
      return 0;
    } catch (error) {
      if (error instanceof Error && error.name === 'StoreUnavailable') return 1;
      throw error;
    }
  });
  return (await Promise.all(asked)).reduce<number>((sum, one) => sum + one, 0);
}

async function untilWhole(store: Store): Promise<void> {
  const begun = performance.now();
  while ((await readAll(store)) > 0) {
    assert.ok(performance.now() - begun < FAILOVER_MS);
    await pause(50);
  }
}

it('L19 a cluster that moves slots is followed without a wrong answer', { skip: noRedis }, async (t) => {
  const store = opened(t, `test ${randomUUID()}:`);
  await untilReady(store);
  for (let i = 0; i < KEYS; i += 1) await store.put(`key ${i}`, Buffer.from(`value ${i}`), 600);
  const replica = cluster?.replicas[0];
  assert.ok(replica);
  assert.equal(await tellRedis(replica, 'CLUSTER', 'FAILOVER'), 'OK');
  while (!String(await tellRedis(replica, 'ROLE')).startsWith('master')) await readAll(store);
  await untilWhole(store);
});

it('L19 a cluster that lost one of its primaries is unavailable for its keys only, until another has its place', {
  skip: noRedis,
}, async (t) => {
  const store = opened(t, `test ${randomUUID()}:`);
  await untilReady(store);
  for (let i = 0; i < KEYS; i += 1) await store.put(`key ${i}`, Buffer.from(`value ${i}`), 600);
  await cluster?.replaceAfter(1000);
  // After the test before, the first of the primaries follows the one that was its replica.
  await cluster?.replicas[0]?.crash();
  const away = await readAll(store);
  assert.ok(away > 0 && away < KEYS, `${away} of ${KEYS}`);
  await store.publish('ended', 'x');
  await untilWhole(store);
});
