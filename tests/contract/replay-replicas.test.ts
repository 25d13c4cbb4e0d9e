import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, createWorld, FORM } from '../../src/exchange/testing/world.ts';
import type { World } from '../../src/exchange/testing/world.ts';
import { openEmbeddedReplay } from '../../src/store/replay-embedded.ts';
import { createMemoryReplay } from '../../src/store/replay-memory.ts';
import { createPostgresReplay } from '../../src/store/replay-postgres.ts';
import { createValkeyReplay } from '../../src/store/replay-valkey.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { isFull } from '../adversarial/scale.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { connected } from './replay.ts';

const WAYS = 200;
const ROUNDS = isFull ? 1000 : 8;
const EXPECTED = new Set<unknown>([undefined, 'client-replay', 'rate-limited', 'replay-unavailable']);
const now = (): number => Date.now() / 1000;
const keys = await createTestKeys();
const postgres = noPostgres === false ? await startPostgres() : undefined;
const redis = noRedis === false ? await startRedis() : undefined;
after(() => Promise.all([postgres?.close(), redis?.close()]));

/** How a replica gets to the store that all of them share. */
type Open = (t: TestContext) => (() => ReplayStore) | Promise<() => ReplayStore>;

const stores: Readonly<Record<string, { readonly skip: string | false; readonly open: Open }>> = {
  memory: {
    skip: false,
    open: () => {
      const one = createMemoryReplay({ now });
      return () => one;
    },
  },
  embedded: {
    skip: false,
    open: (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'fullmakt-replicas-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      return () => openEmbeddedReplay(join(folder, 'replay.sqlite'), { now });
    },
  },
  postgres: {
    skip: noPostgres,
    open: async () => {
      const url = (await postgres?.database()) ?? '';
      return () => createPostgresReplay({ url, now });
    },
  },
  valkey: { skip: noRedis, open: () => () => createValkeyReplay({ url: redis?.url ?? '', now }) },
};

for (const [name, { skip, open }] of Object.entries(stores)) {
  test(`N09: of one assertion sent ${WAYS} ways at once to 3 replicas one gets in, in every round (${name})`, {
    skip,
  }, async (t) => {
    const make = await open(t);
    const replicas = await Promise.all([make(), make(), make()].map((store) => createReplica(t, store)));
    let accepted = 0;
    const reasons = new Set<unknown>();
    // A machine that is too busy for the store's budget may give one to nobody: that round does not count.
    for (let round = 0; accepted < ROUNDS && round < 2 * ROUNDS; round += 1) {
      const answers = await sendEveryWay(replicas);
      const successes = answers.filter(({ status }) => status === 200).length;
      const said = answers.map(({ body }) => body['fm_reason']);
      assert.ok(
        successes === 1 || (successes === 0 && said.includes('replay-unavailable')),
        `${successes} in ${round}`,
      );
      accepted += successes;
      for (const reason of said) reasons.add(reason);
      // Failures are forgiven by then, so that the next round gets as far as the store again.
      for (const { clock } of replicas) clock.now += 60;
    }
    assert.equal(accepted, ROUNDS);
    assert.deepEqual(
      [...reasons].filter((reason) => !EXPECTED.has(reason)),
      [],
    );
    assert.ok(reasons.has('client-replay'));
  });
}

async function createReplica(t: TestContext, store: ReplayStore): Promise<World> {
  const world = await createWorld({ keys, store, rememberedSince: 0 });
  t.after(() => world.close());
  world.clock.now = Math.floor(now());
  await connected(store);
  return world;
}

async function sendEveryWay(replicas: readonly World[]): Promise<Awaited<ReturnType<World['send']>>[]> {
  const [first] = replicas;
  const body = await first?.form({ client_assertion: await first.assertion(), subject_token: await first.subject() });
  const sent = Array.from({ length: Math.ceil(WAYS / replicas.length) }, () =>
    replicas.map((replica) => replica.send('POST', '/token', { headers: FORM, body: body ?? '' })),
  );
  return Promise.all(sent.flat().slice(0, WAYS));
}
