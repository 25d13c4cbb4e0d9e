import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { openRedisStore } from '../../src/store/redis.ts';
import type { Store } from '../../src/store/store.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { tellRedis } from '../servers/redis-cluster.ts';
import { opened, UNAVAILABLE, VALUE, valueOf, world } from './redis-faults.ts';
import { assertInTime } from '../in-time.ts';
import { until } from '../until.ts';

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

describe('L19 a store in Redis and what its user may do', { skip: noRedis }, () => {
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
    await tellRedis(
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
    await tellRedis(redis, 'ACL', 'SETUSER', 'reader', 'on', '>secret', '~fullmakt:*', 'resetchannels', ...fewer);
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
    await tellRedis(redis, 'ACL', 'SETUSER', 'deaf', ...rights);
    const warnings: string[] = [];
    const options = { username: 'deaf', password: 'secret', onWarning: (reason: string) => warnings.push(reason) };
    const store = await opened(t, redis.url, options);
    const heard = new Set<string>();
    store.subscribe('ended', (message) => heard.add(message));
    store.subscribe('other', (message) => heard.add(message));
    await until(() => warnings.length > 0);
    await pause(700);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /SUBSCRIBE/);
    assert.equal(await valueOf(store)(), undefined);
    await tellRedis(redis, 'ACL', 'SETUSER', 'deaf', '&fullmakt:*');
    const begun = performance.now();
    while (!heard.has('now')) {
      assertInTime(performance.now() - begun, 4000, 'hearing it');
      await store.publish('ended', 'now').catch(() => undefined);
      await pause(50);
    }
  });
});
