import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpResponse } from '../../web/http.ts';
import { empty, json } from '../../web/http.ts';
import { callbackPath, startWorld } from '../testing/proxy.ts';

type Parameters = Record<string, string | undefined>;

const ERROR = { code: undefined };
const ROWS: readonly (readonly [string, Parameters, number])[] = [
  ['good', {}, 302],
  ['wrong state', { state: 'AAAA' }, 400],
  ['no state', { state: undefined }, 400],
  ['missing iss although promised', { iss: undefined }, 400],
  ['wrong iss', { iss: 'https://evil.example' }, 400],
  ['wrong iss on an error', { ...ERROR, error: 'access_denied', iss: 'https://evil.example' }, 400],
  ['neither code nor error', { code: undefined }, 400],
  ['access_denied', { ...ERROR, error: 'access_denied' }, 403],
  ['temporarily_unavailable', { ...ERROR, error: 'temporarily_unavailable' }, 503],
  ['server_error', { ...ERROR, error: 'server_error' }, 503],
  ['invalid_request', { ...ERROR, error: 'invalid_request' }, 500],
  ['an error with markup in it', { ...ERROR, error: '<b>x</b>' }, 500],
];
test('A7: each answer of the authorization endpoint has its own end, and its attempt is cleared whatever that is', async (t) => {
  const world = await startWorld(t);
  for (const [what, callback, status] of ROWS) {
    world.provider.bends.callback = callback;
    const calls = world.provider.callsTo('token').length;
    const answer = await world.browser.visit(await callbackPath(world));
    assert.equal(answer.status, status, what);
    assert.equal(world.provider.callsTo('token').length, calls + (status === 302 ? 1 : 0), what);
    assert.ok(!answer.body.includes('<b>'), what);
    assert.equal(world.browser.jar.has('__Host-fullmakt.session'), status === 302, what);
    world.browser.jar.clear();
  }
});

const TOKEN_ANSWERS: readonly (readonly [string, () => HttpResponse, number])[] = [
  ['a refused code', () => json(400, { error: 'invalid_grant' }), 500],
  ['a refused client', () => json(401, { error: 'invalid_client' }), 500],
  ['500', () => empty(500), 503],
  ['429', () => empty(429), 503],
  ['no expires_in', () => json(200, { access_token: 'a', token_type: 'Bearer' }), 500],
  ['HTML', () => ({ status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' }), 500],
  ['a redirect', () => ({ status: 302, headers: { Location: 'https://evil.example' } }), 500],
];
test('A7: the code is sent once, whatever the token endpoint answers', async (t) => {
  const world = await startWorld(t);
  for (const [what, answer, status] of TOKEN_ANSWERS) {
    world.provider.bends.instead.token = [answer()];
    const path = await callbackPath(world);
    const cookies = new Map(world.browser.jar);
    const calls = world.provider.callsTo('token').length;
    assert.equal((await world.browser.visit(path)).status, status, what);
    for (const [name, value] of cookies) world.browser.jar.set(name, value);
    assert.equal((await world.browser.visit(path)).status, status, `${what}, again`);
    assert.equal(world.provider.callsTo('token').length, calls + 1, what);
    world.browser.jar.clear();
  }
});

test('A7: a parameter that is far too long, or many of them, is a 400 page', async (t) => {
  const world = await startWorld(t);
  const path = await callbackPath(world);
  const many = Array.from({ length: 33 }, (_, index) => `p${index}=1`).join('&');
  for (const added of [`x=${'a'.repeat(8000)}`, many, 'state=again', '%=1'])
    assert.ok([400, 414].includes((await world.browser.visit(`${path}&${added}`)).status), added.slice(0, 20));
  assert.equal(world.provider.callsTo('token').length, 0);
});

test('SE-2: a strict session cookie is set on a page of ours that leads on; the attempt stays Lax', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_COOKIE_SAME_SITE: 'Strict' } });
  const start = await world.browser.visit('/oauth2/login?redirect=%2Fdeep');
  assert.match(start.setCookies.join(), /\.login\.[^;]*; .*SameSite=Lax/);
  const end = await world.browser.visit(await world.provider.authorize(start.headers.location ?? ''));
  assert.equal(end.status, 200);
  const session = end.setCookies.find((cookie) => cookie.startsWith('__Host-fullmakt.session='));
  assert.match(session ?? '', /; SameSite=Strict$/);
  assert.match(end.body, /<meta http-equiv="refresh" content="0; ?url=\/deep">/i);
  assert.match(end.body, /href="\/deep"/);
  const out = await world.browser.visit('/oauth2/logout');
  assert.match(out.setCookies.join(), /session=; .*SameSite=Strict/);
  assert.match(out.setCookies.join(), /\.logout=[^;]+; .*SameSite=Lax/);
});
