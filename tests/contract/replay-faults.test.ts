import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { createPostgresReplay } from '../../src/store/replay-postgres.ts';
import { createValkeyReplay } from '../../src/store/replay-valkey.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { isFull } from '../adversarial/scale.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { assertInTime } from '../in-time.ts';
import { connect, soon, works } from './replay.ts';

/** The whole wait for an answer, and what a busy machine adds to it. */
const BUDGET_MS = 250 + 250;
const RECOVERY_MS = 2000;
const KILLS = isFull ? 100 : 4;
const now = (): number => Date.now() / 1000;
const postgres = noPostgres === false ? await startPostgres() : undefined;
const redis = noRedis === false ? await startRedis() : undefined;
after(() => Promise.all([postgres?.close(), redis?.close()]));

/** The two servers, and how to trouble them. */
const servers = {
  PostgreSQL: {
    skip: noPostgres,
    server: postgres,
    open: async () => {
      const url = (await postgres?.database()) ?? '';
      return () => createPostgresReplay({ url, now });
    },
  },
  Valkey: {
    skip: noRedis,
    server: redis,
    open: async () => () => createValkeyReplay({ url: redis?.url ?? '', now }),
  },
};

/** How long a claim that cannot be answered takes to say so, in milliseconds. */
async function unanswered(store: ReplayStore): Promise<number> {
  const startedAt = performance.now();
  await assert.rejects(store.claim(randomUUID(), now() + 60), StoreUnavailable);
  return performance.now() - startedAt;
}

for (const [name, { skip, server, open }] of Object.entries(servers)) {
  test(`F03: while ${name} is away claims are refused at once, and work within 2 s of its return`, {
    skip,
  }, async (t) => {
    const make = await open();
    const store = await connect(t, make);
    await server?.crash();
    await soon(async () => !(await works(store)), BUDGET_MS);
    for (let each = 0; each < 5; each += 1) assertInTime(await unanswered(store), BUDGET_MS);
    const late = make();
    t.after(() => late.close());
    assertInTime(await unanswered(late), BUDGET_MS);
    assert.equal(late.rememberedSince(), Number.POSITIVE_INFINITY, 'not known, so nothing counts as remembered');
    await pause(1000);
    await server?.start();
    await soon(() => works(store), RECOVERY_MS);
    await soon(() => works(late), RECOVERY_MS);
  });

  for (const frozenMs of [300, 2500]) {
    test(`F03: ${name} frozen for ${frozenMs} ms costs each claim its budget, and works when it is thawed`, {
      skip,
    }, async (t) => {
      const store = await connect(t, await open());
      await store.claim('used', now() + 60);
      server?.freeze();
      t.after(() => server?.thaw());
      const tookMs = await Promise.all(Array.from({ length: 50 }, () => unanswered(store)));
      assertInTime(Math.max(...tookMs), BUDGET_MS);
      const until300 = performance.now() + frozenMs - 300;
      while (performance.now() < until300) assertInTime(await unanswered(store), BUDGET_MS);
      server?.thaw();
      await soon(() => works(store), RECOVERY_MS);
      assert.equal(await store.claim('used', now() + 60), 'seen');
    });
  }

  test(`F03, F04: ${name} killed again and again under load gives no key away twice`, { skip }, async (t) => {
    const make = await open();
    const stores = [await connect(t, make), await connect(t, make), await connect(t, make)];
    const given = new Map<string, number>();
    const run = { going: true };
    const use = async (store: ReplayStore, key: string): Promise<void> => {
      // As an assertion: made now, and refused when it is older than what the store remembers.
      const madeAt = Number(key.split(' ')[1]);
      const told = await store.claim(key, madeAt + 120).catch(() => 'unavailable');
      if (told === 'fresh' && madeAt >= store.rememberedSince()) given.set(key, (given.get(key) ?? 0) + 1);
    };
    const load = async (): Promise<void> => {
      let keys: string[] = [];
      while (run.going) {
        const key = `${randomUUID()} ${now()}`;
        keys = [...keys.slice(-20), key];
        // Every key is sent three ways at once, and again for a while.
        await Promise.all(
          [...stores, ...stores].map((store, index) => use(store, index < 3 ? key : (keys[index] ?? key))),
        );
        await pause(2);
      }
    };
    const loads = Promise.all([load(), load(), load()]);
    for (let round = 0; round < KILLS; round += 1) {
      await pause(200);
      const before = given.size;
      await server?.crash();
      await server?.start();
      await soon(async () => given.size > before, 2 * RECOVERY_MS);
    }
    run.going = false;
    await loads;
    assert.ok(given.size > 50, `${given.size} keys were used`);
    assert.deepEqual(
      [...given.values()].filter((times) => times !== 1),
      [],
    );
  });
}
