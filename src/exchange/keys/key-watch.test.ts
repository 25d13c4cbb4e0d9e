import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyRing, createKeyWrapper } from '../../registry/key-wrapper.ts';
import type { Registry } from '../../registry/contract.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { SigningKeyStore } from '../../registry/signing-keys.ts';
import type { ExchangeEvent } from '../record/events.ts';
import { rewrapSigningKeys } from './key-rewrap.ts';
import { startReplicaBeat } from './replica-beat.ts';
import { cheapKeys, createKeyBench } from '../testing/key-bench.ts';
import { createTestKeys, createWorld, defaultData, START } from '../testing/world.ts';

const generate = await cheapKeys();
const testKeys = createTestKeys();
const old = Buffer.alloc(32, 1);
const next = Buffer.alloc(32, 2);

test('K6: a planned rotation now: what signs makes way once a successor was published a lead long', async (t) => {
  const { open, clock, states } = createKeyBench(t, generate);
  const keys = await open();
  const first = keys.signer('RS256').kid;
  clock.now += 100;
  const { next: successors } = await keys.rotateNow();
  assert.deepEqual(
    successors.map(({ alg, signsFrom }) => [alg, signsFrom]),
    [['RS256', START + 3700]],
  );
  assert.deepEqual(await states(), ['active', 'staged']);
  assert.deepEqual((await keys.rotateNow()).next, successors);
  clock.now = START + 3699;
  await keys.rotate();
  assert.equal(keys.signer('RS256').kid, first);
  clock.now = START + 3700;
  await keys.rotate();
  assert.equal(keys.signer('RS256').kid, successors[0]?.kid);
  assert.deepEqual(await states(), ['retired', 'active']);
});

test('K6: a planned rotation with a successor that was published long enough is over when it is answered', async (t) => {
  const { open, clock, registry } = createKeyBench(t, generate);
  const keys = await open();
  clock.now = START + 82_800;
  await keys.rotate();
  const staged = keys.published()[1]?.kid;
  clock.now = START + 86_399;
  await registry.replicas.beat({ id: 'slow', version: 1, keyVersion: 1 }, 1);
  await keys.rotateNow();
  assert.notEqual(keys.signer('RS256').kid, staged);
  clock.now = START + 86_400;
  assert.deepEqual((await keys.rotateNow()).next, [{ kid: staged, alg: 'RS256', signsFrom: START + 86_400 }]);
  assert.equal(keys.signer('RS256').kid, staged);
});

