import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis, startRedis } from '../servers/redis.ts';
import { startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Member, Replica } from './27-36-fleet.ts';
import { FAULT_ON_SIGNAL } from './exchange-alone.ts';
import { assertServed, startLoad } from './31-load.ts';
import type { Sample } from './31-load.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import { until } from '../until.ts';

/* Three proxies in processes of their own on one Redis, of which some die, stall or are told to end. */

const skip = noRedis;
const KILLS = isFull ? 200 : 4;
const UNDER_WAY = 40;
const DESCRIPTORS = 256;

async function open(t: TestContext, size: number = 3): Promise<LoginFleet & { readonly replicas: Replica[] }> {
  const redis = await startRedis();
  t.after(() => redis.close());
  const fleet = await startLoginFleet(t, { store: redis.url, size });
  return { ...fleet, replicas: [...fleet.replicas] };
}

async function signInAll(fleet: LoginFleet, count: number): Promise<readonly Member[]> {
  const members: Member[] = [];
  fleet.provider.ways.lifetimes.refresh = 2;
  for (let n = 0; n < count; n += 1) {
    fleet.provider.ways.lifetimes.login = n % 2 === 0 ? 3600 : 2;
    members.push(await fleet.signIn());
  }
  return members;
}

test(`T63 B8 one of three proxies killed ${KILLS} times under load: requests at others never notice, no session is lost, and no refresh token is used for a second time`, {
  skip,
}, async (t) => {
  const seed = drawSeed();
  t.diagnostic(`seed ${seed}`);
  const random = createRandom(seed);
  const fleet = await open(t);
  const { provider, replicas } = fleet;
  // Who dies between the provider's answer and the store has spent a token: that has to be forgiven once.
  provider.ways.grace = true;
  const members = await signInAll(fleet, 12);
  const load = startLoad(fleet, members, random);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(200 + random.below(600));
    const at = random.below(replicas.length);
    const victim = replicas[at] ?? fail();
    replicas.splice(at, 1);
    await victim.login.stop('SIGKILL');
    replicas.push(await fleet.start());
  }
  await pause(500);
  await load.stop();
  assert.deepEqual(fleet.oracle.complaints(), []);
  const away = load.samples.filter(({ verdict }) => verdict === 'unavailable');
  assert.ok(away.length <= KILLS * 12, `${away.length} of ${load.samples.length} went without an answer`);
  for (const member of members) {
    await until(async () => (await fleet.judge(replicas[0] ?? fail(), member)).verdict === 'right', 'the session');
    for (const replica of replicas) assert.equal((await fleet.served(replica, member)).verdict, 'right');
    assert.equal(provider.family(member.person.sub).revoked, false);
  }
});

test('T63 a proxy that stalls for a while under load answers late and rightly, and keeps nobody else from an answer', {
  skip,
}, async (t) => {
  const fleet = await open(t);
  const members = await signInAll(fleet, 6);
  const [stalled = fail(), ...others] = fleet.replicas;
  const rest = startLoad({ ...fleet, replicas: others }, members.slice(0, 3), createRandom(drawSeed()));
  const own = startLoad({ ...fleet, replicas: [stalled] }, members.slice(3), createRandom(drawSeed()));
  await pause(300);
  const from = performance.now();
  stalled.login.child.kill('SIGSTOP');
  const meanwhile = (): readonly Sample[] => rest.samples.filter(({ begun }) => begun > from);
  await Promise.all([pause(2000), until(() => meanwhile().length > 50, 'answers meanwhile')]);
  stalled.login.child.kill('SIGCONT');
  await pause(500);
  await Promise.all([rest.stop(), own.stop()]);
  assert.deepEqual(fleet.oracle.complaints(), []);
  assertServed(rest.samples);
  assert.ok(own.samples.some(({ took }) => took > 1500));
  for (const member of members) assert.equal((await fleet.served(stalled, member)).verdict, 'right');
});

test('T63 a proxy that is told to end under load cuts nothing it has begun, and ends with 0', { skip }, async (t) => {
  const fleet = await open(t, 2);
  const [ending = fail(), other = fail()] = fleet.replicas;
  fleet.provider.ways.lifetimes.login = 3600;
  const member = await fleet.signIn();
  const seen = fleet.seen.length;
  const underWay = Array.from({ length: UNDER_WAY }, (_, n) => ending.browser(member.jar).ask(`/slow/${n}`));
  await until(() => fleet.seen.length === seen + UNDER_WAY, 'the requests');
  const ended = ending.login.stop('SIGTERM');
  const during = await Promise.all(Array.from({ length: 10 }, () => fleet.served(other, member)));
  assert.ok(during.every(({ verdict }) => verdict === 'right'));
  const answers = await Promise.all(underWay);
  assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${body}`)), new Set(['200 the app']));
  assert.equal(await ended, 0, ending.login.said());
  assert.doesNotMatch(ending.login.said(), /unhandled|uncaught|\n\s+at /i);
});

/** Connections that say nothing. */
function openIdle(t: TestContext, port: number, count: number): readonly Socket[] {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  // Those the server has no place for are cut.
  for (const socket of sockets) socket.on('error', () => undefined);
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

test('T63 a proxy with no descriptor left does not crash, serves nobody anything wrong, and serves again once some are free', {
  skip,
}, async (t) => {
  const fleet = await open(t, 1);
  fleet.provider.ways.lifetimes.login = 3600;
  const member = await fleet.signIn();
  const poor = await fleet.start({}, DESCRIPTORS);
  for (let n = 0; n < 5; n += 1) assert.equal((await fleet.served(poor, member)).verdict, 'right');
  const sockets = openIdle(t, poor.port, DESCRIPTORS + 100);
  await until(() => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length > 50, 'the limit');
  for (let n = 0; n < 20; n += 1) assert.notEqual((await fleet.judge(poor, member)).verdict, 'wrong');
  for (const socket of sockets) socket.destroy();
  await until(async () => (await fleet.judge(poor, member)).verdict === 'right', 'service');
  assert.equal(poor.login.child.exitCode, null);
  assert.equal(await poor.login.stop(), 0, poor.login.said());
});

test('T63 a proxy that fails where nobody expected it ends with a code, and its sessions go on at the others and at the next', {
  skip,
}, async (t) => {
  const fleet = await open(t, 1);
  fleet.provider.ways.lifetimes.login = 3600;
  const failing = await fleet.start(FAULT_ON_SIGNAL);
  const member = await fleet.signIn(failing);
  const gone = new Promise((resolve) => failing.login.child.once('close', resolve));
  failing.login.child.kill('SIGUSR2');
  assert.notEqual(await gone, 0);
  assert.match(failing.login.said(), /a fault of the test/);
  for (const replica of [...fleet.replicas, await fleet.start()]) {
    assert.equal((await fleet.served(replica, member)).verdict, 'right');
  }
});

function fail(): never {
  throw new Error('there is none');
}
