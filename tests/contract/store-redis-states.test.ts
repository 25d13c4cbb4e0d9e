import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noRedis, startRedis } from '../servers/redis.ts';
import { tellRedis } from '../servers/redis-cluster.ts';
import { BACK_MS, opened, UNAVAILABLE, untilAnswered, untilRefused, VALUE, valueOf, world } from './redis-faults.ts';
import { assertInTime } from '../in-time.ts';
import { until } from '../until.ts';

describe('L19 a store whose Redis is there, and not as it should be', { skip: noRedis }, () => {
  it('is unavailable for writes while its server is full, and goes on reading and deleting', async (t) => {
    const { redis, store } = await world(t);
    await store.put('a', VALUE, 60);
    await store.addToIndex('i', 'm', 60);
    const version = (await store.read('a'))?.version ?? -1;
    await tellRedis(redis, 'CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(store.create('b', VALUE, 60), { ...UNAVAILABLE, message: /OOM/ });
    await assert.rejects(store.update('a', version, VALUE), UNAVAILABLE);
    await assert.rejects(store.once('b', 60), UNAVAILABLE);
    assert.equal(await valueOf(store)(), 'value');
    assert.deepEqual(await store.members('i'), ['m']);
    await store.removeFromIndex('i', 'm');
    assert.equal(await store.delete('a'), true);
    await tellRedis(redis, 'CONFIG', 'SET', 'maxmemory', '0');
    assert.equal(await store.create('a', VALUE, 60), true);
  });

  it('is unavailable once its server is a replica, rather than read what may be old, and answers when it is the primary again', async (t) => {
    const { redis, store } = await world(t);
    await store.put('a', VALUE, 60);
    await tellRedis(redis, 'REPLICAOF', '127.0.0.1', '1');
    const tookToRefuse = await untilRefused(valueOf(store), 'value');
    assertInTime(tookToRefuse, 1500);
    await assert.rejects(store.put('a', VALUE, 60), UNAVAILABLE);
    await tellRedis(redis, 'REPLICAOF', 'NO', 'ONE');
    const { answer, tookMs } = await untilAnswered(valueOf(store));
    assert.equal(answer, 'value');
    assertInTime(tookMs, BACK_MS);
  });

  it('leaves a replica at the first write it refuses', async (t) => {
    const { redis, store } = await world(t);
    await tellRedis(redis, 'REPLICAOF', '127.0.0.1', '1');
    await assert.rejects(store.put('a', VALUE, 60), UNAVAILABLE);
    await assert.rejects(store.read('a'), UNAVAILABLE);
  });

  it('is unavailable while its server loads, never empty', async (t) => {
    const { redis, store } = await world(t, '--enable-debug-command', 'yes', '--key-load-delay', '10000');
    await Promise.all(Array.from({ length: 200 }, (_, i) => store.put(`key ${i}`, Buffer.alloc(2000), 60)));
    await store.put('a', VALUE, 60);
    await tellRedis(redis, 'CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
    const loaded = tellRedis(redis, 'DEBUG', 'RELOAD');
    await untilRefused(valueOf(store), 'value');
    const { answer } = await untilAnswered(valueOf(store));
    assert.equal(answer, 'value');
    await loaded;
  });

  it('warns once of a server that drops records, and works on it', async (t) => {
    const redis = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru');
    t.after(() => redis.close());
    const warnings: string[] = [];
    const store = await opened(t, redis.url, { onWarning: (reason) => warnings.push(reason) });
    await store.put('a', VALUE, 60);
    await until(() => warnings.length > 0);
    await tellRedis(redis, 'CLIENT', 'KILL', 'TYPE', 'normal');
    await untilAnswered(() => store.now());
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /allkeys-lru.*signs users out/);
  });
});
