import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpResponse } from '../../web/http.ts';
import { empty, json } from '../../web/http.ts';
import { startProvider } from '../testing/provider.ts';
import type { WrongSigning } from '../testing/provider-signing.ts';
import { startWorld } from '../testing/proxy.ts';

const NOW = 1_800_000_000;
const COOKIE = '__Host-fullmakt.session';

const CLAIMS: readonly (readonly [string, Record<string, unknown>, number])[] = [
  ['wrong iss', { iss: 'https://evil.example' }, 500],
  ['missing iss', { iss: undefined }, 500],
  ['wrong aud', { aud: 'client-2' }, 500],
  ['missing aud', { aud: undefined }, 500],
  ['an audience we do not trust beside us', { aud: ['client-1', 'other'], azp: 'client-1' }, 500],
  ['several audiences without azp', { aud: ['client-1', 'friend'] }, 500],
  ['wrong azp', { azp: 'client-2' }, 500],
  ['wrong nonce', { nonce: 'x' }, 500],
  ['missing nonce', { nonce: undefined }, 500],
  ['an exp long past', { iat: NOW - 10_000, exp: NOW - 9000 }, 500],
  ['missing exp', { exp: undefined }, 500],
  ['missing iat', { iat: undefined }, 500],
  ['an iat 61 s to come', { iat: NOW + 61 }, 500],
  ['missing sub', { sub: undefined }, 500],
  ['missing sid although metadata promises it', { sid: undefined }, 500],
  ['wrong at_hash', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, 500],
  ['too low an acr', { acr: 'idporten-loa-substantial' }, 403],
  ['missing acr', { acr: undefined }, 403],
  ['an acr without an order', { acr: 'something' }, 403],
];
test('A8: an ID token with a wrong or missing claim signs nobody in, and the old session stays', async (t) => {
  const env = { FULLMAKT_LOGIN_OPENID_AUDIENCES: 'friend', FULLMAKT_LOGIN_RATELIMIT_ENABLED: 'false' };
  const world = await startWorld(t, { env });
  await world.logIn();
  const before = world.browser.jar.get(COOKIE);
  for (const [what, claims, status] of CLAIMS) {
    world.provider.bends.idToken = claims;
    const calls = world.provider.callsTo('token').length;
    assert.equal((await world.logIn(world.browser, '?prompt=login&max_age=1')).status, status, what);
    assert.equal(world.provider.callsTo('token').length, calls + 1, what);
    assert.equal(world.browser.jar.get(COOKIE), before, what);
  }
  assert.equal((await world.browser.visit('/')).status, 200);
});

const ACCEPTED: readonly (readonly [string, Record<string, unknown>])[] = [
  ['iat 59 s to come', { iat: NOW + 59, exp: NOW + 120 }],
  ['an audience we trust beside us, and azp', { aud: ['client-1', 'friend'], azp: 'client-1' }],
  ['azp alone', { azp: 'client-1' }],
];
test('A8: what differs but is right signs in', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_OPENID_AUDIENCES: 'friend' } });
  for (const [what, claims] of ACCEPTED) {
    world.provider.bends.idToken = claims;
    assert.equal((await world.logIn(world.newBrowser())).status, 302, what);
  }
});

test('A8: an ID token signed in a wrong way signs nobody in', async (t) => {
  const world = await startWorld(t);
  const wrong: readonly WrongSigning[] = ['none', 'HS256', 'stranger', 'unknown-kid'];
  for (const signing of wrong) {
    world.provider.bends.signing = signing;
    assert.equal((await world.logIn()).status, 500, signing);
    assert.equal(world.browser.jar.has(COOKIE), false, signing);
  }
});

test('A8: without kid every fitting key is tried, and a rolled one is fetched once', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.signing = 'no-kid';
  assert.equal((await world.logIn()).status, 302);
  world.clock.seconds += 60;
  const before = world.provider.callsTo('jwks').length;
  await world.provider.rollKey('idp-2');
  assert.equal((await world.logIn()).status, 302);
  assert.equal(world.provider.callsTo('jwks').length, before + 1);
  world.provider.bends.signing = undefined;
  world.clock.seconds += 60;
  await world.provider.rollKey('idp-3');
  assert.equal((await world.logIn()).status, 302);
  assert.equal(world.provider.callsTo('jwks').length, before + 2);
});

test('A8: keys that cannot be had are a 503 page', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.instead.jwks = Array.from({ length: 9 }, () => empty(503));
  assert.equal((await world.logIn()).status, 503);
  assert.equal(world.browser.jar.has(COOKIE), false);
});

test('A8: a sign-in older than was asked for is a 403 page, also where auth_time is missing', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  for (const auth_time of [NOW - 3600, undefined]) {
    world.provider.bends.idToken = { auth_time };
    assert.equal((await world.logIn(world.browser, '?prompt=login')).status, 403, String(auth_time));
  }
});

test('A8: sid is required only where metadata sets both front-channel flags', async (t) => {
  const flags = ['frontchannel_logout_supported', 'frontchannel_logout_session_supported'] as const;
  for (const flag of flags) {
    const provider = await startProvider(t, () => NOW);
    provider.bends.metadata = { [flag]: false };
    provider.bends.idToken = { sid: undefined };
    const world = await startWorld(t, { provider });
    assert.equal((await world.logIn()).status, 302, flag);
  }
});

const ANSWERS: readonly (readonly [string, () => HttpResponse, number])[] = [
  ['right', () => json(200, { sub: 'user-1' }), 302],
  ['of another user', () => json(200, { sub: 'user-2' }), 500],
  ['without sub', () => json(200, { name: 'someone' }), 500],
  ['500', () => empty(500), 500],
  ['401', () => empty(401), 500],
];
test('A8: UserInfo has to confirm the user where it is asked', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_OPENID_USERINFO: 'true' } });
  for (const [what, answer, status] of ANSWERS) {
    world.provider.bends.instead.userinfo = [answer()];
    assert.equal((await world.logIn(world.newBrowser())).status, status, what);
  }
});

test('SE-9: without sid the session_state of the callback is what a logout finds the session by', async (t) => {
  const provider = await startProvider(t, () => NOW);
  provider.bends.metadata = { frontchannel_logout_session_supported: false };
  provider.bends.idToken = { sid: undefined };
  provider.bends.callback = { session_state: 'state-of-the-session' };
  const world = await startWorld(t, { provider });
  await world.logIn();
  const ended = new URLSearchParams({ iss: provider.issuer, sid: 'state-of-the-session' }).toString();
  await world.newBrowser().ask(`/oauth2/logout/frontchannel?${ended}`);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
});
