import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  createTestKeys,
  createWorld,
  claimsOf,
  defaultData,
  openWorld,
  START,
} from '../../src/exchange/testing/world.ts';
import type { Answer, TestKeys, World, WorldOptions } from '../../src/exchange/testing/world.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { createMemoryReplay } from '../../src/store/replay-memory.ts';

/* Clocks that are off: the client's, the identity provider's, the server's and the store's. */

const HOUR = 3600;
const SKEW = 10;
const END_OF_YEAR_9999 = 253_402_300_799;

let keys: TestKeys;
before(async () => {
  keys = await createTestKeys();
});

const open = (t: TestContext, options: Partial<WorldOptions> = {}): Promise<World> =>
  openWorld(t, { keys, ...options });

const reasonOf = ({ status, body }: Answer): unknown => body['fm_reason'] ?? status;

/** What a client is told whose clock is so many seconds ahead of the server's; behind if negative. Its assertions live 60 s unless told. */
async function fromClientAhead(world: World, seconds: number, life: number = 60): Promise<Answer> {
  const iat = world.clock.now + seconds;
  return world.exchange({ client_assertion: await world.assertion({ claims: { iat, nbf: iat, exp: iat + life } }) });
}

for (const [ahead, expected] of [
  [0.04, 200],
  [-0.04, 200],
  [1, 200],
  [-1, 200],
  [9, 200],
  [-9, 200],
  [10, 200],
  [11, 'client-time'],
  [60, 'client-time'],
  [-60, 200],
  [-69, 200],
  [-70, 'client-time'],
  [-120, 'client-time'],
  [120, 'client-time'],
] as const) {
  test(`T35 N11: an assertion of 60 s from a client whose clock is ${ahead} s ahead: ${expected}`, async (t) => {
    const world = await open(t);
    const answer = await fromClientAhead(world, ahead);
    assert.equal(reasonOf(answer), expected, answer.text);
    if (expected === 200) return;
    // Enough for whoever reads it to see whose clock is off, and by how much.
    const sent = world.clock.now + ahead;
    const told = String(answer.body['error_description']);
    assert.match(told, new RegExp(`\\b${ahead > 0 ? sent : sent + 60}\\b.*server time ${world.clock.now}\\b`));
  });
}

test('T35 N11: skew moves both ends alike, from none to 60 s', async (t) => {
  for (const skewSeconds of [0, 60]) {
    const world = await open(t, { config: { skewSeconds } });
    assert.equal(reasonOf(await fromClientAhead(world, skewSeconds)), 200);
    assert.equal(reasonOf(await fromClientAhead(world, skewSeconds + 1)), 'client-time');
    assert.equal(reasonOf(await fromClientAhead(world, -60 - skewSeconds + 1)), 200);
    assert.equal(reasonOf(await fromClientAhead(world, -60 - skewSeconds)), 'client-time');
  }
});

test('T35 a provider whose clock is off by up to the skew is believed, and not a second more', async (t) => {
  const world = await open(t);
  const subjectAt = async (claims: Readonly<Record<string, number>>): Promise<unknown> =>
    reasonOf(await world.exchange({ subject_token: await world.subject({ claims }) }));
  const { now } = world.clock;
  assert.equal(await subjectAt({ iat: now + SKEW, nbf: now + SKEW, exp: now + 600 }), 200);
  assert.notEqual(await subjectAt({ iat: now + SKEW + 1, exp: now + 600 }), 200);
  assert.notEqual(await subjectAt({ nbf: now + SKEW + 1 }), 200);
  assert.notEqual(await subjectAt({ exp: now - SKEW }), 200);
});

for (const off of [120, -120]) {
  test(`T35 a server whose own clock is ${off} s off refuses what is out of its time, and is not ready`, async (t) => {
    const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
    const world = await open(t, { registry: { ...registry, clockAheadSeconds: () => off } });
    const assertion = await world.assertion();
    world.clock.now += off;
    assert.equal(reasonOf(await world.exchange({ client_assertion: assertion })), 'client-time');
    assert.equal((await world.send('GET', '/readyz')).status, 503);
    assert.equal((await world.send('GET', '/internal/isready')).status, 503);
    assert.equal((await world.send('GET', '/internal/isalive')).status, 200, 'to start it anew would mend nothing');
  });
}

