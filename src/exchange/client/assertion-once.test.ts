import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openAssertionBench, as } from '../testing/assertions.ts';
import { createWorld, START } from '../testing/world.ts';

const { keys, es256, world, verdict, claims } = await openAssertionBench();
after(() => world.close());

test('N09: of one assertion sent two hundred times at once exactly one gets in (C8)', async (t) => {
  const own = await createWorld({ keys });
  t.after(() => own.close());
  for (let round = 0; round < 3; round += 1) {
    const client_assertion = await own.assertion();
    const subject_token = await own.subject();
    const body = await own.form({ client_assertion, subject_token });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answers = await Promise.all(Array.from({ length: 200 }, () => own.send('POST', '/token', { body, headers })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.deepEqual(
      new Set(answers.map(({ body: { fm_reason } }) => fm_reason ?? 'in')),
      new Set(['in', 'client-replay', 'rate-limited']),
    );
    own.clock.now += 60;
  }
});

test('C8: the same jti of two clients is two assertions, and a bad signature spends nothing', async () => {
  const jti = 'shared';
  assert.equal(await claims({ jti }), 'in');
  assert.equal(await verdict({ key: es256, claims: { ...as('many'), jti } }), 'in');
  assert.equal(
    await verdict({ key: { ...keys.stranger, kid: 'client-1' }, claims: { jti: 'victim' } }),
    'client-auth-failed',
  );
  assert.equal(await claims({ jti: 'victim' }), 'in');
});

test('Y3: an assertion older than the memory of the replay store is refused, so a wiped store opens nothing again', async (t) => {
  const own = await createWorld({ keys, config: { issuers: [] }, rememberedSince: START });
  t.after(() => own.close());
  const cases = [
    [{ iat: START - 1 }, 'client-replay'],
    [{ iat: START }, 'in'],
    [{ iat: undefined, exp: START + 119 }, 'client-replay'],
    [{ iat: undefined, exp: START + 120 }, 'in'],
  ] as const;
  for (const [change, expected] of cases)
    assert.equal(await verdict({ claims: change }, own), expected, JSON.stringify(change));
});

test('N10: the jti of a long-lived or huge assertion never reaches the replay store', async () => {
  const before = world.remembered.length;
  assert.equal(await claims({ exp: 253_402_300_799 }), 'client-lifetime');
  assert.equal(await claims({ jti: 'j'.repeat(9000) }), 'client-jti');
  assert.equal(world.remembered.length, before);
  assert.ok(
    world.remembered.every((key) => key.length < 80),
    'only digests are kept',
  );
});

test('replay off: an assertion works twice, the start warns, and no answer of a store that was never asked is counted', async (t) => {
  const own = await createWorld({ keys, config: { replay: 'off' } });
  t.after(() => own.close());
  const client_assertion = await own.assertion();
  for (let use = 0; use < 2; use += 1) assert.equal((await own.exchange({ client_assertion })).status, 200);
  const told = new Set<string>(own.events.map(({ event }) => event));
  assert.ok(told.has('exchange.replay_off'));
  assert.ok(!told.has('exchange.replay'));
  assert.deepEqual(own.remembered, []);
});
