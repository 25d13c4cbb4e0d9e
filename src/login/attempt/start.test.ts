import assert from 'node:assert/strict';
import test from 'node:test';
import { empty, json } from '../../web/http.ts';
import { HOST, startWorld } from '../testing/proxy.ts';

const ROUTES = ['/oauth2/login', '/oauth2/callback?state=x', '/oauth2/logout', '/oauth2/logout/callback'] as const;

test('routes for navigations refuse iframes and scripts, and pass absent or lone headers (RT-1, A1)', async (t) => {
  const { browser } = await startWorld(t);
  for (const route of ROUTES) {
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await browser.ask(route, { headers })).status;
    assert.equal(await status({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }), 401, route);
    assert.equal(await status({ 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }), 401, route);
    assert.notEqual(await status({}), 401, route);
    assert.notEqual(await status({ 'sec-fetch-mode': 'cors' }), 401, route);
    assert.notEqual(
      await status({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }),
      401,
      route,
    );
  }
  const body: unknown = JSON.parse(
    (await browser.ask('/oauth2/login', { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } })).body,
  );
  assert.deepEqual(Object.keys(body as object), ['error', 'error_description', 'error_path']);
});

test('wrong methods are 405 with Allow, unknown routes 404 and never proxied (section 2)', async (t) => {
  const { browser, seen } = await startWorld(t);
  assert.equal((await browser.ask('/oauth2/login', { method: 'POST' })).headers.allow, 'GET, HEAD');
  assert.equal((await browser.ask('/oauth2/session', { method: 'DELETE' })).status, 405);
  for (const path of ['/oauth2', '/oauth2/', '/oauth2/unknown', '/%6fauth2/x', '/oauth2/session/events']) {
    assert.equal((await browser.ask(path)).status, 404, path);
  }
  assert.equal((await browser.ask('/oauth2/ping')).body, 'pong');
  assert.equal(seen.length, 0);
});

test('HEAD and prefetch change nothing (RT-2)', async (t) => {
  const { browser, provider } = await startWorld(t);
  const head = await browser.ask('/oauth2/login', { method: 'HEAD' });
  assert.equal(head.status, 302);
  assert.equal(head.headers.location, `${provider.issuer}/authorize`);
  const prefetch = await browser.visit('/oauth2/login', { headers: { 'sec-purpose': 'prefetch;prerender' } });
  assert.equal(prefetch.status, 503);
  assert.equal(provider.callsTo('par').length, 0);
  assert.equal(browser.jar.size, 0);
});

const ASKED: readonly (readonly [string, Record<string, string | undefined>])[] = [
  ['level=idporten-loa-substantial', { acr_values: 'idporten-loa-substantial' }],
  ['level=Level3', { acr_values: 'idporten-loa-substantial' }],
  ['level=Level4', { acr_values: 'idporten-loa-high' }],
  ['level=unheard-of', { acr_values: 'idporten-loa-high' }],
  ['level=', { acr_values: 'idporten-loa-high' }],
  ['locale=nn', { ui_locales: 'nn' }],
  ['locale=fr', { ui_locales: 'nb' }],
  ['prompt=create', { prompt: 'login', max_age: '0' }],
  ['prompt=select_account', { prompt: 'select_account', max_age: undefined }],
  ['domain_hint=example.test', { domain_hint: 'example.test' }],
  ['prompt=login&prompt=none', { prompt: undefined }],
];
test('login parameters are sent, translated or fall back; none is an error (section 3, A5)', async (t) => {
  const { browser, provider } = await startWorld(t);
  for (const [query, expected] of ASKED) {
    assert.equal((await browser.visit(`/oauth2/login?${query}`)).status, 302);
    const form = provider.callsTo('par').at(-1)?.form;
    for (const [name, value] of Object.entries(expected)) assert.equal(form?.get(name), value, `${query}: ${name}`);
  }
});

test('without PAR in metadata the browser carries the whole request (A6)', async (t) => {
  const { browser, provider, logIn } = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  provider.bends.metadata = { pushed_authorization_request_endpoint: undefined };
  const url = new URL((await browser.visit('/oauth2/login')).headers.location ?? '');
  assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
  assert.equal((await logIn()).status, 302);
});

test('PAR is tried again after 503 with a fresh assertion, and never after a refusal (LG-2, A6)', async (t) => {
  const { browser, provider } = await startWorld(t);
  provider.bends.instead.par = [empty(503)];
  assert.equal((await browser.visit('/oauth2/login')).status, 302);
  const assertions = provider.callsTo('par').map((call) => call.form?.get('client_assertion'));
  assert.equal(assertions.length, 2);
  assert.notEqual(assertions[0], assertions[1]);
  provider.bends.instead.par = [json(400, { error: 'invalid_request' })];
  assert.equal((await browser.visit('/oauth2/login')).status, 500);
  assert.equal(provider.callsTo('par').length, 3);
});