test('T35 ready up to 30 s off the store, in either direction', async (t) => {
  const clock = { ahead: 0 };
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  const world = await open(t, { registry: { ...registry, clockAheadSeconds: () => clock.ahead } });
  const told: (readonly [number, number])[] = [];
  for (const ahead of [0, 30, 30.1, -30, -30.1, Number.NaN]) {
    clock.ahead = ahead;
    told.push([ahead, (await world.send('GET', '/readyz')).status]);
  }
  assert.deepEqual(told, [
    [0, 200],
    [30, 200],
    [30.1, 503],
    [-30, 200],
    [-30.1, 503],
    [Number.NaN, 503],
  ]);
});

test('T35 F04: a clock that jumps back an hour, or forward and back, makes no used assertion new', async (t) => {
  const world = await open(t);
  const used = await world.assertion();
  assert.equal(reasonOf(await world.exchange({ client_assertion: used })), 200);
  for (const jump of [-HOUR, HOUR, HOUR, -HOUR]) {
    world.clock.now += jump;
    assert.notEqual(reasonOf(await world.exchange({ client_assertion: used })), 200, `after ${jump}`);
  }
  assert.equal(reasonOf(await world.exchange({ client_assertion: used })), 'client-replay');
  assert.equal(reasonOf(await world.exchange()), 200, 'and a new one is as good as ever');
});

test('T35 after a jump back service goes on: new assertions are taken, tokens end by the new time, no bucket is empty', async (t) => {
  const world = await open(t, { rememberedSince: START - 2 * HOUR });
  const later = await world.exchange();
  world.clock.now -= HOUR;
  const answer = await world.exchange();
  assert.equal(reasonOf(answer), 200, answer.text);
  const claims = claimsOf(answer);
  assert.ok(Number(claims['iat']) <= world.clock.now && Number(claims['exp']) <= world.clock.now + 900);
  const early = await world.exchange({
    client_assertion: await world.assertion({ claims: { iss: 'dev:fleet:api', sub: 'dev:fleet:api' } }),
    audience: 'dev:fleet:store',
    subject_token: String(later.body['access_token']),
  });
  assert.notEqual(reasonOf(early), 200, 'a token of the future is none');
  for (let round = 0; round < 30; round += 1) {
    assert.equal(reasonOf(await world.exchange()), 200);
    world.clock.now += round % 2 === 0 ? -5 : 4;
  }
});

test('T35 the store goes by its own clock: an assertion is remembered however this process’s clock runs', async (t) => {
  const store = createMemoryReplay({ now: () => START });
  const world = await open(t, { store });
  const used = await world.assertion({ claims: { exp: START + 100 } });
  assert.equal(reasonOf(await world.exchange({ client_assertion: used })), 200);
  // By this clock it ended long ago; by the store's, which all share, it has not.
  world.clock.now += 200;
  await world.exchange();
  world.clock.now -= 200;
  assert.equal(reasonOf(await world.exchange({ client_assertion: used })), 'client-replay');
});

test('T35 N10: an end in the year 9999 or later, before 1970, in fractions or over a leap second buys nobody anything', async (t) => {
  const world = await open(t);
  const { now } = world.clock;
  const remembered = world.remembered.length;
  for (const exp of [END_OF_YEAR_9999, END_OF_YEAR_9999 + 1, 2 ** 53 - 1, 2 ** 63, 1e308, -1, 0]) {
    const client_assertion = await world.assertion({ claims: { exp } });
    assert.match(String(reasonOf(await world.exchange({ client_assertion }))), /^client-(?:time|lifetime)$/, `${exp}`);
  }
  assert.equal(world.remembered.length, remembered);
  // 2016-12-31T23:59:60Z has no number of its own: the second before is written twice.
  const leap = 1_483_228_799;
  world.clock.now = leap;
  const own = await createWorld({ keys, rememberedSince: leap - HOUR });
  t.after(() => own.close());
  own.clock.now = leap;
  const used = await own.assertion();
  assert.equal(reasonOf(await own.exchange({ client_assertion: used })), 200);
  own.clock.now = leap - 0.5;
  assert.equal(reasonOf(await own.exchange()), 200);
  assert.equal(reasonOf(await own.exchange({ client_assertion: used })), 'client-replay');
  world.clock.now = now;
  const fraction = await world.assertion({ claims: { iat: now - 0.25, nbf: now - 0.25, exp: now + 59.5 } });
  assert.equal(reasonOf(await world.exchange({ client_assertion: fraction })), 200);
});
