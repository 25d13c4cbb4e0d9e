import assert from 'node:assert/strict';
import test from 'node:test';
import { json } from '../../web/http.ts';
import { callbackPath, startWorld } from '../testing/proxy.ts';

test('refuses a callback whose state is not ours, without a token call (RFC 6749 10.12, A7)', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world);
  const answer = await world.browser.visit(path.replace(/state=[^&]+/, 'state=AAAA'));
  assert.equal(answer.status, 400);
  assert.match(answer.body, /Innloggingen kan ikke fullføres/);
  assert.equal(world.provider.callsTo('token').length, 0);
});

test('cancel-shows-page-once: access_denied is a page with a way back, never a loop (W11)', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.callback = { code: undefined, error: 'access_denied' };
  const answer = await world.browser.visit(await callbackPath(world));
  assert.equal(answer.status, 403);
  assert.match(answer.body, /Innloggingen ble avbrutt/);
  assert.match(answer.body, /href="\/oauth2\/login\?redirect=%2F"/);
  assert.equal(answer.headers['refresh'], undefined);
  assert.equal(world.events.at(-1)?.event, 'login.cancelled');
});

const ISSUERS: readonly (readonly [string, Record<string, string | undefined>])[] = [
  ['missing although promised', { iss: undefined }],
  ['another provider’s', { iss: 'https://evil.example' }],
  ['another provider’s on an error answer', { iss: 'https://evil.example', code: undefined, error: 'access_denied' }],
];
for (const [what, bend] of ISSUERS) {
  test(`refuses an answer whose iss is ${what} (RFC 9207 2.4)`, async (t) => {
    const world = await startWorld(t);
    world.provider.bends.callback = bend;
    assert.equal((await world.browser.visit(await callbackPath(world))).status, 400);
    assert.equal(world.provider.callsTo('token').length, 0);
  });
}

test('refuses repeated parameters (4 step 1)', async (t) => {
  const world = await startWorld(t);
  assert.equal((await world.browser.visit(`${await callbackPath(world)}&code=other`)).status, 400);
  assert.equal(world.provider.callsTo('token').length, 0);
});

test('a refused code is a 500 page, a provider that fails a 503 page, each after one call (4 step 7)', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.instead.token = [json(400, { error: 'invalid_grant' }), json(503, {})];
  assert.equal((await world.browser.visit(await callbackPath(world))).status, 500);
  const down = await world.browser.visit(await callbackPath(world));
  assert.equal(down.status, 503);
  assert.equal(down.headers['retry-after'], '5');
  assert.equal(world.provider.callsTo('token').length, 2);
});

const BAD_TOKENS: readonly (readonly [string, Record<string, unknown>, number])[] = [
  ['another issuer', { iss: 'https://evil.example' }, 500],
  ['another audience', { aud: 'client-2' }, 500],
  ['an audience we do not know beside ours', { aud: ['client-1', 'other'], azp: 'client-1' }, 500],
  ['another nonce', { nonce: 'x' }, 500],
  ['another azp', { azp: 'client-2' }, 500],
  ['an expired time', { iat: 1_799_990_000, exp: 1_799_990_120 }, 500],
  ['a time in the future', { iat: 1_800_000_061 }, 500],
  ['no subject', { sub: undefined }, 500],
  ['no sid although promised', { sid: undefined }, 500],
  ['a wrong at_hash', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, 500],
  ['too low a level', { acr: 'idporten-loa-substantial' }, 403],
];
for (const [what, claims, status] of BAD_TOKENS) {
  test(`refuses an ID token with ${what}, and the old session stays (A8)`, async (t) => {
    const world = await startWorld(t);
    await world.logIn();
    const before = world.browser.jar.get('__Host-fullmakt.session');
    world.provider.bends.idToken = claims;
    assert.equal((await world.logIn()).status, status);
    assert.equal(world.browser.jar.get('__Host-fullmakt.session'), before);
    assert.equal((await world.browser.visit('/')).status, 200);
  });
}

test('accepts an ID token issued 59 s in the future, and one under a rolled key after one refetch (A8)', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.idToken = { iat: world.clock.seconds + 59 };
  assert.equal((await world.logIn()).status, 302);
  world.provider.bends.idToken = {};
  world.clock.seconds += 60;
  await world.provider.rollKey('idp-2');
  assert.equal((await world.logIn()).status, 302);
});

test('stale auth_time after prompt=login is a 403 page (ID token, max_age)', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.idToken = { auth_time: world.clock.seconds - 3600 };
  assert.equal((await world.logIn(world.browser, '?prompt=login')).status, 403);
});

test('planted-cookie-dies-at-login: every login has a new session id, and the former session is gone (L8, SE-5)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const planted = world.browser.jar.get('__Host-fullmakt.session') ?? '';
  await world.logIn();
  assert.notEqual(world.browser.jar.get('__Host-fullmakt.session'), planted);
  const thief = world.newBrowser();
  thief.jar.set('__Host-fullmakt.session', planted);
  assert.equal((await thief.ask('/oauth2/session')).status, 401);
});

test('no-token-in-any-url: no Location holds a token, and state does not show the target (L10, LG-6)', async (t) => {
  const world = await startWorld(t);
  const start = await world.browser.visit('/oauth2/login?redirect=%2Fsecret-target');
  const path = await world.provider.authorize(start.headers.location ?? '');
  assert.ok(!path.includes('secret-target'));
  const state = Buffer.from(new URLSearchParams(path.split('?')[1]).get('state') ?? '', 'base64url').toString('latin1');
  assert.ok(!state.includes('secret-target'));
  const end = await world.browser.visit(path);
  assert.equal(end.headers.location, '/secret-target');
});

const OTHER_FLOWS: readonly (readonly [string, Record<string, string | undefined>])[] = [
  ['a JWT answer', { response: 'eyJhbGciOiJub25lIn0.e30.' }],
  ['an ID token', { id_token: 'eyJhbGciOiJub25lIn0.e30.' }],
  ['an empty code', { code: '' }],
];
for (const [what, bend] of OTHER_FLOWS) {
  test(`an answer with ${what} is an error page without a token call, and its cookie is cleared (section 4)`, async (t) => {
    const world = await startWorld(t);
    world.provider.bends.callback = bend;
    const answer = await world.browser.visit(await callbackPath(world));
    assert.ok([400, 500].includes(answer.status));
    assert.match(answer.body, /<h1>/);
    assert.deepEqual([...world.browser.jar.keys()], []);
    assert.equal(world.provider.callsTo('token').length, 0);
  });
}

test('a token that claims to live for ages does not break the session (4 step 8)', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.expiresIn = Number.MAX_SAFE_INTEGER;
  assert.equal((await world.logIn()).status, 302);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 200);
});
