import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { createClient } from 'redis';
import { guardStore } from '../../src/login/store/guarded-store.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import type { RedisStoreOptions } from '../../src/store/redis.ts';
import type { Store } from '../../src/store/store.ts';
import { createFaultProxy } from '../fault-proxy.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import type { TestRedis } from '../servers/redis.ts';

const UNAVAILABLE = { name: 'StoreUnavailable' };
const VALUE = Buffer.from('value');
const BACK_MS = 2000;

/** A server, and a store on it that has answered. */
async function world(t: TestContext, ...args: readonly string[]): Promise<{ redis: TestRedis; store: Store }> {
  const redis = await startRedis(...args);
  t.after(() => redis.close());
  return { redis, store: await opened(t, redis.url) };
}

async function opened(t: TestContext, url: string, options: RedisStoreOptions = {}): Promise<Store> {
  const store = openRedisStore(url, options);
  t.after(() => store.close());
  await untilAnswered(() => store.now());
  return store;
}

/** Commands to the server itself. */
async function command(redis: TestRedis, ...words: readonly string[]): Promise<unknown> {
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand(words);
  } finally {
    client.destroy();
  }
}

/** Asks until there is an answer; how long that took. Anything but StoreUnavailable on the way is wrong. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<{ readonly answer: T; readonly tookMs: number }> {
  const begun = performance.now();
  for (;;) {
    try {
      return { answer: await ask(), tookMs: performance.now() - begun };
    } catch (error) {
      assert.equal(error instanceof Error && error.name, 'StoreUnavailable');
      if (performance.now() - begun > 10_000) throw error;
      await pause(20);
    }
  }
}

/** Asks until it is refused; only this answer may come before. */
async function untilRefused(ask: () => Promise<unknown>, before: unknown): Promise<number> {
  const begun = performance.now();
  for (;;) {
    try {
      assert.deepEqual(await ask(), before);
    } catch (error) {
      if (error instanceof Error && error.name === 'StoreUnavailable') return performance.now() - begun;
      throw error;
    }
    assert.ok(performance.now() - begun < 10_000);
    await pause(20);
  }
}

