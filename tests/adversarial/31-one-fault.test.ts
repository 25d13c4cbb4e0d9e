import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis, startRedis } from '../servers/redis.ts';
import { notTurnedAway, startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Replica } from './27-36-fleet.ts';
import { assertServed, startLoad } from './31-load.ts';
import { createRandom, drawSeed } from './scale.ts';
import { until } from '../until.ts';

/*
 * What the proxy does when one thing is down: the provider's token endpoint, its metadata and keys, or the audit file. The store is in
 * the other files of this row, replicas that die are in 63 and clocks in 35.
 */

const skip = noRedis;

async function open(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<LoginFleet> {
  const redis = await startRedis();
  t.after(() => redis.close());
  return startLoginFleet(t, { store: redis.url, size: 2, env });
}

const readyz = async ({ login }: Replica): Promise<readonly [number, string]> => {
  const answer = await fetch(`${login.metrics}/readyz`);
  return [answer.status, await answer.text()];
};

test('T31 one fault: the token endpoint is down: sessions live as long as their token, then 503, then as before; a login ends on a page', {
  skip,
}, async (t) => {
  const fleet = await open(t);
  const { provider, replicas } = fleet;
  const [one = fail()] = replicas;
  provider.ways.lifetimes.login = 3600;
  const calm = await fleet.signIn();
  provider.ways.lifetimes.login = 12;
  const member = await fleet.signIn();
  const browser = one.browser();
  const callback = await fleet.attempt(browser, fleet.person());
  // Due after half of its life, and alive for the other half.
  await pause(6100);
  provider.way.set({ kind: 'reset' });
  const load = startLoad(fleet, [calm], createRandom(drawSeed()));
  for (const replica of replicas) assert.equal((await fleet.served(replica, member)).verdict, 'right', 'the old token');
  await until(async () => (await fleet.judge(one, member)).status === 503, 'the end of the token');
  const refused = await one.browser(member.jar).ask('/x');
  assert.deepEqual([refused.status, refused.headers['retry-after'], refused.setCookies], [503, '5', []]);
  const failed = await browser.visit(callback);
  assert.ok([502, 503, 504].includes(failed.status), String(failed.status));
  assert.match(failed.body, /\/oauth2\/login/, 'with a way to try again');
  for (const replica of replicas) assert.equal((await readyz(replica))[0], 200);
  provider.way.set({ kind: 'pass' });
  for (const replica of replicas)
    await until(async () => (await fleet.judge(replica, member)).verdict === 'right', 'the refresh');
  await load.stop();
  assert.ok(load.samples.length > 50);
  assertServed(load.samples);
  assert.deepEqual(fleet.oracle.complaints(), []);
  assert.equal(provider.family(member.person.sub).revoked, false);
});

test('T31 one fault: metadata and keys of the provider are away: known ones serve on, and a proxy that starts meanwhile serves whoever is in', {
  skip,
}, async (t) => {
  const fleet = await open(t);
  const { provider, replicas } = fleet;
  provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn();
  for (const replica of replicas) await until(async () => (await readyz(replica))[0] === 200, 'readiness');
  provider.ways.hidden = true;
  await pause(1050);
  assert.equal((await fleet.served(replicas[0] ?? fail(), member)).verdict, 'right', 'refreshed with the known keys');
  provider.ways.lifetimes.login = 3600;
  assert.equal((await fleet.served(replicas[1] ?? fail(), await fleet.signIn())).verdict, 'right');
  const late = await fleet.start();
  const [status, missing] = await readyz(late);
  assert.equal(status, 503);
  assert.match(missing, /metadata/);
  assert.equal((await fleet.served(late, member)).verdict, 'right');
  const begun = await late.browser().visit('/oauth2/login');
  assert.ok([502, 503].includes(begun.status) && begun.location === null, String(begun.status));
  provider.ways.hidden = false;
  await until(async () => (await readyz(late))[0] === 200, 'readiness');
  assert.equal((await fleet.served(late, await fleet.signIn(late))).verdict, 'right');
  assert.deepEqual(fleet.oracle.complaints(), []);
});

test('T31 one fault: the audit file cannot be written: no login, and nothing else changes', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-audit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync('/dev/full', join(folder, 'audit'));
  const fleet = await open(t);
  const [right = fail()] = fleet.replicas;
  const full = await fleet.start({ FULLMAKT_LOGIN_AUDIT_FILE: join(folder, 'audit') });
  fleet.provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn(right);
  await pause(1050);
  assert.equal((await fleet.served(full, member)).verdict, 'right', 'a refresh grants nothing new');
  const begun = await full.browser().visit('/oauth2/login');
  assert.deepEqual([begun.status, begun.location], [503, null]);
  // Begun elsewhere, it does not end here.
  const browser = right.browser();
  const callback = await fleet.attempt(browser, fleet.person());
  const ended = await full.browser(browser.jar).visit(callback);
  assert.equal(ended.status, 503);
  assert.equal(
    ended.setCookies.some((line) => /session=[^;]/.test(line)),
    false,
  );
  assert.equal((await notTurnedAway(() => full.browser(member.jar).visit('/oauth2/logout'))).status, 200);
  assert.equal(
    (await notTurnedAway(() => right.browser(member.jar).ask('/x'))).status,
    401,
    'out is out, on record or not',
  );
});

function fail(): never {
  throw new Error('there is none');
}
