import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardStore } from '../../src/login/store/guarded-store.ts';
import { createFaultProxy } from '../fault-proxy.ts';
import { noRedis } from '../servers/redis.ts';
import { tellRedis } from '../servers/redis-cluster.ts';
import { BACK_MS, opened, UNAVAILABLE, untilAnswered, VALUE, valueOf, world } from './redis-faults.ts';
import { assertInTime } from '../in-time.ts';
import { until } from '../until.ts';

describe('L19 a store in Redis whose connections fail', { skip: noRedis }, () => {
  it('gives no part of a record when the connection is cut in the middle of it, and the whole one afterwards', async (t) => {
    const { redis } = await world(t);
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: redis.port });
    t.after(() => proxy.close());
    const store = await opened(t, `redis://127.0.0.1:${proxy.port}`);
    const large = Buffer.alloc(300_000, 7);
    await store.put('a', large, 60);
    proxy.set({ kind: 'dropAfter', bytes: 100_000 });
    await assert.rejects(store.read('a'), UNAVAILABLE);
    proxy.set({ kind: 'pass' });
    const { answer, tookMs } = await untilAnswered(() => store.read('a'));
    assert.ok(answer?.value.equals(large));
    assertInTime(tookMs, BACK_MS);
  });

  it('is read at the second try, by whoever may try twice, when one answer was cut', async (t) => {
    const { redis } = await world(t);
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: redis.port });
    t.after(() => proxy.close());
    const store = guardStore(await opened(t, `redis://127.0.0.1:${proxy.port}`));
    await store.put('a', VALUE, 60);
    proxy.set({ kind: 'reset' });
    proxy.set({ kind: 'pass' });
    assert.equal(await valueOf(store)(), 'value');
  });

  it('gives back a lease that was granted to somebody who never heard of it', async (t) => {
    const { redis, store: other } = await world(t);
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: redis.port });
    t.after(() => proxy.close());
    const store = await opened(t, `redis://127.0.0.1:${proxy.port}`);
    proxy.set({ kind: 'cutAnswer' });
    await assert.rejects(store.lease('a', 60), UNAVAILABLE);
    assert.equal(await other.lease('a', 60), undefined, 'it was granted');
    proxy.set({ kind: 'pass' });
    const begun = performance.now();
    await until(() => other.lease('a', 60));
    assertInTime(performance.now() - begun, BACK_MS);
  });

  it('gives up a connection that swallows everything, and makes another', async (t) => {
    const { redis } = await world(t);
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: redis.port });
    t.after(() => proxy.close());
    const store = await opened(t, `redis://127.0.0.1:${proxy.port}`);
    proxy.set({ kind: 'blackhole' });
    const begun = performance.now();
    await assert.rejects(store.read('a'), UNAVAILABLE);
    assertInTime(performance.now() - begun, 1500);
    proxy.set({ kind: 'pass' });
    const { tookMs } = await untilAnswered(valueOf(store));
    assertInTime(tookMs, BACK_MS);
  });

  it('lets a connection go that nobody uses, and makes one again when somebody does', async (t) => {
    const { redis } = await world(t);
    const store = await opened(t, redis.url, { idleTimeoutSeconds: 0.4 });
    const connections = async (): Promise<number> =>
      String(await tellRedis(redis, 'CLIENT', 'LIST', 'TYPE', 'normal'))
        .trim()
        .split('\n').length;
    // On a busy machine it may have gone again before they are counted.
    const isUsed = async (): Promise<boolean> => {
      await store.put('a', VALUE, 60);
      return (await connections()) === 3;
    };
    await until(isUsed);
    await until(async () => (await connections()) <= 2);
    await until(isUsed);
  });
});
