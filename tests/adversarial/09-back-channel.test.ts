import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { World } from '../../src/login/testing/proxy.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const NOW = 1_800_000_000;
const ROUTE = '/oauth2/logout/backchannel';

function form(token: string): Record<string, unknown> {
  return { logout_token: token };
}

function post(world: World, fields: Record<string, unknown>): ReturnType<World['browser']['ask']> {
  const body = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return world.newBrowser().ask(ROUTE, { method: 'POST', body, headers });
}

function claimsOf({ provider }: World): Record<string, unknown> {
  return { iss: provider.issuer, aud: 'client-1', iat: NOW, jti: randomUUID(), sid: 'sid-1', events: { [EVENT]: {} } };
}

const signedIn = async ({ browser }: World): Promise<boolean> => (await browser.ask('/oauth2/session')).status === 200;

/** Each value stands in for one claim; undefined leaves it out. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  '',
  0,
  -1,
  2 ** 60,
  true,
  [],
  {},
  [[]],
  ['x'],
  { x: 1 },
  'x'.repeat(9000),
];

test('T09 whatever one claim of a logout token is replaced by, it ends nothing unless it is right', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  for (const name of ['iss', 'aud', 'iat', 'jti', 'sid', 'events', 'exp', 'nonce', 'sub']) {
    for (const value of ODD) {
      // What is optional may be left out, and a sub beside a sid may be any name.
      if (value === undefined && ['exp', 'nonce', 'sub'].includes(name)) continue;
      const claims = { ...claimsOf(world), [name]: value };
      const answer = await post(world, form(await world.provider.mint({ typ: 'logout+jwt' }, claims)));
      assert.equal(answer.status, 400, `${name} ${JSON.stringify(value)?.slice(0, 20)}`);
      assert.deepEqual(JSON.parse(answer.body), { error: 'invalid_request' });
    }
  }
  assert.equal(await signedIn(world), true);
});

test('T09 a logout token is used once, is nobody’s ID token, and is no key for front-channel or login', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const claims = { ...claimsOf(world), sid: 'sid-7' };
  const token = await world.provider.mint({ typ: 'logout+jwt' }, claims);
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(world, form(token))));
  const statuses = answers.map(({ status }) => status);
  assert.deepEqual(
    [statuses.filter((one) => one === 200).length, statuses.filter((one) => one === 400).length],
    [1, 19],
  );
  const idToken = {
    iss: world.provider.issuer,
    aud: 'client-1',
    sub: 'user-1',
    sid: 'sid-1',
    iat: NOW,
    exp: NOW + 120,
  };
  for (const typ of ['JWT', 'logout+jwt', undefined]) {
    const minted = await world.provider.mint(typ === undefined ? {} : { typ }, { ...idToken, jti: 'j', nonce: 'n' });
    assert.equal((await post(world, form(minted))).status, 400, `type ${typ}`);
  }
  assert.equal(await signedIn(world), true);
});

test('T09 a logout token signed by anybody else, or by nobody, ends nothing', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  for (const signing of ['none', 'HS256', 'stranger', 'unknown-kid'] as const) {
    const token = await world.provider.mint({ typ: 'logout+jwt' }, claimsOf(world), signing);
    assert.equal((await post(world, form(token))).status, 400, signing);
  }
  assert.equal(await signedIn(world), true);
  const right = await world.provider.mint({ typ: 'logout+jwt' }, claimsOf(world));
  assert.equal((await post(world, { ...form(right), a: 1 })).status, 200);
  assert.equal(await signedIn(world), false);
});
