import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SessionRecord } from '../../src/login/session/record.ts';
import { openRecord, sealRecord } from '../../src/login/session/record.ts';
import { openTicket, recordKey } from '../../src/login/session/ticket.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import type { Store } from '../../src/store/store.ts';
import { createSealer } from '../../src/web/seal.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { KEY_A, notTurnedAway, startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Member, Replica } from './27-36-fleet.ts';
import { SESSION } from './01-36-world.ts';
import { startLoad } from './31-load.ts';
import { createRandom, drawSeed } from './scale.ts';
import { until } from '../until.ts';

/* Proxies in processes of their own whose keys change one proxy at a time, and records that another version wrote. */

const skip = noRedis;
const KEY_B: string = randomBytes(32).toString('base64');

/** A fleet whose every proxy reads its keys from a file of its own. */
async function ringFleet(t: TestContext): Promise<{
  readonly fleet: LoginFleet;
  /** Gives a proxy these keys, and waits until it says something of this kind about them. */
  readonly turn: (replica: Replica, keys: readonly string[], says?: RegExp) => Promise<void>;
}> {
  const redis = await startRedis();
  t.after(() => redis.close());
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const none = await startLoginFleet(t, { store: redis.url, size: 0, env: { FULLMAKT_LOGIN_SESSION_KEYS: '' } });
  const files = new Map<Replica, string>();
  const started = [0, 1, 2].map(async (n) => {
    const file = join(folder, `keys-${n}`);
    writeFileSync(file, `${KEY_A}\n`);
    const replica = await none.start({ FULLMAKT_LOGIN_SESSION_KEYS_FILE: file });
    files.set(replica, file);
    return replica;
  });
  return {
    fleet: { ...none, replicas: await Promise.all(started) },
    async turn(replica, keys, says = new RegExp(`: ${keys.length} session keys in force`)) {
      writeFileSync(files.get(replica) ?? '', keys.join('\n'));
      const { length } = replica.login.said();
      replica.login.child.kill('SIGHUP');
      await until(() => says.test(replica.login.said().slice(length)), 'the new keys');
    },
  };
}

/** Signs in at one proxy with the callback at another, as a balancer without memory would have it. */
async function signInAcross(fleet: LoginFleet, from: Replica, to: Replica): Promise<Member> {
  const person = fleet.person();
  const browser = from.browser();
  const callback = await fleet.attempt(browser, person);
  const other = to.browser(browser.jar);
  assert.equal((await notTurnedAway(() => other.visit(callback))).status, 302);
  return { person, jar: other.jar };
}

async function assertAllIn(fleet: LoginFleet, members: readonly Member[]): Promise<void> {
  for (const member of members)
    for (const replica of fleet.replicas) assert.equal((await fleet.served(replica, member)).verdict, 'right');
}

test('T34 A21 rotate-keys-nobody-signed-out: from [A] over [A,B] and [B,A] to [B], one proxy at a time under load: nobody has to sign in before A is gone', {
  skip,
}, async (t) => {
  const { fleet, turn } = await ringFleet(t);
  const { replicas } = fleet;
  const members: Member[] = [await signInAcross(fleet, replicas[0] ?? fail(), replicas[2] ?? fail())];
  const load = startLoad(fleet, members, createRandom(drawSeed()));
  for (const ring of [
    [KEY_A, KEY_B],
    [KEY_B, KEY_A],
  ]) {
    for (const [index, replica] of replicas.entries()) {
      await turn(replica, ring);
      const next = replicas[(index + 1) % replicas.length] ?? fail();
      // Whatever either of two neighbours sealed, the other opens.
      members.push(await signInAcross(fleet, replica, next), await signInAcross(fleet, next, replica));
      await assertAllIn(fleet, members);
    }
  }
  await load.stop();
  assert.deepEqual(fleet.oracle.complaints(), []);
  assert.ok(load.samples.length > 50);
  // By now A may go as soon as the last session is over that it sealed. Here it goes early.
  const late = await signInAcross(fleet, replicas[0] ?? fail(), replicas[1] ?? fail());
  for (const replica of replicas) await turn(replica, [KEY_B]);
  await assertAllIn(fleet, [late]);
  for (const replica of replicas) {
    const answer = await replica.browser(members[0]?.jar).visit('/x');
    assert.match(String(answer.location), /^\/oauth2\/login\?/);
  }
});

test('T34 A21 a file of keys that is damaged in mid-change leaves the keys as they were', { skip }, async (t) => {
  const { fleet, turn } = await ringFleet(t);
  const [replica = fail()] = fleet.replicas;
  const member = await fleet.signIn(replica);
  await turn(replica, [KEY_B.slice(0, 20)], /the keys stay as they were/);
  await assertAllIn(fleet, [member]);
  assert.equal(await replica.login.stop(), 0);
  assert.ok(!replica.login.said().includes(KEY_B.slice(0, 20)));
});

/** The record behind a cookie, as somebody who holds key, cookie and store reads it. */
async function recordOf(
  store: Store,
  member: Member,
): Promise<{
  readonly record: SessionRecord;
  readonly put: (record: SessionRecord) => Promise<unknown>;
}> {
  const ticket = openTicket(createSealer([Buffer.from(KEY_A, 'base64')]), member.jar.get(SESSION) ?? '', SESSION);
  assert.ok(ticket !== undefined);
  const key = recordKey(ticket.sessionId);
  const stored = await store.read(`login:session:${key}`);
  assert.ok(stored !== undefined);
  const record = openRecord(stored.value, ticket.dataKey, key);
  assert.ok(record !== undefined);
  return {
    record,
    put: (changed) => store.update(`login:session:${key}`, stored.version, sealRecord(changed, ticket.dataKey, key)),
  };
}

test('T34 members that a newer version wrote into a record outlive every refresh by this one, and nobody is signed out for them', {
  skip,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const store = openRedisStore(redis.url);
  t.after(() => store.close());
  const fleet = await startLoginFleet(t, { store: redis.url, size: 2 });
  fleet.provider.ways.lifetimes.login = 2;
  fleet.provider.ways.lifetimes.refresh = 2;
  const member = await fleet.signIn();
  const { record, put } = await recordOf(store, member);
  const others = { of_tomorrow: { deep: [1, 'two', null] }, another: '…', number: 2 ** 40 };
  assert.equal(await put({ ...record, others }), 'ok');
  for (let round = 0; round < 2; round += 1) {
    const calls = fleet.provider.refreshes();
    await pause(1100);
    await assertAllIn(fleet, [member]);
    assert.equal(fleet.provider.refreshes(), calls + 1);
    const after = await recordOf(store, member);
    assert.deepEqual(after.record.others, others);
    assert.notEqual(after.record.accessToken, record.accessToken);
  }
  const [one = fail()] = fleet.replicas;
  assert.equal((await one.browser(member.jar).visit('/oauth2/logout')).status, 200);
  assert.equal((await one.browser(member.jar).ask('/x')).status, 401);
});

function fail(): never {
  throw new Error('there is none');
}