/** The two lists of commands in the section on stores. */
function documentedRights(): readonly (readonly string[])[] {
  const text = readFileSync(new URL('../../docs/sessions.md', import.meta.url), 'utf8');
  return [...text.matchAll(/`(\+get [^`]*)`/g)].map(([, rights = '']) => rights.split(/\s+/));
}

/** Every operation once; leaves the record `a`. */
async function everything(store: Store): Promise<void> {
  assert.equal(await store.create('a', VALUE, 60), true);
  assert.equal(await store.update('a', (await store.read('a'))?.version ?? -1, VALUE), 'ok');
  assert.equal((await store.take('a'))?.toString(), 'value');
  await store.put('a', VALUE, 60);
  assert.equal(await store.delete('b'), false);
  assert.equal(await store.once('a', 60), true);
  const lease = await store.lease('a', 60);
  assert.equal(await lease?.renew(), true);
  await lease?.release();
  await store.addToIndex('i', 'm', 60);
  assert.deepEqual(await store.members('i'), ['m']);
  await store.removeFromIndex('i', 'm');
  const { promise: heard, resolve } = Promise.withResolvers<string>();
  const leave = store.subscribe('ended', resolve);
  const again = setInterval(() => void store.publish('ended', 'x').catch(() => undefined), 10);
  assert.equal(await heard, 'x');
  clearInterval(again);
  leave();
  await store.now();
  while (!Number.isFinite(store.rememberedSince())) await pause(5);
}

const valueOf =
  (store: Store, key = 'a') =>
  async (): Promise<string | undefined> =>
    (await store.read(key))?.value.toString();

describe('L19 a store in Redis that fails', { skip: noRedis }, () => {
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
    assert.ok(performance.now() - begun < 500);
    await pause(1000);
    await redis.start();
    const { answer, tookMs } = await untilAnswered(valueOf(store));
    assert.equal(answer, undefined);
    assert.ok(tookMs < BACK_MS, `${tookMs} ms`);
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
    assert.ok(tookMs < BACK_MS, `${tookMs} ms`);
  });

  it('B9 holds the budget while its server is frozen, opens the breaker within a second, and forgets nothing', async (t) => {
    const { redis, store: bare } = await world(t);
    const breaker: boolean[] = [];
    const store = guardStore(bare, { onBreaker: (open) => breaker.push(open) });
    await store.put('a', VALUE, 60);
    redis.freeze();
    const begun = performance.now();
    let openedAfter = Number.POSITIVE_INFINITY;
    while (performance.now() - begun < 4000) {
      const asked = performance.now();
      await assert.rejects(store.read('a'), UNAVAILABLE);
      assert.ok(performance.now() - asked < 800, 'within the budget');
      if (breaker[0] === true) openedAfter = Math.min(openedAfter, performance.now() - begun);
      await pause(20);
    }
    assert.ok(openedAfter < 1800, `one client in a row: ${openedAfter} ms`);
    redis.thaw();
    const { answer, tookMs } = await untilAnswered(valueOf(store));
    assert.equal(answer, 'value');
    assert.ok(tookMs < BACK_MS, `${tookMs} ms`);
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
    assert.ok(took < 1000, `${took} ms`);
  });

  it('is unavailable for writes while its server is full, and goes on reading and deleting', async (t) => {
    const { redis, store } = await world(t);
    await store.put('a', VALUE, 60);
    await store.addToIndex('i', 'm', 60);
    const version = (await store.read('a'))?.version ?? -1;
    await command(redis, 'CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(store.create('b', VALUE, 60), { ...UNAVAILABLE, message: /OOM/ });
    await assert.rejects(store.update('a', version, VALUE), UNAVAILABLE);
    await assert.rejects(store.once('b', 60), UNAVAILABLE);
    assert.equal(await valueOf(store)(), 'value');
    assert.deepEqual(await store.members('i'), ['m']);
    await store.removeFromIndex('i', 'm');
    assert.equal(await store.delete('a'), true);
    await command(redis, 'CONFIG', 'SET', 'maxmemory', '0');
    assert.equal(await store.create('a', VALUE, 60), true);
  });

  it('is unavailable once its server is a replica, rather than read what may be old, and answers when it is the primary again', async (t) => {
    const { redis, store } = await world(t);
    await store.put('a', VALUE, 60);
    await command(redis, 'REPLICAOF', '127.0.0.1', '1');
    const tookToRefuse = await untilRefused(valueOf(store), 'value');
    assert.ok(tookToRefuse < 1500, `${tookToRefuse} ms`);
    await assert.rejects(store.put('a', VALUE, 60), UNAVAILABLE);
    await command(redis, 'REPLICAOF', 'NO', 'ONE');
    const { answer, tookMs } = await untilAnswered(valueOf(store));
    assert.equal(answer, 'value');
    assert.ok(tookMs < BACK_MS, `${tookMs} ms`);
  });

  it('leaves a replica at the first write it refuses', async (t) => {
    const { redis, store } = await world(t);
    await command(redis, 'REPLICAOF', '127.0.0.1', '1');
    await assert.rejects(store.put('a', VALUE, 60), UNAVAILABLE);
    await assert.rejects(store.read('a'), UNAVAILABLE);
  });

  it('is unavailable while its server loads, never empty', async (t) => {
    const { redis, store } = await world(t, '--enable-debug-command', 'yes', '--key-load-delay', '10000');
    await Promise.all(Array.from({ length: 200 }, (_, i) => store.put(`key ${i}`, Buffer.alloc(2000), 60)));
    await store.put('a', VALUE, 60);
    await command(redis, 'CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
    const loaded = command(redis, 'DEBUG', 'RELOAD');
    await untilRefused(valueOf(store), 'value');
    const { answer } = await untilAnswered(valueOf(store));
    assert.equal(answer, 'value');
    await loaded;
  });

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
    assert.ok(tookMs < BACK_MS, `${tookMs} ms`);
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
    while ((await other.lease('a', 60)) === undefined) await pause(20);
    assert.ok(performance.now() - begun < BACK_MS);
  });

  it('gives up a connection that swallows everything, and makes another', async (t) => {
    const { redis } = await world(t);
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: redis.port });
    t.after(() => proxy.close());
    const store = await opened(t, `redis://127.0.0.1:${proxy.port}`);
    proxy.set({ kind: 'blackhole' });
    const begun = performance.now();
    await assert.rejects(store.read('a'), UNAVAILABLE);
    assert.ok(performance.now() - begun < 1500);
    proxy.set({ kind: 'pass' });
    const { tookMs } = await untilAnswered(valueOf(store));
    assert.ok(tookMs < BACK_MS, `${tookMs} ms`);
  });

  it('does not close for ever while its server is frozen', async (t) => {
    const { redis, store } = await world(t);
    redis.freeze();
    const asked = assert.rejects(store.read('a'), UNAVAILABLE);
    const begun = performance.now();
    await store.close();
    assert.ok(performance.now() - begun < 1500);
    await asked;
    redis.thaw();
  });

  it('tells nothing of its address or its password, in no error', async (t) => {
    const redis = await startRedis('--requirepass', 'right');
    t.after(() => redis.close());
    const at = (user: string): string => redis.url.replace('//', `//${user}@`);
    assert.equal(await valueOf(await opened(t, at(':right')))(), undefined);
    assert.equal(await valueOf(await opened(t, redis.url, { password: 'right' }))(), undefined);
    for (const url of [at(':canary'), redis.url, 'redis://user:canary@127.0.0.1:1']) {
      const store = openRedisStore(url);
      t.after(() => store.close());
      await assert.rejects(
        store.read('a'),
        (error) => error instanceof Error && error.name === 'StoreUnavailable' && !/canary|127\.0/.test(inspect(error)),
      );
    }
  });

  it('works for a user with the rights that the documents name, and can be read by one with the fewer', async (t) => {
    const { redis } = await world(t);
    const [all = [], fewer = []] = documentedRights();
    await command(
      redis,
      'ACL',
      'SETUSER',
      'all',
      'on',
      '>secret',
      '~fullmakt:*',
      'resetchannels',
      '&fullmakt:*',
      ...all,
    );
    await command(redis, 'ACL', 'SETUSER', 'reader', 'on', '>secret', '~fullmakt:*', 'resetchannels', ...fewer);
    const store = await opened(t, redis.url, { username: 'all', password: 'secret' });
    await everything(store);
    const reader = await opened(t, redis.url, { username: 'reader', password: 'secret' });
    assert.equal(await valueOf(reader)(), 'value');
    await assert.rejects(reader.put('a', VALUE, 60), { ...UNAVAILABLE, message: /NOPERM/ });
    await pause(700);
    assert.equal(await valueOf(reader)(), 'value');
    assert.equal(await valueOf(store)(), 'value');
  });

  it('warns once of a user who may not listen, works on without hearing, and hears once it may', async (t) => {
    const { redis } = await world(t);
    const [all = []] = documentedRights();
    const rights = ['on', '>secret', '~fullmakt:*', 'resetchannels', ...all];
    await command(redis, 'ACL', 'SETUSER', 'deaf', ...rights);
    const warnings: string[] = [];
    const options = { username: 'deaf', password: 'secret', onWarning: (reason: string) => warnings.push(reason) };
    const store = await opened(t, redis.url, options);
    const heard = new Set<string>();
    store.subscribe('ended', (message) => heard.add(message));
    store.subscribe('other', (message) => heard.add(message));
    await pause(700);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /SUBSCRIBE/);
    assert.equal(await valueOf(store)(), undefined);
    await command(redis, 'ACL', 'SETUSER', 'deaf', '&fullmakt:*');
    const begun = performance.now();
    while (!heard.has('now')) {
      assert.ok(performance.now() - begun < 8000, 'nothing is heard');
      await store.publish('ended', 'now').catch(() => undefined);
      await pause(50);
    }
  });

  it('warns once of a server that drops records, and works on it', async (t) => {
    const redis = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru');
    t.after(() => redis.close());
    const warnings: string[] = [];
    const store = await opened(t, redis.url, { onWarning: (reason) => warnings.push(reason) });
    await store.put('a', VALUE, 60);
    await command(redis, 'CLIENT', 'KILL', 'TYPE', 'normal');
    await untilAnswered(() => store.now());
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /allkeys-lru.*signs users out/);
  });

  it('lets a connection go that nobody uses, and makes one again when somebody does', async (t) => {
    const { redis } = await world(t);
    const store = await opened(t, redis.url, { idleTimeoutSeconds: 0.4 });
    const connections = async (): Promise<number> =>
      String(await command(redis, 'CLIENT', 'LIST', 'TYPE', 'normal'))
        .trim()
        .split('\n').length;
    assert.equal(await connections(), 3);
    const begun = performance.now();
    while ((await connections()) > 2) assert.ok(performance.now() - begun < 3000);
    await store.put('a', VALUE, 60);
    assert.equal(await connections(), 3);
  });

  it('hears again what is published after its server came back', async (t) => {
    const { redis, store } = await world(t);
    const heard = new Set<string>();
    store.subscribe('ended', (message) => heard.add(message));
    const hears = async (message: string): Promise<void> => {
      const begun = performance.now();
      while (!heard.has(message)) {
        assert.ok(performance.now() - begun < 5000);
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
        assert.ok(performance.now() - begun < 5000);
        await store.now();
        await pause(20);
      }
    };
    await knows(Number.isFinite);
    const first = store.rememberedSince();
    await pause(1100);
    await command(redis, 'FLUSHALL');
    await knows((seconds) => seconds > first);
  });
});
