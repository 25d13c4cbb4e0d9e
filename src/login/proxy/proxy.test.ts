import assert from 'node:assert/strict';
import test from 'node:test';
import { HOST, startWorld } from '../testing/proxy.ts';

const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

test('denied-request-never-reaches-upstream: without a session navigations go to login, all else is 401 (A2, L15)', async (t) => {
  const { browser, seen } = await startWorld(t);
  assert.equal((await browser.visit('/x')).status, 302);
  assert.equal((await browser.ask('/x', { headers: { accept: 'text/html' } })).status, 302);
  assert.equal((await browser.ask('/x', { headers: { ...FETCH, accept: 'text/html' } })).status, 401);
  assert.equal(
    (await browser.ask('/x', { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } })).status,
    401,
  );
  for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    assert.equal((await browser.ask('/x', { method, headers: { accept: 'text/html' } })).status, 401, method);
  }
  assert.equal(seen.length, 0);
});

test('nothing-keyed-on-user-agent: probes and health paths are like any other (L15, OP-1)', async (t) => {
  const { browser } = await startWorld(t);
  for (const agent of ['kube-probe/1.30', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0']) {
    assert.equal((await browser.ask('/x', { headers: { 'user-agent': agent } })).status, 401);
  }
  for (const path of ['/healthz', '/readyz', '/metrics', '/debug/pprof'])
    assert.equal((await browser.ask(path)).status, 401, path);
});

test('xhr-gets-401-location-cors: the 401 names where to log in, in the form asked for (AL-3, L13, A3)', async (t) => {
  const { browser } = await startWorld(t, { env: { FULLMAKT_LOGIN_CORS_ORIGINS: 'https://other.example.test' } });
  const ask = async (headers: Record<string, string>): ReturnType<typeof browser.ask> =>
    browser.ask('/api', { headers: { ...FETCH, ...headers } });
  for (const accept of ['*/*', 'application/json', 'application/json;q=0.5']) {
    assert.deepEqual(JSON.parse((await ask({ accept })).body), { error: 'unauthenticated, please log in' });
  }
  const text = await ask({ accept: 'text/html' });
  assert.equal(text.body, 'unauthenticated, please log in');
  assert.match(String(text.headers['content-type']), /^text\/plain/);
  assert.equal(
    (await ask({ referer: `https://${HOST}/page?a=b` })).headers.location,
    '/oauth2/login?redirect=%2Fpage%3Fa%3Db',
  );
  assert.equal((await ask({ referer: 'https://evil.test/page' })).headers.location, '/oauth2/login');
  assert.equal((await ask({})).headers.location, '/oauth2/login');
  const cross = await ask({ origin: 'https://other.example.test' });
  assert.equal(cross.headers['access-control-allow-origin'], 'https://other.example.test');
  assert.equal(cross.headers['access-control-expose-headers'], 'Location');
  assert.equal((await ask({ origin: 'https://evil.test' })).headers['access-control-allow-origin'], undefined);
});

test('a form POST after the session is gone gets a page, and nothing is sent upstream (AL-3)', async (t) => {
  const { browser, seen } = await startWorld(t);
  const answer = await browser.visit('/form', { method: 'POST', body: 'a=b' });
  assert.equal(answer.status, 401);
  assert.match(answer.body, /Du må logge inn igjen/);
  assert.equal(seen.length, 0);
});

test('autologin-redirect-is-request-uri: path and query come back re-encoded (AL-2, W15)', async (t) => {
  const { browser } = await startWorld(t);
  assert.equal(
    (await browser.visit('/a%20b?c=d&e=%2F')).headers.location,
    `/oauth2/login?redirect=${encodeURIComponent('/a%20b?c=d&e=%2F')}`,
  );
});

test('exempt paths reach the application without identity, rules in order (9.4, AL-4)', async (t) => {
  const rules = [
    { path: '/public/**', login: 'exempt' },
    { path: '/maybe', login: 'optional' },
  ];
  const { browser, seen, logIn } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules), FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/open/*' },
  });
  for (const path of ['/public/a/b', '/maybe', '/open/x', '/favicon.ico', '/robots.txt']) {
    assert.equal((await browser.visit(path)).status, 200, path);
    assert.equal(seen.at(-1)?.headers.authorization, undefined);
  }
  await logIn();
  await browser.visit('/public/a');
  assert.match(seen.at(-1)?.headers.authorization ?? '', /^Bearer access-/);
});

test('suffix-tricks-stay-enforced: nothing after an exempt path widens it (W6, L1)', async (t) => {
  const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/public/**' } });
  const paths = [
    '/admin?x=/public/',
    '/admin%23/public/a',
    '/admin%3F/public',
    '/admin;/public',
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/..;/admin',
    '/public%2f..%2fadmin',
    '/public//x',
    '/public/%00',
    '/admin%252fpublic',
    '/publicity',
  ];
  for (const path of paths) assert.ok([302, 400].includes((await browser.visit(path)).status), path);
  assert.equal(seen.length, 0);
});

test('inbound Authorization passes only where a rule says so, and a session always wins (9.4)', async (t) => {
  const rules = [{ path: '/api/**', authorization: 'pass' }];
  const { browser, seen, logIn } = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules) } });
  const headers = { authorization: 'Bearer service' };
  assert.equal((await browser.ask('/api/x', { headers })).status, 200);
  assert.equal(seen.at(-1)?.headers.authorization, 'Bearer service');
  assert.equal((await browser.ask('/other', { headers })).status, 401);
  const twice = { authorization: ['Bearer service', 'Bearer other'] };
  assert.equal((await browser.ask('/api/x', { headers: twice })).status, 401);
  await logIn();
  await browser.ask('/api/x', { headers });
  assert.match(seen.at(-1)?.headers.authorization ?? '', /^Bearer access-/);
});

test('service hosts reach the application without sessions and without our routes (RO-2)', async (t) => {
  const { newBrowser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_SERVICE_HOSTS: 'app.ns', FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  const inside = newBrowser('app.ns');
  assert.equal((await inside.ask('/x')).status, 200);
  assert.equal((await inside.ask('/oauth2/login')).status, 404);
});

test('methods of a rule count in any spelling: a rule that demands login is never skipped for its case (9.4)', async (t) => {
  const rules = [{ path: '/admin/**', methods: ['post', 'Get'], login: 'enforce' }];
  const { browser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules), FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  assert.equal((await browser.ask('/admin/x', { method: 'POST' })).status, 401);
  assert.equal((await browser.ask('/admin/x')).status, 401);
  assert.equal((await browser.ask('/admin/x', { method: 'PUT' })).status, 200);
});

test('an Authorization that says nothing is none: it does not get past login (9.4)', async (t) => {
  const rules = JSON.stringify([{ path: '/api/**', authorization: 'pass' }]);
  const { browser } = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: rules } });
  const ask = async (authorization: string): Promise<number> =>
    (await browser.ask('/api/x', { headers: { authorization } })).status;
  assert.deepEqual(await Promise.all(['', '  ', 'Bearer x'].map(ask)), [401, 401, 200]);
});

test('a rule for GET is one for HEAD too: applications answer both alike (9.4)', async (t) => {
  const rules = [
    { path: '/admin/**', methods: ['GET'], login: 'enforce' },
    { path: '/public/**', methods: ['GET'], login: 'exempt' },
    { path: '/public/**', login: 'enforce' },
  ];
  const { browser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules), FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  assert.equal((await browser.ask('/admin/x', { method: 'HEAD' })).status, 401);
  assert.equal((await browser.ask('/public/x', { method: 'HEAD' })).status, 200);
  assert.equal((await browser.ask('/public/x', { method: 'POST' })).status, 401);
});

test('a page address too long to come back to loses its query, and login still begins (AL-2, OP-4)', async (t) => {
  const { browser } = await startWorld(t);
  const location = (await browser.visit(`/search?q=${'%20'.repeat(2000)}`)).headers.location ?? '';
  assert.equal(location, '/oauth2/login?redirect=%2Fsearch');
  assert.equal((await browser.visit(`/${'a'.repeat(4000)}`)).headers.location, '/oauth2/login');
  assert.equal((await browser.visit(location)).status, 302);
});
