import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { openEmbeddedReplay } from '../../src/store/replay-embedded.ts';
import { createMemoryReplay } from '../../src/store/replay-memory.ts';
import { createPostgresReplay } from '../../src/store/replay-postgres.ts';
import { createValkeyReplay } from '../../src/store/replay-valkey.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { connected, replayContract } from './replay.ts';
import type { ReplayUnderTest } from './replay.ts';

const START = 1_800_000_000;
const seconds = (): number => Date.now() / 1000;
const postgres = noPostgres === false ? await startPostgres() : undefined;
const redis = noRedis === false ? await startRedis() : undefined;
after(() => Promise.all([postgres?.close(), redis?.close()]));

interface TestClock {
  time: number;
  readonly now: () => number;
  readonly pass: (seconds: number) => Promise<void>;
}

function createClock(): TestClock {
  const clock: TestClock = {
    time: START,
    now: () => clock.time,
    async pass(by) {
      clock.time += by;
    },
  };
  return clock;
}

function threeOf(t: TestContext, open: () => ReplayStore): ReplayUnderTest['stores'] {
  const stores = [open(), open(), open()] as const;
  t.after(() => Promise.all(stores.map((store) => store.close())));
  return stores;
}

/** Servers go by their own clock. */
const real = { now: seconds, pass: (by: number): Promise<void> => pause(by * 1000) };

replayContract('memory', { skip: false }, (t) => {
  const clock = createClock();
  const store = createMemoryReplay(clock);
  return { ...clock, now: clock.now, stores: threeOf(t, () => store) };
});

replayContract('embedded', { skip: false }, (t) => {
  const clock = createClock();
  const file = temporaryFile(t);
  return { ...clock, now: clock.now, stores: threeOf(t, () => openEmbeddedReplay(file, clock)) };
});

replayContract('postgres', { skip: noPostgres }, async (t) => {
  const url = (await postgres?.database()) ?? '';
  const stores = threeOf(t, () => createPostgresReplay({ url, now: seconds }));
  await connected(...stores);
  return { ...real, stores };
});

replayContract('valkey', { skip: noRedis }, async (t) => {
  await redis?.crash();
  await redis?.start();
  const url = redis?.url ?? '';
  const stores = threeOf(t, () => createValkeyReplay({ url, now: seconds }));
  await connected(...stores);
  return { ...real, stores };
});

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-replay-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'replay.sqlite');
}

test('F04: a file remembers over a restart of the process, and since it was made', async (t) => {
  const clock = createClock();
  const file = temporaryFile(t);
  const first = openEmbeddedReplay(file, clock);
  assert.equal(await first.claim('jti', START + 60), 'fresh');
  await first.close();
  clock.time += 30;
  const second = openEmbeddedReplay(file, clock);
  t.after(() => second.close());
  assert.equal(await second.claim('jti', START + 60), 'seen');
  assert.equal(second.rememberedSince(), START);
});

test('T46: of two processes of which one has the old file and one a new one, the old one claims nothing more', async (t) => {
  const clock = createClock();
  const file = temporaryFile(t);
  const old = openEmbeddedReplay(file, clock);
  t.after(() => old.close());
  await old.check();
  for (const ending of ['', '-wal', '-shm']) rmSync(`${file}${ending}`);
  await assert.rejects(old.claim('jti', START + 60), StoreUnavailable);
  const young = openEmbeddedReplay(file, clock);
  t.after(() => young.close());
  assert.equal(await young.claim('jti', START + 60), 'fresh');
  await assert.rejects(old.claim('jti', START + 60), StoreUnavailable);
  await assert.rejects(old.check(), StoreUnavailable);
});

test('Y3: a new file remembers since it was made, unless it is known that nothing was before', async (t) => {
  const clock = createClock();
  const made = openEmbeddedReplay(temporaryFile(t), clock);
  const known = openEmbeddedReplay(temporaryFile(t), { ...clock, since: 0 });
  t.after(() => Promise.all([made.close(), known.close()]));
  assert.deepEqual([made.rememberedSince(), known.rememberedSince()], [START, 0]);
});

const bounded = {
  memory: (_t: TestContext, clock: TestClock) => createMemoryReplay({ ...clock, maxEntries: 50 }),
  embedded: (t: TestContext, clock: TestClock) =>
    openEmbeddedReplay(temporaryFile(t), { ...clock, maxBytes: 16 * 4096 }),
};
for (const [name, open] of Object.entries(bounded)) {
  test(`N10: a full ${name} store refuses new keys, forgets none, and has room again when some have expired`, async (t) => {
    const clock = createClock();
    const store = open(t, clock);
    t.after(() => store.close());
    const told: string[] = [];
    for (let index = 0; index < 2000 && told.at(-1) !== 'full'; index += 1) {
      told.push(await store.claim(`key ${index}`, START + 60).catch(asFull));
    }
    assert.equal(told.pop(), 'full');
    assert.deepEqual(new Set(told), new Set(['fresh']));
    await assert.rejects(store.check(), StoreUnavailable);
    assert.equal(await store.claim('key 0', START + 60), 'seen');
    clock.time += 100;
    assert.equal(await store.claim('key new', START + 160), 'fresh');
    await store.check();
  });

  test(`F04: a clock that goes an hour ahead and back opens nothing in a ${name} store`, async (t) => {
    const clock = createClock();
    const store = open(t, clock);
    t.after(() => store.close());
    assert.equal(await store.claim('used', START + 60), 'fresh');
    clock.time += 3600;
    await assert.rejects(store.claim('used', START + 60), StoreUnavailable, 'it cannot be remembered that long');
    assert.equal(await store.claim('other', START + 3660), 'fresh');
    clock.time -= 3590;
    const told = await store.claim('used', START + 60);
    assert.ok(told === 'seen' || store.rememberedSince() > START, 'what was made before is refused');
    assert.equal(store.rememberedSince(), START + 10);
  });

  test(`a clock that is a little late now and then changes nothing in a ${name} store`, async (t) => {
    const clock = createClock();
    const store = open(t, clock);
    t.after(() => store.close());
    clock.time += 10;
    assert.equal(await store.claim('a', START + 12), 'fresh');
    clock.time += 4;
    await store.check();
    clock.time -= 4;
    assert.equal(await store.claim('a', START + 12), 'seen');
    assert.equal(store.rememberedSince(), START);
  });
}

function asFull(error: unknown): string {
  assert.ok(error instanceof StoreUnavailable);
  return 'full';
}
