import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryReplay } from '../../store/replay-memory.ts';
import type { ReplayStore } from '../../store/replay.ts';
import { claimAssertion, claimOnce } from './assertion-replay.ts';
import { createReplayQuota } from './replay-quota.ts';
import { createTestKeys, createWorld, START } from '../testing/world.ts';
import type { World } from '../testing/world.ts';

const keys = await createTestKeys();
const now = (): number => START;
const broken = (claim: ReplayStore['claim']): ReplayStore => ({ ...createMemoryReplay({ now }), claim });
const reason = (expected: string) => (error: unknown) =>
  error instanceof Error && 'reason' in error && error.reason === expected;

test('C8: parts are told apart by where they end, and by what they were used as', async () => {
  const store = createMemoryReplay({ now });
  const end = START + 60;
  assert.equal(await claimOnce('assertion', ['a', 'bc'], end, { store }), 'fresh');
  assert.equal(await claimOnce('assertion', ['ab', 'c'], end, { store }), 'fresh');
  assert.equal(await claimOnce('assertion', ['abc'], end, { store }), 'fresh');
  assert.equal(await claimOnce('assertion', ['1:a', ''], end, { store }), 'fresh');
  assert.equal(await claimOnce('statement', ['a', 'bc'], end, { store }), 'fresh');
  assert.equal(await claimOnce('assertion', ['a', 'bc'], end, { store }), 'seen');
});

test('Y1: a store that fails, or says nothing for its budget, is replay-unavailable', async () => {
  const fails = broken(() => Promise.reject(new StoreUnavailable('gone')));
  const hangs = broken(() => new Promise(() => {}));
  for (const store of [fails, hangs]) {
    await assert.rejects(
      claimOnce('assertion', ['a'], START + 60, { store, budgetMs: 20 }),
      reason('replay-unavailable'),
    );
  }
});

test('Y3: a memory that is found gone by the very claim refuses the assertion', async () => {
  const memory = createMemoryReplay({ now });
  let since = START - 100;
  const wiped: ReplayStore = {
    ...memory,
    rememberedSince: () => since,
    claim(key, end) {
      since = START;
      return memory.claim(key, end);
    },
  };
  const rules = { store: wiped, maxLifetimeSeconds: 120, skewSeconds: 10 } as const;
  const claims = { issuer: 'i', jti: 'j', iat: START - 1, exp: START + 60, audience: 'issuer' } as const;
  await assert.rejects(claimAssertion(claims, rules), reason('client-replay'));
  await claimAssertion({ ...claims, jti: 'k', iat: START }, rules);
});

test('Y2: one client has so many live assertions and no more, until some expire', () => {
  let time = START;
  const quota = createReplayQuota({ now: () => time, perClient: 100 });
  const enter = (client: string, life: number): boolean => quota.enter(client, time + life);
  for (let each = 0; each < 50; each += 1) assert.ok(enter('web', 10) && enter('web', 20));
  assert.equal(enter('web', 20), false);
  assert.equal(enter('api', 20), true, 'another client has its own');
  time += 9;
  assert.equal(enter('web', 20), false);
  time += 1;
  for (let each = 0; each < 50; each += 1) assert.ok(enter('web', 20));
  assert.equal(enter('web', 20), false);
  quota.leave('web', time + 20);
  assert.equal(enter('web', 20), true, 'what was not remembered does not count');
  quota.leave('nobody', time);
  quota.leave('web', time + 999);
  assert.equal(enter('web', 20), false);
});

test('Y2: the limit is split over processes, and what is counted is bounded', () => {
  const quota = createReplayQuota({ now, workers: 4, maxClients: 50 });
  let entered = 0;
  while (quota.enter('web', START + 60)) entered += 1;
  assert.equal(entered, 25_000);
  for (let client = 0; client < 1000; client += 1) quota.enter(`client ${client}`, START + 60);
  assert.equal(quota.size(), 50);
});

/** So many processes that each admits two live assertions of a client, and hardly any requests: every one has time of its own. */
async function oneOfMany(
  t: TestContext,
): Promise<{ world: World; after: (seconds: number, id?: string, sent?: string) => Promise<string> }> {
  const life = 10_000;
  const own = await createWorld({ keys, workers: 50_000, config: { assertionMaxLifetimeSeconds: life } });
  t.after(() => own.close());
  const after = async (seconds: number, id = 'dev:fleet:web', sent?: string): Promise<string> => {
    own.clock.now += seconds;
    const claims = { iss: id, sub: id, exp: own.clock.now + life };
    const { status, body } = await own.exchange({ client_assertion: sent ?? (await own.assertion({ claims })) });
    return typeof body['fm_reason'] === 'string' ? body['fm_reason'] : `${status}`;
  };
  return { world: own, after };
}

test('N10: a client with too many live assertions is asked to wait, others are not', async (t) => {
  const { world: own, after } = await oneOfMany(t);
  assert.deepEqual([await after(0), await after(100), await after(100)], ['200', '200', 'rate-limited']);
  assert.equal(await after(0, 'dev:fleet:lonely'), 'no-rule');
  assert.equal(own.remembered.length, 3, 'what is refused is not remembered');
  assert.equal(await after(10_011), '200');
});

test('a replayed assertion does not count towards the limit', async (t) => {
  const { world: own, after } = await oneOfMany(t);
  const sent = await own.assertion({ claims: { exp: own.clock.now + 10_000 } });
  assert.equal(await after(0, undefined, sent), '200');
  assert.equal(await after(100, undefined, sent), 'client-replay');
  assert.deepEqual([await after(2500), await after(100)], ['200', 'rate-limited']);
});
