import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis, startRedis } from '../servers/redis.ts';
import { notTurnedAway, startLoginFleet } from './27-36-fleet.ts';
import type { Judged, LoginFleet, Member } from './27-36-fleet.ts';
import { isFull } from './scale.ts';
import { wholeFile } from './whole-file.ts';
import { until } from '../until.ts';

/* Three proxies in processes of their own, one Redis, and a provider that ends a session when a refresh token comes twice. */

const PARALLEL = 50;
const ROUNDS = isFull ? 300 : 6;
const skip = noRedis;

const file = wholeFile();
let opened: Promise<LoginFleet> | undefined;

/** One fleet for the whole file, as an honest provider again. */
async function open(): Promise<LoginFleet> {
  opened ??= (async () => {
    const redis = await startRedis();
    file.after(() => redis.close());
    return startLoginFleet(file, { store: redis.url });
  })();
  const fleet = await opened;
  const { provider } = fleet;
  provider.way.set({ kind: 'pass' });
  provider.ways.grace = false;
  provider.ways.beforeAnswer = undefined;
  return fleet;
}

/** A person whose token has run out, with a session that lives on. */
async function expired(fleet: LoginFleet): Promise<Member> {
  fleet.provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn();
  await pause(1050);
  return member;
}

/** So many requests at each of these proxies at once, as they were answered. */
function burst(fleet: LoginFleet, member: Member, each: number, replicas = fleet.replicas): Promise<readonly Judged[]> {
  return Promise.all(replicas.flatMap((replica) => Array.from({ length: each }, () => fleet.judge(replica, member))));
}

/**
 * The same where the store is well. On a busy machine some may find it late all the same and are told to come again: they do, and they
 * are not most of them, as whoever waits for another's refresh would be.
 */
async function storm(...[fleet, member, each, replicas]: Parameters<typeof burst>): Promise<readonly Judged[]> {
  const judged = await burst(fleet, member, each, replicas);
  const late = judged.filter(({ status }) => status === 503);
  assert.ok(late.length <= judged.length / 3, `${late.length} of ${judged.length} were told to come again`);
  const again = await Promise.all(late.map(() => fleet.served((replicas ?? fleet.replicas)[0] ?? fail(), member)));
  return [...judged.filter((one) => !late.includes(one)), ...again];
}

const tally = (judged: readonly Judged[]): Readonly<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of judged) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** The tokens that the app saw since a moment. */
const tokensSince = (fleet: LoginFleet, from: number): readonly (string | undefined)[] => [
  ...new Set(fleet.seen.slice(from).map(({ authorization }) => authorization)),
];

test(`T27 A11 refresh-storm-one-call: ${ROUNDS} times ${PARALLEL} requests at each of three proxies when the token has run out: one refresh, its token for all, no 401`, {
  skip,
}, async () => {
  const fleet = await open();
  const { provider } = fleet;
  provider.ways.lifetimes.login = 1;
  for (let round = 0; round < ROUNDS; round += 10) {
    const members: Member[] = [];
    for (let left = Math.min(10, ROUNDS - round); left > 0; left -= 1) members.push(await fleet.signIn());
    await pause(1050);
    for (const member of members) {
      const [before, from] = [provider.refreshes(), fleet.seen.length];
      const judged = await storm(fleet, member, PARALLEL);
      assert.deepEqual(tally(judged), { 200: 3 * PARALLEL }, `round ${round}`);
      assert.ok(judged.every(({ verdict }) => verdict === 'right'));
      assert.equal(provider.refreshes() - before, 1);
      const { access, revoked } = provider.family(member.person.sub);
      assert.deepEqual([revoked, access.length], [false, 2]);
      assert.deepEqual(tokensSince(fleet, from), [`Bearer ${access[1]}`], 'every one of them had the new token');
    }
  }
  assert.deepEqual(fleet.oracle.complaints(), []);
});

test('T27 A11 a refresh that the page asks for and those that requests are due for are one as well', {
  skip,
}, async () => {
  const fleet = await open();
  for (let round = 0; round < 3; round += 1) {
    const member = await expired(fleet);
    const before = fleet.provider.refreshes();
    const asked = fleet.replicas.flatMap((replica) =>
      Array.from({ length: 10 }, () =>
        notTurnedAway(() => replica.browser(member.jar).ask('/oauth2/session/refresh', { method: 'POST' })),
      ),
    );
    const [judged, answers] = await Promise.all([storm(fleet, member, 10), Promise.all(asked)]);
    assert.deepEqual(tally(judged), { 200: 30 });
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(fleet.provider.refreshes() - before, 1);
  }
});

