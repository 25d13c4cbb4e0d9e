import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { SigningKeyStore } from '../../registry/signing-keys.ts';
import { cheapKeys, createKeyBench, RULES } from '../testing/key-bench.ts';
import { createTestKeys, createWorld, START } from '../testing/world.ts';
import type { SigningKeys } from './signing-keys.ts';

const generate = await cheapKeys();
const kidsOf = (keys: SigningKeys): ReadonlySet<string> => new Set(keys.published().map(({ kid }) => kid));

test('N17: replicas rotate each 30 s for an hour, and no validator with a set of ten minutes ago meets an unknown key', async (t) => {
  const rules = { maxAgeSeconds: 600, stagedForSeconds: 1200, activeForSeconds: 30, retiredForSeconds: 60 };
  const seeds = fc.record({
    lags: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 2, maxLength: 2 }),
    fetches: fc.array(fc.integer({ min: 0, max: 599 }), { minLength: 12, maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(seeds, async ({ lags, fetches }) => {
      const { clock, open, events } = createKeyBench(t, generate);
      const replicas = await Promise.all(lags.map(() => open({ rules })));
      const caches = fetches.map((phase, index) => ({
        phase,
        from: replicas[index % replicas.length],
        kids: new Set(''),
      }));
      const minutes = 80;
      for (let second = 0; second < minutes * 60; second += 1) {
        clock.now = START + second;
        for (const cache of caches) {
          const stale = second === 0 || second % 600 === cache.phase;
          if (stale && cache.from !== undefined) cache.kids = new Set(kidsOf(cache.from));
        }
        for (const [index, replica] of replicas.entries()) {
          if (second % (lags[index] ?? 1) === 0) await replica.rotate();
          const { kid } = replica.signer('RS256');
          for (const { kids } of caches) assert.ok(kids.has(kid), `second ${second}`);
        }
      }
      const activations = events.filter((event) => event.event === 'exchange.signing_key' && event.state === 'active');
      assert.ok(activations.length >= 100, `${activations.length} rotations`);
      await Promise.all(replicas.map((replica) => replica.close()));
    }),
    { numRuns: 1, endOnFailure: true },
  );
});

test('K3, N17: a key is not used while a process that is alive does not publish it; one that is gone is not waited for', async (t) => {
  const { clock, open, registry, states } = createKeyBench(t, generate);
  const keys = await open();
  const first = keys.signer('RS256').kid;
  clock.now = START + 82_800;
  await keys.rotate();
  const { version } = await registry.signingKeys.load('tokenx');
  const beat = (keyVersion: number): Promise<void> =>
    registry.replicas.beat({ id: 'slow', version: 1, keyVersion }, 10);
  clock.now = START + 86_400;
  await beat(version - 1);
  await keys.rotate();
  assert.deepEqual(await states(), ['active', 'staged']);
  assert.equal(keys.signer('RS256').kid, first);
  clock.now += 9;
  await keys.rotate();
  assert.deepEqual(await states(), ['active', 'staged']);
  clock.now += 1;
  await keys.rotate();
  assert.deepEqual(await states(), ['retired', 'active']);
  assert.notEqual(keys.signer('RS256').kid, first);
});

test('K3: a process that has just joined and one that is told of the key do not hold it up for longer than that', async (t) => {
  const { clock, open, registry, states } = createKeyBench(t, generate);
  const keys = await open();
  clock.now = START + 82_800;
  await keys.rotate();
  clock.now = START + 86_400;
  await registry.replicas.beat({ id: 'starting', version: 1, keyVersion: 0 }, 10);
  await keys.rotate();
  assert.deepEqual(await states(), ['active', 'staged']);
  const { version } = await registry.signingKeys.load('tokenx');
  await registry.replicas.beat({ id: 'starting', version: 1, keyVersion: version }, 10);
  await keys.rotate();
  assert.deepEqual(await states(), ['retired', 'active']);
});

test('K3: a process that is alive and does not follow for a minute is told of', async (t) => {
  const { clock, open, registry, events } = createKeyBench(t, generate);
  const keys = await open();
  clock.now = START + 82_800;
  await keys.rotate();
  await registry.replicas.beat({ id: 'stuck', version: 1, keyVersion: 1 }, 86_400);
  clock.now = START + 86_400;
  const waits = (): boolean => events.some(({ event }) => event === 'exchange.rotation_waits');
  const until = performance.now() + 20_000;
  while (!waits() && performance.now() < until) {
    clock.now += 2;
    await new Promise((go) => setTimeout(go, 20));
  }
  assert.ok(waits());
  assert.ok(clock.now >= START + 86_460);
});

test('G3: a process is among the replicas with the key set it publishes, before it answers and until it ends', async (t) => {
  const { open, registry } = createKeyBench(t, generate);
  const seen: number[] = [];
  const store: SigningKeyStore = {
    ...registry.signingKeys,
    async load(use) {
      seen.push((await registry.replicas.live()).length);
      return registry.signingKeys.load(use);
    },
  };
  const keys = await open({ store });
  assert.equal(seen[0], 1);
  const { version } = await registry.signingKeys.load('tokenx');
  assert.deepEqual(
    (await registry.replicas.live()).map(({ keyVersion }) => keyVersion),
    [version],
  );
  await keys.close();
  assert.deepEqual(await registry.replicas.live(), []);
});

test('K4: a set that another process changed is published within 2 s, without a request', async (t) => {
  const { open, clock } = createKeyBench(t, generate);
  const one = await open();
  const other = await open();
  clock.now = START + 82_800;
  await one.rotate();
  assert.equal(one.published().length, 2);
  const until = performance.now() + 20_000;
  while (other.published().length < 2 && performance.now() < until) await new Promise((go) => setTimeout(go, 20));
  assert.deepEqual(kidsOf(other), kidsOf(one));
});

test('N18: eight replicas on an empty store end with one set, time after time', async (t) => {
  for (let round = 0; round < 40; round += 1) {
    const { open, registry } = createKeyBench(t, generate);
    const replicas = await Promise.all(Array.from({ length: 8 }, () => open()));
    assert.equal(new Set(replicas.map((keys) => [...kidsOf(keys)].join())).size, 1, `round ${round}`);
    assert.equal((await registry.signingKeys.load('tokenx')).version, 1);
    await Promise.all(replicas.map((keys) => keys.close()));
  }
});

test('N18, K4: with clocks five minutes apart the store says when, and there is one rotation', async (t) => {
  const { open, clock, events } = createKeyBench(t, generate);
  const replicas = await Promise.all([-300, 0, 300].map((off) => open({ now: () => clock.now + off })));
  const before = events.length;
  for (const second of [82_799, 82_800, 82_801, 86_399, 86_400, 86_401, 86_402]) {
    clock.now = START + second;
    await Promise.all(replicas.map((keys) => keys.rotate()));
    await Promise.all(replicas.map((keys) => keys.rotate()));
    const told = events.slice(before).flatMap((event) => (event.event === 'exchange.signing_key' ? [event.state] : []));
    if (second < 82_800) assert.deepEqual(told, []);
    else if (second < 86_400) assert.deepEqual(told, ['staged']);
    else assert.deepEqual(told.toSorted(), ['active', 'retired', 'staged']);
  }
  assert.equal(new Set(replicas.map((keys) => keys.signer('RS256').kid)).size, 1);
});

test('N18: after a rotation no request reads keys from the store', async (t) => {
  const keys = await createTestKeys();
  const { registry, clock } = createKeyBench(t, generate);
  let loads = 0;
  const store: SigningKeyStore = {
    ...registry.signingKeys,
    load: (use) => {
      loads += 1;
      return registry.signingKeys.load(use);
    },
  };
  const world = await createWorld({ keys: { ...keys, store } });
  t.after(() => world.close());
  clock.now = START + RULES.activeForSeconds;
  const before = loads;
  for (let request = 0; request < 20; request += 1) {
    assert.equal((await world.exchange()).status, 200);
    assert.equal((await world.send('GET', '/jwks')).status, 200);
  }
  assert.ok(loads - before <= 2, `${loads - before} reads of the set in the background`);
});
