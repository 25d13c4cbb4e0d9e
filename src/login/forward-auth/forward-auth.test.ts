import assert from 'node:assert/strict';
import test from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { allowed, ask, CHECK, FOR_A_DOMAIN, LINK, NAMES, ON, RULES, SCRIPT } from '../testing/checks.ts';
import { HOST, startWorld } from '../testing/proxy.ts';

test('a check says whether the request in question may go on, by its rule, in each style (section 13, FA-2)', async (t) => {
  const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_RULES: RULES } });
  const stranger = world.newBrowser();
  await world.logIn();
  for (const style of NAMES) {
    for (const target of ['/public/x', '/maybe/x?y=z', '/favicon.ico'])
      assert.equal((await ask(world, style, { target, browser: stranger })).status, allowed(style), style + target);
    const denied = style === 'forwarded' || style === 'envoy' ? 302 : 401;
    for (const target of ['/', '/x?y=z', '/publicity', '/api/x'])
      assert.equal((await ask(world, style, { target, browser: stranger })).status, denied, style + target);
    const bearer = { authorization: 'Bearer theirs' };
    assert.equal(
      (await ask(world, style, { target: '/api/x', headers: bearer, browser: stranger })).status,
      allowed(style),
    );
    for (const target of ['/', '/x?y=z', '/public/x', '/high/x'])
      assert.equal((await ask(world, style, { target })).status, allowed(style), style + target);
  }
  assert.equal(world.seen.length, 0);
});

test('a denial names the way to login, absolute and with an absolute way back; scripts get 401 (section 13, AL-3)', async (t) => {
  const world = await startWorld(t, { env: ON });
  const way = `https://${HOST}/oauth2/login?redirect=${encodeURIComponent(`https://${HOST}/x?y=z`)}`;
  for (const style of NAMES) {
    assert.equal((await ask(world, style, { target: '/x?y=z' })).headers.location, way, style);
    const script = await ask(world, style, { target: '/x?y=z', headers: SCRIPT });
    assert.equal(script.status, 401, style);
    assert.equal(script.headers.location, `https://${HOST}/oauth2/login`);
    assert.match(String(script.headers['content-type']), /json/);
    const onPage = await ask(world, style, { target: '/x', headers: { ...SCRIPT, referer: `https://${HOST}/page?q` } });
    const back = encodeURIComponent(`https://${HOST}/page?q`);
    assert.equal(onPage.headers.location, `https://${HOST}/oauth2/login?redirect=${back}`, style);
    const post = await ask(world, style, { target: '/x', method: 'POST' });
    assert.equal(post.status, 401, style);
  }
  const landed = await world.logIn(world.browser, way.slice(way.indexOf('?')));
  assert.equal(landed.headers.location, '/x?y=z');
});

test('forward-auth.headers chooses which tokens go on; none is the default (FA-2)', async (t) => {
  for (const [setting, id, access] of [
    ['none', false, false],
    ['id-token', true, false],
    ['access-token', false, true],
    ['both', true, true],
  ] as const) {
    const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_FORWARD_AUTH_HEADERS: setting } });
    await world.logIn();
    const { headers } = await ask(world, 'original-url', { target: '/x' });
    assert.equal(headers['x-wonderwall-forward-auth-token'] !== undefined, id, setting);
    assert.equal(headers['authorization']?.startsWith('Bearer access-') === true, access, setting);
    const without = await ask(world, 'original-url', { target: '/x', browser: world.newBrowser() });
    assert.equal(without.headers['x-wonderwall-forward-auth-token'] ?? without.headers['authorization'], undefined);
  }
});

test('a rule that passes Authorization on has it back where access tokens are asked for, and nowhere else', async (t) => {
  const world = await startWorld(t, {
    env: { ...ON, FULLMAKT_LOGIN_RULES: RULES, FULLMAKT_LOGIN_FORWARD_AUTH_HEADERS: 'both' },
  });
  const headers = { authorization: 'Bearer theirs' };
  assert.equal((await ask(world, 'envoy', { target: '/api/x', headers })).headers['authorization'], 'Bearer theirs');
  assert.equal((await ask(world, 'envoy', { target: '/public/x', headers })).headers['authorization'], undefined);
});