test('K7: keys are sealed anew under the first key-encryption key; then that one alone opens them', async (t) => {
  const { open, registry, clock } = createKeyBench(t, generate);
  const first = await open({ wrapper: createKeyWrapper(old) });
  clock.now = START + 82_800;
  await first.rotate();
  const store = registry.signingKeys;
  await assert.rejects(
    open({ wrapper: createKeyWrapper(next) }),
    /another key-encryption key: restore that key \(.*not among/,
  );
  const before = await store.load('tokenx');
  await assert.rejects(rewrapSigningKeys(store, createKeyWrapper(next)), /another key-encryption key/);
  assert.deepEqual(await store.load('tokenx'), before);
  assert.equal(await rewrapSigningKeys(store, createKeyRing([{ id: 'new', key: next }, { key: old }])), 2);
  const again = await open({ wrapper: createKeyRing([{ id: 'new', key: next }]) });
  assert.equal(again.signer('RS256').kid, first.signer('RS256').kid);
  await first.rotate();
  assert.deepEqual(first.published(), again.published());
  await assert.rejects(open({ wrapper: createKeyWrapper(old) }), /sealed with the key-encryption key new/);
  assert.equal(
    await rewrapSigningKeys(createMemoryRegistry({ now: () => START }).signingKeys, createKeyWrapper(old)),
    0,
  );
});

test('K9, L7: a key that signs more than three times as long as it should turns readiness off', async (t) => {
  const { open, clock, registry } = createKeyBench(t, generate);
  let broken = false;
  const fragile: SigningKeyStore = {
    ...registry.signingKeys,
    load: (use) => (broken ? Promise.reject(new Error('out of reach')) : registry.signingKeys.load(use)),
  };
  const keys = await open({ store: fragile });
  broken = true;
  clock.now = START + 3 * 86_400;
  assert.equal(keys.overdue(), false);
  clock.now += 1;
  assert.equal(keys.overdue(), true);
  await assert.rejects(keys.rotate());
  assert.equal(keys.signer('RS256').alg, 'RS256');
});

function registryAhead(keys: Awaited<typeof testKeys>): { registry: Registry; clock: { ahead: number } } {
  const clock = { ahead: 0 };
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  return { clock, registry: { ...registry, clockAheadSeconds: () => clock.ahead } };
}

test('G3: a clock more than 5 s off is told once, each time it comes to that', async (t) => {
  const { registry, clock } = registryAhead(await testKeys);
  const events: ExchangeEvent[] = [];
  const beat = await startReplicaBeat({ registry, keyVersion: () => 1, emit: (event) => void events.push(event) });
  t.after(() => beat.close());
  for (const ahead of [0, 5, 6, 20, -6, 4, -5, -5.6]) {
    clock.ahead = ahead;
    await beat.beat();
  }
  assert.deepEqual(events, [
    { event: 'exchange.clock_apart', aheadSeconds: 6 },
    { event: 'exchange.clock_apart', aheadSeconds: -6 },
  ]);
});

test('G3, L7: a clock more than 30 s off, or a key far over its time, is not ready', async (t) => {
  const keys = await testKeys;
  const { registry, clock } = registryAhead(keys);
  const world = await createWorld({ keys, registry });
  t.after(() => world.close());
  for (const [ahead, status] of [
    [30, 200],
    [-31, 503],
    [31, 503],
    [-30, 200],
  ] as const) {
    clock.ahead = ahead;
    assert.equal((await world.send('GET', '/internal/isready')).status, status, String(ahead));
  }
  world.clock.now += 3 * 86_400 + 1;
  assert.deepEqual((await world.send('GET', '/readyz')).body, { ready: false, missing: ['signingKeys'] });
});

const gone = (): Promise<void> => Promise.reject(new Error('gone'));

test('G3: a beat that the registry does not take is an event, and no more', async () => {
  const registry = createMemoryRegistry({ now: () => START });
  const events: ExchangeEvent[] = [];
  let broken = false;
  const replicas = {
    ...registry.replicas,
    beat: (...told: Parameters<typeof registry.replicas.beat>) => (broken ? gone() : registry.replicas.beat(...told)),
    leave: gone,
  };
  const beat = await startReplicaBeat({
    registry: { ...registry, replicas },
    keyVersion: () => 3,
    emit: (event) => void events.push(event),
  });
  broken = true;
  await beat.beat();
  await beat.close();
  assert.deepEqual(
    events.map(({ event }) => event),
    ['exchange.beat_failed', 'exchange.beat_failed'],
  );
});

test('L5: whoever looks at the figures sees how old the active keys are, and the state of each key', async (t) => {
  const { open, clock, events } = createKeyBench(t, generate);
  const keys = await open();
  const { kid } = keys.signer('RS256');
  const told = (): readonly string[] => {
    events.length = 0;
    keys.tellFigures();
    return events.map((event) => {
      if (event.event === 'exchange.signing_key_age') return `${event.alg} ${event.ageSeconds}`;
      return event.event === 'exchange.key_state' && event.here === 1 ? `${event.kid === kid} ${event.state}` : '';
    });
  };
  const shown = (): readonly string[] => told().filter((line) => line !== '');
  clock.now += 7;
  assert.deepEqual(shown(), ['true active', 'RS256 7']);
  await keys.revoke(kid);
  assert.deepEqual(shown(), ['true revoked', 'false active', 'RS256 0']);
  clock.now += 86_400;
  await keys.rotate();
  shown();
  const last = events.filter((event) => event.event === 'exchange.key_state' && event.kid === kid);
  assert.deepEqual(
    last.map((event) => event.event === 'exchange.key_state' && event.here),
    [0, 0, 0, 0],
  );
});
