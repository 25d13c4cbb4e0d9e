import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from '../../web/serve.ts';
import { createIdp } from '../app.ts';
import { registerIdporten } from '../testing/idporten-clients.ts';
import { signInByPage } from '../testing/page.ts';
import { askToken, authorizeUrl, claimsOf, codeAt, PID, redeem, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

const MINUTE = 60;

/** `ok` when the browser's session answers without a page, else the error. */
async function silently(jar: Jar, parameters: Record<string, string> = {}): Promise<string> {
  const sent = redirected(await visit(world, jar, authorizeUrl({ prompt: 'none', ...parameters })));
  return sent.get('code') === null ? (sent.get('error') ?? 'nothing') : 'ok';
}

test('idporten-11-session: headless sign-in is below the level asked for: access_denied; an unreal pid: a page', async () => {
  const low = await world.fetch(
    authorizeUrl({ acr_values: 'idporten-loa-high', login_hint: `testid:${PID}_idporten-loa-substantial` }),
  );
  assert.equal(redirected(low).get('error'), 'access_denied');
  assert.equal((await world.fetch(authorizeUrl({ login_hint: 'testid:01010190285_idporten-loa-high' }))).status, 400);
});

async function reaches(acr_values: string, acr: string): Promise<boolean> {
  const answer = await world.fetch(authorizeUrl({ acr_values, login_hint: `testid:${PID}_${acr}` }));
  return redirected(answer).has('code');
}

test('idporten-11-session: any level from the lowest one asked for will do, a foreign one only where one was asked for', async () => {
  const [substantial, high, foreign] = ['idporten-loa-substantial', 'idporten-loa-high', 'eidas-loa-high'];
  assert.equal(await reaches(`${high} ${substantial}`, substantial), true);
  assert.equal(await reaches(substantial, high), true);
  assert.equal(await reaches(substantial, foreign), false);
  assert.equal(await reaches(`${substantial} ${foreign}`, foreign), true);
  assert.equal(await reaches(foreign, 'eidas-loa-substantial'), false);
  assert.equal(await reaches(`unheard-of ${high}`, substantial), false);
});

test('a restart leaves the browser signed in and its refresh token good, with the same keys and subjects', async (t) => {
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, {}, jar)));
  const again = await createIdp(world.config, world.deps);
  t.after(() => again.close());
  const listeners = await Promise.all(again.listeners.slice(0, 2).map((spec) => serve(spec)));
  t.after(() => Promise.all(listeners.map((listener) => listener.close(0))));
  const moved = (url: string): string =>
    url.replace(ISSUERS.idporten, listeners[0]?.origin ?? '').replace(ISSUERS.login, listeners[1]?.origin ?? '');
  const second = { ...world, fetch: (url: string, init?: RequestInit) => world.fetch(moved(url), init) };
  const code = redirected(await visit(second, jar, authorizeUrl({ prompt: 'none' }))).get('code') ?? '';
  const renewed = await askToken(second, redeem(code));
  assert.equal(claimsOf(renewed.body['id_token'])['sub'], claimsOf(body['id_token'])['sub']);
  assert.equal(String(renewed.body['id_token']).split('.')[0], String(body['id_token']).split('.')[0], 'same kid');
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  assert.equal((await askToken(second, refresh)).status, 200);
});

test('idporten-11-session: 30 minutes without an authorization request end it, each request counts anew', async () => {
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  for (const minutes of [29, 29, 29]) {
    world.clock.now += minutes * MINUTE;
    assert.equal(await silently(jar), 'ok');
  }
  world.clock.now += 30 * MINUTE;
  assert.equal(await silently(jar), 'login_required');
});

test('idporten-11-session: 120 minutes after the sign-in it ends, however busy', async () => {
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  for (const _ of [1, 2, 3, 4, 5]) {
    world.clock.now += 20 * MINUTE;
    assert.equal(await silently(jar), 'ok');
  }
  world.clock.now += 20 * MINUTE - 1;
  assert.equal(await silently(jar), 'ok');
  world.clock.now += 1;
  assert.equal(await silently(jar), 'login_required');
});

test('idporten-11-session: what is asked at the token endpoint does not keep it alive', async () => {
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, {}, jar)));
  world.clock.now += 29 * MINUTE;
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  assert.equal((await askToken(world, refresh)).status, 200);
  world.clock.now += MINUTE;
  assert.equal(await silently(jar), 'login_required');
});

test('idporten-11-session: a level that is too low asks again, raises the session, and keeps its name', async () => {
  const jar: Jar = new Map();
  const low = await askToken(
    world,
    redeem(await codeAt(world, { login_hint: `testid:${PID}_idporten-loa-substantial` }, jar)),
  );
  assert.equal(await silently(jar, { acr_values: 'idporten-loa-high' }), 'login_required');
  const page = await (await visit(world, jar, authorizeUrl({ acr_values: 'idporten-loa-high' }))).text();
  assert.ok(page.includes('value="high"') && !page.includes('value="substantial"'));
  world.clock.now += MINUTE;
  const raised = await signInByPage(world, { parameters: { acr_values: 'idporten-loa-high' }, jar });
  const high = await askToken(world, redeem(redirected(raised).get('code') ?? ''));
  const [before, later] = [claimsOf(low.body['id_token']), claimsOf(high.body['id_token'])];
  assert.deepEqual([before['acr'], later['acr']], ['idporten-loa-substantial', 'idporten-loa-high']);
  assert.equal(later['sid'], before['sid']);
  assert.equal(later['auth_time'], world.clock.now);
  assert.equal(await silently(jar, { acr_values: 'idporten-loa-high' }), 'ok');
});

test('idporten-11-session: a client without SSO neither uses one nor leaves one behind', async () => {
  const alone = registerIdporten(world, 'alone', { ssoDisabled: true, frontchannelLogoutSessionRequired: true });
  const jar: Jar = new Map();
  await codeAt(world, { client_id: alone }, jar);
  assert.equal(jar.get('fm_idporten_sso'), undefined);
  const shared = await askToken(world, redeem(await codeAt(world, {}, jar)));
  assert.equal(await silently(jar, { client_id: alone }), 'login_required');
  const apart = await askToken(world, redeem(await codeAt(world, { client_id: alone }, jar)), alone);
  assert.notEqual(claimsOf(apart.body['id_token'])['sid'], claimsOf(shared.body['id_token'])['sid']);
  assert.equal(await silently(jar), 'ok', 'the shared session is as it was');
});

test('idporten-11-session: a browser knows its own session only', async () => {
  const [one, other]: [Jar, Jar] = [new Map(), new Map()];
  await codeAt(world, {}, one);
  assert.equal(await silently(other), 'login_required');
  await codeAt(world, {}, other);
  await visit(world, one, `${ISSUERS.login}/logout`);
  assert.deepEqual([await silently(one), await silently(other)], ['login_required', 'ok']);
});