test('T28 A11 an answer cut after the provider rotated, with grace: one second try, whose token all get', {
  skip,
}, async () => {
  const fleet = await open();
  const { provider } = fleet;
  const member = await expired(fleet);
  provider.ways.grace = true;
  provider.way.set({ kind: 'cutAnswer' });
  const before = provider.refreshes();
  provider.ways.beforeAnswer = (call) => {
    if (call === before + 2) provider.way.set({ kind: 'pass' });
  };
  const judged = await storm(fleet, member, 10);
  assert.deepEqual(tally(judged), { 200: 30 });
  assert.equal(provider.refreshes() - before, 2);
  assert.deepEqual(tokensSince(fleet, fleet.seen.length - 30), [
    `Bearer ${provider.family(member.person.sub).access[2]}`,
  ]);
});

test('T28 A11 an answer cut after the provider rotated, without grace: one second try, then the session is over for good and nothing goes round', {
  skip,
}, async () => {
  const fleet = await open();
  const { provider } = fleet;
  const member = await expired(fleet);
  provider.way.set({ kind: 'cutAnswer' });
  const before = provider.refreshes();
  // The answer to the second try comes through, and says no.
  provider.ways.beforeAnswer = (call) => {
    if (call === before + 2) provider.way.set({ kind: 'pass' });
  };
  assert.deepEqual(tally(await storm(fleet, member, 10)), { 302: 30 });
  assert.equal(provider.refreshes() - before, 2);
  for (const replica of fleet.replicas) {
    const browser = replica.browser(member.jar);
    assert.equal((await browser.visit('/x')).location, `/oauth2/login?redirect=${encodeURIComponent('/x')}`);
    assert.equal((await browser.ask('/oauth2/session')).status, 401);
  }
  assert.equal(provider.refreshes() - before, 2, 'and nobody asks again');
  assert.equal((await fleet.served(fleet.replicas[1] ?? fail(), await fleet.signIn())).verdict, 'right');
});

test('T28 A11 a provider that never answers a refresh in full costs two calls a time, 503 to who waits, and the session outlives it', {
  skip,
}, async () => {
  const fleet = await open();
  const { provider } = fleet;
  provider.ways.grace = true;
  const member = await expired(fleet);
  provider.way.set({ kind: 'cutAnswer' });
  const before = provider.refreshes();
  const judged = await burst(fleet, member, 10, fleet.replicas.slice(0, 1));
  assert.deepEqual(tally(judged), { 503: 10 });
  assert.ok(judged.every(({ verdict }) => verdict === 'unavailable'));
  assert.equal(provider.refreshes() - before, 2);
});

test('T29 A11 slow-idp-12s-one-call: a provider that takes 12 s is asked once, though its lease would have run out after ten', {
  skip,
}, async () => {
  const fleet = await open();
  const { provider } = fleet;
  const member = await expired(fleet);
  const before = provider.refreshes();
  provider.ways.beforeAnswer = () => pause(12_000);
  const judged = await storm(fleet, member, 10);
  assert.deepEqual(tally(judged), { 200: 30 });
  assert.equal(provider.refreshes() - before, 1);
  assert.equal(provider.family(member.person.sub).revoked, false);
});

test('T29 A11 the holder of a refresh killed while the provider answers: two calls at most, nobody is shown anything wrong, and service goes on', {
  skip,
}, async () => {
  const fleet = await open();
  const { provider } = fleet;
  provider.ways.grace = true;
  const member = await expired(fleet);
  const [holder = fail(), ...others] = fleet.replicas;
  const before = provider.refreshes();
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  provider.ways.beforeAnswer = (call) => (call === before + 1 ? gate : undefined);
  const cut = fleet.judge(holder, member);
  await until(() => provider.refreshes() === before + 1, 'the call');
  const waiting = burst(fleet, member, 5, others);
  await holder.login.stop('SIGKILL');
  letGo();
  assert.equal((await cut).verdict, 'unavailable');
  for (const { verdict, status } of await waiting) assert.notEqual(verdict, 'wrong', String(status));
  // The lease of a holder that is gone runs out by itself.
  await until(async () => (await fleet.judge(others[0] ?? fail(), member)).verdict === 'right', 'service');
  assert.ok(provider.refreshes() - before <= 2, String(provider.refreshes() - before));
  assert.deepEqual(tally(await storm(fleet, member, 5, others)), { 200: 10 });
});

function fail(): never {
  throw new Error('there is no such proxy');
}
