import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis, startRedis } from '../servers/redis.ts';
import { clockEnv, notTurnedAway, startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Owner, Replica } from './27-36-fleet.ts';
import { assertServed, startLoad } from './31-load.ts';
import { createRandom, drawSeed } from './scale.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

/* Proxies in processes of their own, each with a clock of its own; Redis goes by the machine's. */

const skip = noRedis;
const HOUR = 3600;

/** Proxies whose clocks are so many seconds ahead, and move by `step` at SIGUSR2. */
async function open(
  t: Owner,
  ahead: readonly number[],
  { step = 0, env = {} }: { readonly step?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<LoginFleet> {
  const redis = await startRedis();
  t.after(() => redis.close());
  const none = await startLoginFleet(t, { store: redis.url, size: 0, env });
  return { ...none, replicas: await Promise.all(ahead.map((seconds) => none.start(clockEnv(seconds, step)))) };
}

async function ready({ login }: Replica): Promise<readonly [number, string]> {
  const answer = await fetch(`${login.metrics}/readyz`);
  return [answer.status, await answer.text()];
}

test('T35 proxies whose clocks are up to 58 s off serve each other’s sessions, refresh them once, and let people in', {
  skip,
}, async (t) => {
  const fleet = await open(t, [0, 58, -58]);
  const { provider, replicas } = fleet;
  provider.ways.lifetimes.login = 240;
  const members = [];
  for (const replica of replicas) members.push(await fleet.signIn(replica));
  const load = startLoad(fleet, members, createRandom(drawSeed()));
  await pause(1000);
  await load.stop();
  assert.deepEqual(fleet.oracle.complaints(), []);
  assertServed(load.samples);
  assert.equal(provider.refreshes(), 0, 'and none is taken for run out');
  provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn(replicas[2]);
  await pause(1050);
  const judged = await Promise.all(
    replicas.flatMap((replica) => Array.from({ length: 10 }, () => fleet.served(replica, member))),
  );
  assert.deepEqual(new Set(judged.map(({ verdict }) => verdict)), new Set(['right']));
  assert.equal(provider.refreshes(), 1);
});

test('T35 a proxy more than 30 s off the store is not ready and says what is wrong; one that is less is', {
  skip,
}, async (t) => {
  const offs = [0, 28, -28, 33, -33, 120, -120];
  const { replicas } = await open(t, offs);
  for (const [index, off] of offs.entries()) {
    const replica = replicas[index] ?? fail();
    if (Math.abs(off) < 30) await until(async () => (await ready(replica))[0] === 200, `${off}: ready`);
    else {
      await until(async () => (await ready(replica))[1].includes('clock'), `${off}: told`);
      assert.equal((await ready(replica))[0], 503);
    }
    assert.equal((await fetch(`${replica.login.metrics}/healthz`)).status, 200, 'to start it anew would mend nothing');
  }
});

test('T35 a clock that is minutes off lets nobody in on a token that is over or not yet made by it, and still serves whoever is in', {
  skip,
}, async (t) => {
  const fleet = await open(t, [0, 200, -120]);
  const [right = fail(), ...wrong] = fleet.replicas;
  const member = await fleet.signIn(right);
  for (const replica of wrong) {
    const browser = replica.browser();
    const callback = await fleet.attempt(browser, fleet.person());
    const answer = await notTurnedAway(() => browser.visit(callback));
    assert.equal(answer.status, 500, 'a page that says so');
    assert.match(String(answer.headers['content-type']), /^text\/html/);
    assert.equal(
      answer.setCookies.some((line) => /session=[^;]/.test(line)),
      false,
    );
    assert.equal((await fleet.served(replica, member)).verdict, 'right');
  }
});

test('T35 a clock that jumps back an hour, and forward again: sessions go on, one refresh at a time, and nobody waits for the old time to return', {
  skip,
}, async (t) => {
  const fleet = await open(t, [0, 0], { step: -HOUR });
  const { provider, replicas } = fleet;
  const [jumper = fail(), steady = fail()] = replicas;
  provider.ways.lifetimes.login = 3600;
  const before = await fleet.signIn(jumper);
  const load = startLoad(fleet, [before], createRandom(drawSeed()));
  jumper.login.child.kill('SIGUSR2');
  await until(async () => (await ready(jumper))[1].includes('clock'), 'the jump');
  await pause(300);
  await load.stop();
  assert.deepEqual(fleet.oracle.complaints(), []);
  assertServed(load.samples);
  // Both take part in a refresh; whoever is first, it is one.
  provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn(steady);
  await pause(1050);
  const calls = provider.refreshes();
  const judged = await Promise.all(
    [jumper, steady].flatMap((replica) => Array.from({ length: 10 }, () => fleet.served(replica, member))),
  );
  assert.ok(judged.every(({ verdict }) => verdict === 'right'));
  assert.ok(provider.refreshes() - calls <= 1);
  assert.equal((await notTurnedAway(() => steady.browser(member.jar).visit('/oauth2/logout'))).status, 200);
  assert.equal(
    (await notTurnedAway(() => jumper.browser(member.jar).ask('/x'))).status,
    401,
    'and what has ended stays so',
  );
});

test('T35 a refresh that failed just before the clock jumped back is tried again after it', { skip }, async (t) => {
  const fleet = await open(t, [0, 58], { step: -30 });
  const { provider, replicas } = fleet;
  const [right = fail(), replica = fail()] = replicas;
  provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn(right);
  // Its token is dead at the other one on either side of the jump.
  await pause(1050);
  provider.way.set({ kind: 'reset' });
  assert.equal((await fleet.judge(replica, member)).verdict, 'unavailable');
  provider.way.set({ kind: 'pass' });
  replica.login.child.kill('SIGUSR2');
  const begun = performance.now();
  await until(async () => (await fleet.judge(replica, member)).verdict === 'right', 'service');
  assertInTime(performance.now() - begun, 8000);
});

test('T35 a session ends by the store’s clock, wherever a proxy’s own has gone', { skip }, async (t) => {
  const env = { FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '5s' };
  const fleet = await open(t, [0, 0], { step: -HOUR, env });
  const [right = fail(), jumper = fail()] = fleet.replicas;
  const member = await fleet.signIn(right);
  jumper.login.child.kill('SIGUSR2');
  assert.equal((await fleet.served(jumper, member)).verdict, 'right');
  await until(async () => (await jumper.browser(member.jar).ask('/x')).status === 401, 'the end');
  assert.equal((await notTurnedAway(() => right.browser(member.jar).ask('/x'))).status, 401);
});

function fail(): never {
  throw new Error('there is none');
}