test('a check refreshes the session when it is due, and asks for more than it shows (FA-2, SU-1)', async (t) => {
  const world = await startWorld(t, {
    env: { ...ON, FULLMAKT_LOGIN_RULES: RULES, FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial' },
  });
  await world.logIn();
  world.clock.seconds += 3590;
  assert.equal((await ask(world, 'envoy', { target: '/x' })).status, 200);
  assert.equal(world.provider.callsTo('token').length, 2);
  const link = await ask(world, 'forwarded', { target: '/high/x' });
  assert.equal(link.status, 302);
  const way = new URL(link.headers.location ?? '');
  assert.equal(way.searchParams.get('level'), 'idporten-loa-high');
  assert.equal(way.searchParams.get('redirect'), `https://${HOST}/high/x`);
  const script = await ask(world, 'original-url', { target: '/high/x', headers: SCRIPT });
  assert.equal(script.status, 401);
  assert.match(String(script.headers['www-authenticate']), /insufficient_user_authentication/);
});

test('with the store down a check says 503 and when to try again, never "sign in" (section 14)', async (t) => {
  const memory = createMemoryStore({ now: () => 1_800_000_000 });
  let down = false;
  const store: Store = { ...memory, read: (key) => (down ? Promise.reject(new Error('down')) : memory.read(key)) };
  const world = await startWorld(t, { store, env: { ...ON, FULLMAKT_LOGIN_RULES: RULES } });
  await world.logIn();
  down = true;
  for (const style of NAMES) {
    const answer = await ask(world, style, { target: '/x', headers: SCRIPT });
    assert.equal(answer.status, 503, style);
    assert.equal(answer.headers['retry-after'], '5');
    assert.equal(answer.headers.location, undefined);
    assert.equal((await ask(world, style, { target: '/public/x' })).status, allowed(style), style);
  }
  assert.equal((await world.browser.ask(CHECK, { headers: SCRIPT })).status, 503);
});

test('the check routes are not there unless switched on, and answer GET alone but for Envoy (section 2)', async (t) => {
  const off = await startWorld(t, { env: { FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32' } });
  await off.logIn();
  for (const path of [CHECK, `${CHECK}?mode=redirect`, `${CHECK}/envoy/x`])
    assert.equal((await off.browser.ask(path)).status, 404, path);
  const world = await startWorld(t, { env: ON });
  for (const method of ['POST', 'HEAD', 'PUT']) assert.equal((await world.browser.ask(CHECK, { method })).status, 405);
  for (const path of [`${CHECK}/other`, `${CHECK}x`, `${CHECK}/envoyx`, `/x${CHECK}`])
    assert.notEqual((await world.browser.visit(path)).status, 204, path);
  assert.equal((await world.newBrowser('evil.test').ask(CHECK)).status, 421);
});

test('an application below a path is asked about at its own ingress', async (t) => {
  const world = await startWorld(t, {
    env: { ...ON, FULLMAKT_LOGIN_INGRESS: `https://${HOST}/app,https://${HOST}/other` },
  });
  const headers = { ...LINK, 'x-original-url': `https://${HOST}/app/x` };
  const denied = await world.browser.ask(`/app${CHECK}`, { headers });
  assert.equal(
    denied.headers.location,
    `https://${HOST}/app/oauth2/login?redirect=${encodeURIComponent(`https://${HOST}/app/x`)}`,
  );
  const query = new URL(denied.headers.location ?? '').search;
  const start = await world.browser.visit(`/app/oauth2/login${query}`);
  const landed = await world.browser.visit(await world.provider.authorize(start.headers.location ?? ''));
  assert.equal(landed.headers.location, '/app/x');
  assert.equal((await world.browser.ask(`/app${CHECK}`, { headers })).status, 204);
  const apple = { ...LINK, 'x-original-url': `https://${HOST}/apple` };
  assert.equal((await world.browser.ask(`/app${CHECK}`, { headers: apple })).status, 400);
});

test('in the role forward-auth every host of the domain is served by one login host (section 13)', async (t) => {
  const world = await startWorld(t, {
    env: {
      ...FOR_A_DOMAIN,
      FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: '/**', hosts: ['open.example.test'], login: 'exempt' }]),
    },
  });
  const login = world.newBrowser('login.example.test');
  const headers = {
    ...LINK,
    'x-forwarded-uri': '/x?y',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example.test',
  };
  const denied = await login.ask(`${CHECK}?mode=redirect`, { headers });
  const back = encodeURIComponent('https://app.example.test/x?y');
  assert.equal(denied.headers.location, `https://login.example.test/oauth2/login?redirect=${back}`);
  const start = await login.visit(`/oauth2/login?redirect=${back}`);
  const landed = await login.visit(await world.provider.authorize(start.headers.location ?? ''));
  assert.equal(landed.headers.location, 'https://app.example.test/x?y');
  assert.equal((await login.ask(`${CHECK}?mode=redirect`, { headers })).status, 204);
  assert.equal((await login.visit('/anything')).headers.location, 'https://www.example.test/');
  const envoy = world.newBrowser('open.example.test');
  assert.equal((await envoy.ask(`${CHECK}/envoy/x`, { method: 'DELETE' })).status, 200);
  const closed = await world.newBrowser('app.example.test').ask(`${CHECK}/envoy/x`, { headers: LINK });
  assert.equal(
    closed.headers.location,
    `https://login.example.test/oauth2/login?redirect=${encodeURIComponent('https://app.example.test/x')}`,
  );
  for (const host of ['evil.test', 'notexample.test'])
    assert.equal((await world.newBrowser(host).ask(`${CHECK}/envoy/x`)).status, 421);
});