test('an assertion is a JWT by type, or client-authentication+jwt where that is asked for (LG-3)', async (t) => {
  for (const [set, typ] of [
    ['false', 'JWT'],
    ['true', 'client-authentication+jwt'],
  ] as const) {
    const { browser, provider } = await startWorld(t, { env: { FULLMAKT_LOGIN_OPENID_NEW_CLIENT_AUTH_JWT_TYPE: set } });
    await browser.visit('/oauth2/login');
    const assertion = provider.callsTo('par').at(-1)?.form?.get('client_assertion') ?? '';
    const [header = ''] = assertion.split('.');
    const { typ: found, kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
    assert.deepEqual([found, kid, alg], [typ, 'client-1', 'RS256']);
  }
});

test('a provider that has never answered is a 503 page, and login works once it does (LG-8)', async (t) => {
  const { browser, provider } = await startWorld(t);
  provider.bends.instead.metadata = [empty(500), empty(500), empty(500)];
  const down = await browser.visit('/oauth2/login');
  assert.equal(down.status, 503);
  assert.match(down.body, /Innloggingstjenesten svarer ikke/);
  provider.bends.instead.metadata = [];
  assert.equal((await browser.visit('/oauth2/login')).status, 302);
});

test('login loops of signed-in browsers are broken at the sixth; without a session never (LG-7, A19)', async (t) => {
  const { browser, logIn, newBrowser } = await startWorld(t);
  await logIn();
  const statuses: number[] = [];
  for (let login = 0; login < 6; login += 1) statuses.push((await browser.visit('/oauth2/login')).status);
  assert.deepEqual(statuses, [302, 302, 302, 302, 302, 429]);
  const stranger = newBrowser();
  for (let login = 0; login < 7; login += 1) assert.equal((await stranger.visit('/oauth2/login')).status, 302);
});

test('own answers are not stored, framed or sniffed, and pages carry a strict policy (RT-3)', async (t) => {
  const { browser } = await startWorld(t);
  const page = await browser.visit('/oauth2/callback?state=x');
  assert.equal(page.headers['cache-control'], 'no-store');
  assert.equal(page.headers['referrer-policy'], 'no-referrer');
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  const policy = String(page.headers['content-security-policy']);
  for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
    assert.ok(policy.includes(part), part);
  assert.match(page.body, /<html lang="nb">/);
  assert.equal(page.body.match(/<h1>/g)?.length, 1);
});

test('an unknown host is 421 and a bad path 400 (RO-2, PX-2)', async (t) => {
  const { browser, newBrowser } = await startWorld(t);
  assert.equal((await newBrowser('evil.test').ask('/')).status, 421);
  assert.equal((await newBrowser(HOST.toUpperCase()).ask('/robots.txt')).status, 200);
  assert.equal((await browser.ask('/a/%2e%2e/b')).status, 400);
  assert.equal((await browser.ask(`/${'a'.repeat(8193)}`)).status, 414);
});

test('two ingresses are told apart on a segment boundary, and each has its own cookie (RO-1, SE-1)', async (t) => {
  const { browser, logIn, provider } = await startWorld(t, { env: { FULLMAKT_LOGIN_INGRESS: `https://${HOST}/app` } });
  assert.equal((await browser.visit('/apple')).status, 404);
  assert.equal((await browser.visit('/app/x')).headers.location, '/app/oauth2/login?redirect=%2Fapp%2Fx');
  const start = await browser.visit('/app/oauth2/login');
  const done = await browser.visit(await provider.authorize(start.headers.location ?? ''));
  assert.equal(done.headers.location, '/app');
  assert.ok(
    done.setCookies.some((cookie) =>
      /^__Secure-fullmakt\.session\.[0-9a-f]{6}=.*; Path=\/app; HttpOnly; Secure/.test(cookie),
    ),
  );
  assert.equal(typeof logIn, 'function');
});

test('cookies with hostile names under our prefix are neither an error nor counted as attempts (L20)', async (t) => {
  const { browser } = await startWorld(t);
  const names = ['a"b', 'a@b', '(x)', 'é', '', '.', 'abcdefgh.0a1b2c', 'a'.repeat(500)];
  const cookie = names.map((name) => `__Host-fullmakt.login.${name}=x`).join('; ');
  const login = await browser.visit('/oauth2/login', { headers: { cookie } });
  assert.equal(login.status, 302);
  assert.equal(login.setCookies.length, 1);
  assert.equal((await browser.visit('/oauth2/callback?state=x&code=y', { headers: { cookie } })).status, 400);
  assert.equal((await browser.ask('/oauth2/session', { headers: { cookie } })).status, 401);
});
