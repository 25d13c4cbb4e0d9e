import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createClient } from 'redis';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { createValkeyReplay } from '../../src/store/replay-valkey.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { connect, soon, works } from './replay.ts';

const RECOVERY_MS = 2000;
const now = (): number => Date.now() / 1000;
const redis = noRedis === false ? await startRedis() : undefined;
after(() => redis?.close());

const make = (): ReplayStore => createValkeyReplay({ url: redis?.url ?? '', now });

async function withRedis(
  t: TestContext,
  url: string = redis?.url ?? '',
): Promise<(...words: readonly string[]) => Promise<unknown>> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.destroy());
  return (...words) => client.sendCommand([...words]);
}

const wipes = {
  'is flushed': ['FLUSHALL'],
  'is emptied': ['FLUSHDB'],
  'loses its epoch': ['DEL', 'fullmakt:replay:epoch'],
} as const;
for (const [what, words] of Object.entries(wipes)) {
  test(`Y3: a server that ${what} between two claims remembers since then, by its own clock`, {
    skip: noRedis,
  }, async (t) => {
    const send = await withRedis(t);
    const stores = [await connect(t, make), await connect(t, make)] as const;
    const [first, second] = stores;
    const jti = randomUUID();
    const usedAt = now();
    assert.equal(await first.claim(jti, now() + 60), 'fresh');
    const since = first.rememberedSince();
    await send(...words);
    for (const store of stores) await store.claim(jti, now() + 60);
    assert.ok(first.rememberedSince() >= usedAt && first.rememberedSince() > since, 'what was used before is refused');
    assert.equal(second.rememberedSince(), first.rememberedSince());
    assert.equal(await second.claim(jti, now() + 60), 'seen');
  });
}

test('Y3: a restarted server remembers since it is there, whatever it read from its disk', {
  skip: noRedis,
}, async (t) => {
  const send = await withRedis(t);
  const store = await connect(t, make);
  assert.equal(await store.claim('written', now() + 60), 'fresh');
  await send('SAVE');
  assert.equal(await store.claim('not written', now() + 60), 'fresh');
  const since = store.rememberedSince();
  const endedAt = now();
  await redis?.crash();
  await redis?.start();
  await soon(() => works(store), RECOVERY_MS);
  assert.equal(await store.claim('written', now() + 60), 'seen', 'it did read it');
  assert.equal(await store.claim('not written', now() + 60), 'fresh');
  assert.ok(store.rememberedSince() > since && store.rememberedSince() >= endedAt);
  await (await withRedis(t))('FLUSHALL');
});

test('a restart of the client changes nothing, nor does a server that forgot its scripts', {
  skip: noRedis,
}, async (t) => {
  const send = await withRedis(t);
  const store = await connect(t, make);
  await store.claim('jti', now() + 60);
  const since = store.rememberedSince();
  await store.close();
  const again = await connect(t, make);
  await send('SCRIPT', 'FLUSH');
  assert.equal(await again.claim('jti', now() + 60), 'seen');
  assert.equal(again.rememberedSince(), since);
});

test('a server that would forget to make room, or cannot be written, is no replay store', {
  skip: noRedis,
}, async (t) => {
  const evicting = await startRedis('--maxmemory', '8mb', '--maxmemory-policy', 'allkeys-lru');
  const readOnly = await startRedis('--replicaof', '127.0.0.1', String(redis?.port));
  t.after(() => Promise.all([evicting.close(), readOnly.close()]));
  for (const [url, why] of [
    [evicting.url, /noeviction/],
    [readOnly.url, /READONLY|LOADING|MASTERDOWN/],
  ] as const) {
    const store = createValkeyReplay({ url, now });
    t.after(() => store.close());
    await soon(async () => {
      const error: unknown = await store.check().catch((reason: unknown) => reason);
      return error instanceof StoreUnavailable && why.test(error.message);
    }, 3000);
  }
});

test('a server that is told later to make room by forgetting is not ready from then on', {
  skip: noRedis,
}, async (t) => {
  const own = await startRedis();
  t.after(() => own.close());
  const store = await connect(t, () => createValkeyReplay({ url: own.url, now }));
  const send = await withRedis(t, own.url);
  await send('CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'volatile-ttl');
  await assert.rejects(store.check(), StoreUnavailable);
});

test('N10: a full server refuses, and forgets nothing', { skip: noRedis }, async (t) => {
  const small = await startRedis('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction');
  t.after(() => small.close());
  const store = await connect(t, () => createValkeyReplay({ url: small.url, now }));
  const end = now() + 600;
  let kept = 0;
  for (; kept < 50_000; kept += 500) {
    const keys = Array.from({ length: 500 }, (_each, index) => `key ${kept + index}`);
    const told = await Promise.all(keys.map((key) => store.claim(key, end).catch(() => 'full')));
    if (told.includes('full')) break;
  }
  assert.ok(kept > 0 && kept < 50_000);
  assert.notEqual(await store.claim('key 0', end).catch(() => 'full'), 'fresh');
});

test('F04: a Valkey clock that was set back ends its memory', { skip: noRedis }, async (t) => {
  const send = await withRedis(t);
  const store = await connect(t, make);
  await store.claim('a', now() + 60);
  const since = store.rememberedSince();
  await send('HSET', 'fullmakt:replay:epoch', 'latest', String((now() + 3600) * 1000));
  assert.equal(await store.claim('b', now() + 60), 'fresh');
  assert.ok(store.rememberedSince() > since);
});
