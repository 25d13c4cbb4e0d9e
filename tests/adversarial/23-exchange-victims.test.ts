import assert from 'node:assert/strict';
import { request } from 'node:http';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, FORM, openWorld } from '../../src/exchange/testing/world.ts';
import type { Answer, TestKeys, World, WorldOptions } from '../../src/exchange/testing/world.ts';
import { isFull } from './scale.ts';

/* Whoever names a victim in requests that prove nothing takes nothing from the victim (L8). */

const FLOOD = isFull ? 50_000 : 2000;
const AT_ONCE = 50;
/** Addresses of this machine that nobody else in the tests comes from. */
const HOSTILE = '127.0.0.66';

let keys: TestKeys;
before(async () => {
  keys = await createTestKeys();
});

const open = (t: TestContext, options: Partial<WorldOptions> = {}): Promise<World> =>
  openWorld(t, { keys, ...options });

/** Sends a form from another address of this machine. */
function sendFrom(localAddress: string, world: World, body: string): Promise<Pick<Answer, 'status' | 'body'>> {
  return new Promise((resolve, reject) => {
    const headers = { ...FORM, 'Content-Length': Buffer.byteLength(body) };
    const outgoing = request(`${world.origin}/token`, { method: 'POST', headers, localAddress, agent: false });
    outgoing.once('error', reject).once('response', (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) }));
    });
    outgoing.end(body);
  });
}

/** What becomes of many requests of one kind. */
async function reasons(count: number, send: () => Promise<Pick<Answer, 'status' | 'body'>>): Promise<string[]> {
  const told: string[] = [];
  while (told.length < count) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - told.length) }, send);
    for (const { status, body } of await Promise.all(batch)) {
      const reason = body['fm_reason'];
      told.push(typeof reason === 'string' ? reason : String(status));
    }
  }
  return told;
}

const countOf = (told: readonly string[], reason: string): number => told.filter((each) => each === reason).length;

test(`T23 F06: ${FLOOD} forged assertions that name a client, from one address, leave every request of that client at 200`, async (t) => {
  const world = await open(t);
  const forged = await world.form({ client_assertion: await world.assertion({ key: keys.stranger }) });
  const flood = reasons(FLOOD, () => sendFrom(HOSTILE, world, forged));
  const flooded: { over: boolean } = { over: false };
  void flood.then(() => (flooded.over = true));
  const seen: number[] = [];
  while (!flooded.over) seen.push((await world.exchange()).status);
  for (let round = 0; round < 20; round += 1) seen.push((await world.exchange()).status);
  assert.deepEqual(
    seen.filter((status) => status !== 200),
    [],
    `of ${seen.length}`,
  );
  const told = await flood;
  // Twenty in a second and sixty at once, by a clock that stands.
  assert.equal(countOf(told, 'client-auth-failed'), 60);
  assert.equal(countOf(told, 'rate-limited'), FLOOD - 60);
});

test('T23 F06: forged assertions under many names empty the bucket of their address, and of no other', async (t) => {
  const world = await open(t);
  let made = 0;
  const told = await reasons(700, async () => {
    const id = `dev:fleet:nobody-${(made += 1)}`;
    const client_assertion = await world.assertion({ claims: { iss: id, sub: id }, key: keys.stranger });
    return sendFrom(HOSTILE, world, await world.form({ client_assertion }));
  });
  assert.equal(countOf(told, 'rate-limited'), 100, '600 at once');
  assert.equal((await sendFrom(HOSTILE, world, await world.form())).body['fm_reason'], 'rate-limited');
  assert.equal((await world.exchange()).status, 200);
  world.clock.now += 1;
  assert.equal((await sendFrom(HOSTILE, world, await world.form())).status, 200, 'a second later it may try again');
});

test('T23 L8: the failures of one address as one client: the last in the bucket, and one over', async (t) => {
  const world = await open(t);
  const forged = await world.form({ client_assertion: await world.assertion({ key: keys.stranger }) });
  const send = (): Promise<Answer> => world.send('POST', '/token', { body: forged, headers: FORM });
  assert.equal(countOf(await reasons(60, send), 'client-auth-failed'), 60);
  assert.deepEqual(await reasons(1, send), ['rate-limited']);
  const answer = await send();
  assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '1']);
  world.clock.now += 1;
  const again = await reasons(21, send);
  assert.deepEqual([countOf(again, 'client-auth-failed'), countOf(again, 'rate-limited')], [20, 1]);
});

test('T23 L8: a client that proves itself has a thousand requests at once, five hundred in a second, and not one more', async (t) => {
  const world = await open(t);
  const exchange = (): Promise<Answer> => world.exchange();
  assert.equal(countOf(await reasons(1000, exchange), '200'), 1000);
  assert.deepEqual(await reasons(1, exchange), ['rate-limited']);
  world.clock.now += 1;
  const again = await reasons(501, exchange);
  assert.deepEqual([countOf(again, '200'), countOf(again, 'rate-limited')], [500, 1]);
});

test('T23 L8: of several processes each has its part of every rate', async (t) => {
  const world = await open(t, { workers: 4 });
  const forged = await world.form({ client_assertion: await world.assertion({ key: keys.stranger }) });
  const told = await reasons(20, () => sendFrom(HOSTILE, world, forged));
  assert.deepEqual([countOf(told, 'client-auth-failed'), countOf(told, 'rate-limited')], [15, 5]);
  const own = await reasons(260, () => world.exchange());
  assert.deepEqual([countOf(own, '200'), countOf(own, 'rate-limited')], [250, 10]);
});
