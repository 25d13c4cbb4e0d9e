import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpResponse } from '../../web/http.ts';
import { empty, json } from '../../web/http.ts';
import type { WrongSigning } from '../testing/provider-signing.ts';
import { startWorld, until } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

/** A session whose refresh is due, its token still good for 25 s or past its end. */
async function dueSession(world: World, token: 'alive' | 'dead'): Promise<void> {
  world.provider.bends.instead.token = [];
  world.provider.bends.idToken = {};
  world.provider.bends.signing = undefined;
  await world.logIn();
  world.clock.seconds += token === 'alive' ? 3575 : 3601;
}

const refused =
  (error: string, status = 400) =>
  (): HttpResponse =>
    json(status, { error });

const ROWS: readonly (readonly [string, () => HttpResponse, 'fatal' | 'kept'])[] = [
  ['invalid_grant', refused('invalid_grant'), 'fatal'],
  ['interaction_required', refused('interaction_required'), 'fatal'],
  ['login_required', refused('login_required'), 'fatal'],
  ['invalid_client', refused('invalid_client', 401), 'kept'],
  ['unauthorized_client', refused('unauthorized_client'), 'kept'],
  ['invalid_scope', refused('invalid_scope'), 'kept'],
  ['another 4xx', refused('something_new', 403), 'kept'],
  ['a 4xx without an error', () => empty(404), 'kept'],
  ['429', () => empty(429), 'kept'],
  ['500', () => empty(500), 'kept'],
  ['503', () => empty(503), 'kept'],
  ['an answer that is none', () => json(200, { ok: true }), 'kept'],
];
test('A10 L7: what a refused or failed refresh does to a session whose token lives, and to one whose token is dead', async (t) => {
  const world = await startWorld(t);
  for (const [what, answer, effect] of ROWS) {
    for (const token of ['alive', 'dead'] as const) {
      await dueSession(world, token);
      world.provider.bends.instead.token = [answer(), answer()];
      const status = (await world.browser.ask('/x')).status;
      const kept = token === 'alive' ? 200 : 503;
      assert.equal(status, effect === 'fatal' ? 401 : kept, `${what}, token ${token}`);
      const session = (await world.browser.ask('/oauth2/session')).status;
      assert.equal(session, effect === 'fatal' ? 401 : 200, `${what}, token ${token}: session`);
      world.clock.seconds += 5;
    }
  }
});

const SIGNINGS: readonly WrongSigning[] = ['none', 'HS256', 'stranger', 'unknown-kid'];
test('RF-1: a refreshed ID token without our provider’s signature is fatal, its token alive or dead', async (t) => {
  const world = await startWorld(t);
  for (const signing of SIGNINGS) {
    for (const token of ['alive', 'dead'] as const) {
      await dueSession(world, token);
      world.provider.bends.signing = signing;
      assert.equal((await world.browser.ask('/x')).status, 401, `${signing}, token ${token}`);
      assert.equal((await world.browser.ask('/oauth2/session')).status, 401, `${signing}, token ${token}`);
      world.clock.seconds += 60;
    }
  }
});

test('RF-1: what is there but is no ID token is fatal; none at all is fine', async (t) => {
  const world = await startWorld(t);
  for (const [idToken, status] of [
    ['rubbish', 401],
    [7, 401],
    [null, 401],
    [undefined, 200],
  ] as const) {
    await dueSession(world, 'dead');
    world.provider.bends.answer = { id_token: idToken };
    assert.equal((await world.browser.ask('/x')).status, status, String(idToken));
    world.provider.bends.answer = {};
    world.clock.seconds += 60;
  }
});

test('RF-1: when the keys cannot be had, the new tokens are kept with the earlier ID token', async (t) => {
  const world = await startWorld(t);
  await dueSession(world, 'dead');
  await world.provider.rollKey('idp-2');
  world.provider.bends.instead.jwks = Array.from({ length: 5 }, () => empty(503));
  assert.equal((await world.browser.ask('/x')).status, 200);
  assert.ok(world.events.some(({ event }) => event === 'provider.unavailable'));
  assert.equal((await world.browser.ask('/oauth2/session')).status, 200);
});

test('A11 W3: however many requests wait for a slow provider, it is called once and all of them get its token', async (t) => {
  const world = await startWorld(t);
  await dueSession(world, 'dead');
  const gate = Promise.withResolvers<void>();
  world.provider.bends.tokenGate = gate.promise;
  const calls = world.provider.callsTo('token').length;
  const waiting = Array.from({ length: 50 }, () => world.browser.ask('/x'));
  await until(() => world.provider.callsTo('token').length === calls + 1);
  world.clock.seconds += 12;
  gate.resolve();
  const answers = await Promise.all(waiting);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(new Set(answers.map(({ body }) => body)).size, 1);
  assert.equal(world.provider.callsTo('token').length, calls + 1);
});

test('A11: an answer that fails gets one second try, and then what the provider says counts', async (t) => {
  const world = await startWorld(t);
  await dueSession(world, 'dead');
  const calls = world.provider.callsTo('token').length;
  world.provider.bends.instead.token = [empty(502)];
  assert.equal((await world.browser.ask('/x')).status, 200);
  assert.equal(world.provider.callsTo('token').length, calls + 2);
  await dueSession(world, 'dead');
  world.provider.bends.instead.token = [empty(502), json(400, { error: 'invalid_grant' })];
  assert.equal((await world.browser.ask('/x')).status, 401);
});
