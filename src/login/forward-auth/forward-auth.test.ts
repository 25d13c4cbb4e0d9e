import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../testing/proxy.ts';
import { HOST, startWorld } from '../testing/proxy.ts';
import { askedTarget } from './target.ts';

const CHECK = '/oauth2/session/forwardauth';
const ON = { FULLMAKT_LOGIN_FORWARD_AUTH: 'true', FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32' };
const RULES = JSON.stringify([
  { path: '/public/**', login: 'exempt' },
  { path: '/maybe/**', login: 'optional' },
  { path: '/api/**', authorization: 'pass' },
  { path: '/high/**', acr: 'idporten-loa-high' },
]);
const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: '*/*' };
const LINK = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** How each kind of outer proxy asks about one request. */
const STYLES: Readonly<
  Record<string, (target: string, method?: string) => { path: string; headers: Headers; method?: string }>
> = {
  'original-url': (target, method = 'GET') => ({
    path: CHECK,
    headers: { 'x-original-url': `https://${HOST}${target}`, 'x-original-method': method },
  }),
  'original-uri': (target, method = 'GET') => ({
    path: CHECK,
    headers: { 'x-original-uri': target, 'x-original-method': method },
  }),
  forwarded: (target, method = 'GET') => ({
    path: `${CHECK}?mode=redirect`,
    headers: {
      'x-forwarded-uri': target,
      'x-forwarded-method': method,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': HOST,
    },
  }),
  envoy: (target, method = 'GET') => ({ path: `${CHECK}/envoy${target}`, headers: {}, method }),
};
const NAMES = Object.keys(STYLES);

function ask(
  world: World,
  style: string,
  about: {
    readonly target: string;
    readonly method?: string;
    readonly headers?: Headers;
    readonly browser?: World['browser'];
  },
): ReturnType<World['browser']['ask']> {
  const asked = STYLES[style]?.(about.target, about.method);
  assert.ok(asked);
  const headers = { ...LINK, ...about.headers, ...asked.headers };
  return (about.browser ?? world.browser).ask(asked.path, { ...asked, headers });
}

const allowed = (style: string): number => (style === 'envoy' ? 200 : 204);

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

test('forwarded-uri-from-stranger-ignored: target headers of a peer that is not listed choose nothing (L2, T22, FA-1)', async (t) => {
  for (const trusted of ['', '192.0.2.0/24']) {
    const world = await startWorld(t, {
      env: { ...ON, FULLMAKT_LOGIN_TRUSTED_PROXIES: trusted, FULLMAKT_LOGIN_RULES: RULES },
    });
    const stranger = world.newBrowser();
    for (const style of NAMES) {
      const denied = style === 'forwarded' || style === 'envoy' ? 302 : 401;
      for (const target of ['/public/x', '/maybe/x', '/../x', '/api/x']) {
        const headers = { authorization: 'Bearer theirs', 'x-original-url': `https://${HOST}/public/x` };
        const answer = await ask(world, style, { target, headers, browser: stranger });
        assert.equal(answer.status, denied, `${style} ${target}`);
        assert.doesNotMatch(answer.headers.location ?? '', /public/);
      }
    }
    await world.logIn();
    for (const style of NAMES) assert.equal((await ask(world, style, { target: '/x' })).status, allowed(style));
  }
});

test('with no target at all the question is whether there is a session (section 13)', async (t) => {
  const world = await startWorld(t, {
    env: { ...ON, FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: '/**', login: 'exempt' }]) },
  });
  assert.equal((await world.browser.ask(CHECK)).status, 401);
  await world.logIn();
  assert.equal((await world.browser.ask(CHECK)).status, 204);
  world.clock.seconds += 11 * 3600;
  assert.equal((await world.browser.ask(CHECK)).status, 401);
});

test('a target that is no request to one of our hosts is refused with 400 (FA-1, PX-2)', async (t) => {
  const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_RULES: RULES } });
  await world.logIn();
  const paths = [
    '/public/../x',
    '/public/%2e%2e/x',
    '/public//x',
    '/public/%2f',
    '/a;b',
    '/%00',
    '/public/%252e',
    '/a%',
    '/a\\b',
  ];
  for (const style of NAMES) {
    for (const target of paths) {
      const answer = await ask(world, style, { target });
      assert.equal(answer.status, 400, `${style} ${target}`);
    }
  }
  const headers: readonly Headers[] = [
    { 'x-original-url': `http://${HOST}/x` },
    { 'x-original-url': 'https://evil.test/x' },
    { 'x-original-url': `https://${HOST}.evil.test/x` },
    { 'x-original-url': `https://u@${HOST}/x` },
    { 'x-original-url': `https://${HOST}:8443/x` },
    { 'x-original-url': `ftp://${HOST}/x` },
    { 'x-original-url': 'not a url' },
    { 'x-original-url': `https://${HOST}/x`, 'x-original-method': 'GE T' },
    { 'x-original-url': `https://${HOST}/x`, 'x-original-method': '' },
    { 'x-original-url': [`https://${HOST}/public/x`, `https://${HOST}/x`] },
    { 'x-original-uri': 'relative' },
    { 'x-original-uri': '/x#y' },
  ];
  for (const each of headers)
    assert.equal((await world.browser.ask(CHECK, { headers: each })).status, 400, JSON.stringify(each));
  const forwarded: readonly Headers[] = [
    { 'x-forwarded-uri': '/x', 'x-forwarded-proto': 'http' },
    { 'x-forwarded-uri': '/x', 'x-forwarded-proto': 'gopher' },
    { 'x-forwarded-uri': ['/public/x', '/x'], 'x-forwarded-proto': 'https' },
  ];
  for (const each of forwarded)
    assert.equal(
      (await world.browser.ask(`${CHECK}?mode=redirect`, { headers: each })).status,
      400,
      JSON.stringify(each),
    );
  const elsewhere = { 'x-forwarded-uri': '/x', 'x-forwarded-host': 'evil.test' };
  assert.equal((await world.browser.ask(`${CHECK}?mode=redirect`, { headers: elsewhere })).status, 421);
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
      FULLMAKT_LOGIN_ROLE: 'forward-auth',
      FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32',
      FULLMAKT_LOGIN_INGRESS: 'https://login.example.test',
      FULLMAKT_LOGIN_SSO_DOMAIN: 'example.test',
      FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'shared',
      FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: 'https://www.example.test/',
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

test('a target is the end of the one header that names it; a header that came twice names none (property)', () => {
  const value = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.constantFrom('/a', 'https://a.test/b', 'https://a.test', '?', '//'),
  );
  const names = ['x-original-url', 'x-original-uri', 'x-original-method', 'x-forwarded-uri', 'x-forwarded-host'];
  const headers = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom('plain' as const, 'redirect' as const), headers, (style, pairs) => {
      const read = pairs.filter(([name]) => name.startsWith(style === 'plain' ? 'x-original-' : 'x-forwarded-'));
      const request = { method: 'GET', rawHeaders: pairs.flat(), host: 'h.test', below: '' };
      const finding = askedTarget(style, request, 'https');
      const byName = new Map(read);
      if (byName.size < read.length) return assert.equal(finding.kind, 'unclear');
      const source = byName.get('x-original-url') ?? byName.get('x-original-uri') ?? byName.get('x-forwarded-uri');
      if (source === undefined) return assert.equal(finding.kind, 'none');
      if (finding.kind !== 'target') return assert.equal(finding.kind, 'unclear');
      const { target } = finding.asked;
      assert.ok(source.endsWith(target) || (target.startsWith('/') && source.endsWith(target.slice(1))), target);
    }),
  );
});
