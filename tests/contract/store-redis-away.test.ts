import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { guardStore } from '../../src/login/store/guarded-store.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { tellRedis } from '../servers/redis-cluster.ts';
import { BACK_MS, UNAVAILABLE, untilAnswered, VALUE, valueOf, world } from './redis-faults.ts';
import { assertInTime } from '../in-time.ts';

describe('L19 a store whose Redis is away or frozen', { skip: noRedis }, () => {
  it('is unavailable at once when its server has stopped, and answers within two seconds of its return, empty', async (t) => {
    const { redis, store } = await world(t);
    await store.put('a', VALUE, 60);
    await redis.crash();
    await pause(100);
    const begun = performance.now();
    for (const ask of [
      store.read('a'),
      store.create('a', VALUE, 60),
      store.update('a', 1, VALUE),
      store.delete('a'),
      store.take('a'),
      store.once('a', 60),
      store.lease('a', 60),
      store.addToIndex('i', 'm', 60),
      store.members('i'),
      store.publish('c', 'x'),
      store.now(),
    ]) {
      await assert.rejects(ask, UNAVAILABLE);
    }
    assertInTime(performance.now() - begun, 500);
    await pause(1000);
    await redis.start();
    const { answer, tookMs } = await untilAnswered(valueOf(store));
    assert.equal(answer, undefined);
    assertInTime(tookMs, BACK_MS);
    assert.equal(await store.create('a', VALUE, 60), true);
  });

  it('starts while its server is away, and answers once that is there', async (t) => {
    const redis = await startRedis();
    t.after(() => redis.close());
    await redis.crash();
    const store = openRedisStore(redis.url);
    t.after(() => store.close());
    await assert.rejects(store.read('a'), UNAVAILABLE);
    assert.equal(store.rememberedSince(), Number.POSITIVE_INFINITY);
    await redis.start();
    const { tookMs } = await untilAnswered(valueOf(store));
    assertInTime(tookMs, BACK_MS);
  });

  it('B9 holds the budget while its server is frozen, opens the breaker within a second, and forgets nothing', async (t) => {
    const { redis, store: bare } = await world(t);
    const breaker: boolean[] = [];
    const store = guardStore(bare, { onBreaker: (open) => breaker.push(open) });
    await store.put('a', VALUE, 60);
    redis.freeze();
    const begun = performance.now();
    while (performance.now() - begun < 4000) {
      const asked = performance.now();
      await assert.rejects(store.read('a'), UNAVAILABLE);
      assertInTime(performance.now() - asked, 800, 'within the budget');
      await pause(20);
    }
    assert.ok(breaker[0], 'one client in a row');
    redis.thaw();
    const { answer, tookMs } = await untilAnswered(valueOf(store));
    assert.equal(answer, 'value');
    assertInTime(tookMs, BACK_MS);
    assert.equal(breaker.at(-1), false);
  });

  it('B9 opens the breaker of a busy process within a second of its server freezing', async (t) => {
    const { redis, store: bare } = await world(t);
    const frozen = Promise.withResolvers<number>();
    const store = guardStore(bare, { onBreaker: () => frozen.resolve(performance.now()) });
    redis.freeze();
    const begun = performance.now();
    const asked = Array.from({ length: 20 }, () => assert.rejects(store.read('a'), UNAVAILABLE));
    const took = (await frozen.promise) - begun;
    await Promise.all(asked);
    redis.thaw();
    assertInTime(took, 1000);
  });

  it('does not close for ever while its server is frozen', async (t) => {
    const { redis, store } = await world(t);
    redis.freeze();
    const asked = assert.rejects(store.read('a'), UNAVAILABLE);
    const begun = performance.now();
    await store.close();
    assertInTime(performance.now() - begun, 1500);
    await asked;
    redis.thaw();
  });

  it('hears again what is published after its server came back', async (t) => {
    const { redis, store } = await world(t);
    const heard = new Set<string>();
    store.subscribe('ended', (message) => heard.add(message));
    const hears = async (message: string): Promise<void> => {
      const begun = performance.now();
      while (!heard.has(message)) {
        assertInTime(performance.now() - begun, 5000);
        await store.publish('ended', message).catch(() => undefined);
        await pause(20);
      }
    };
    await hears('before');
    await redis.crash();
    await redis.start();
    await hears('after');
  });

  it('remembers since the server was last emptied', async (t) => {
    const { redis, store } = await world(t);
    const knows = async (since: (seconds: number) => boolean): Promise<void> => {
      const begun = performance.now();
      while (!since(store.rememberedSince())) {
        assertInTime(performance.now() - begun, 5000);
        await store.now();
        await pause(20);
      }
    };
    await knows(Number.isFinite);
    const first = store.rememberedSince();
    await pause(1100);
    await tellRedis(redis, 'FLUSHALL');
    await knows((seconds) => seconds > first);
  });
});
