import assert from 'node:assert/strict';
import test from 'node:test';
import { startWorld } from '../testing/proxy.ts';

interface Row {
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly others: readonly string[];
}

const ROWS: readonly Row[] = [
  { pattern: '/', matches: ['/'], others: ['/a', '/a/b'] },
  ...['/allowed', '/allowed/'].map((pattern) => ({
    pattern,
    matches: ['/allowed', '/allowed/'],
    others: ['/allowed/nope', '/allowe', '/not-allowed', '/ALLOWED'],
  })),
  { pattern: '/public/*', matches: ['/public/a', '/public/a/'], others: ['/public', '/public/', '/public/a/b'] },
  {
    pattern: '/public/**',
    matches: ['/public', '/public/a', '/public/a/b'],
    others: ['/not/public', '/not/public/a', '/publicity'],
  },
  { pattern: '/any*', matches: ['/any', '/anything', '/anywho/'], others: ['/any/thing', '/anywho/mst/ve'] },
  { pattern: '/a/*/*', matches: ['/a/b/c', '/a/bee/cee'], others: ['/a', '/a/b', '/a/b/c/d'] },
  {
    pattern: '/static/**/*.js',
    matches: ['/static/bundle.js', '/static/min/bundle.js', '/static/vendor/min/bundle.js'],
    others: ['/static', '/static/some.css', '/static/min', '/static/vendor/min/some.css'],
  },
];

/** Every class of refused path, with a place for what a pattern would match. */
const REFUSED: readonly ((open: string) => string)[] = [
  ...['%00', '%0a', '%1F', '%7f', '%2F', '%2f', '%5C', '%3B', '%23', '%3F', '%252e'].map(
    (bytes) => (open: string) => `${open}/x${bytes}y`,
  ),
  ...['\\', ';', '%', '%2', '%zz', '%ff', '%C0%AF', '%ed%a0%80'].map((bytes) => (open: string) => `${open}/x${bytes}`),
  (open) => `${open}//x`,
  (open) => `/${open}`,
  (open) => `${open}/../admin`,
  (open) => `${open}/./x`,
  (open) => `${open}/%2e%2e/admin`,
  (open) => `${open}/%2E/x`,
  (open) => `${open}/.%2e/admin`,
  (open) => `${open}/..;/admin`,
  (open) => `${open}/..`,
  (open) => `${open}%2f..%2fadmin`,
];
const PATTERNS: readonly (readonly [pattern: string, open: string])[] = [
  ['/**', '/x'],
  ['/public/**', '/public'],
  ['/any*/**', '/anything'],
  ['/a/*/**', '/a/b'],
  ['/{one,two}/**', '/two'],
];

test('A4 every glob of the table: what it matches reaches the application without a session, all else goes to login (9.5)', async (t) => {
  for (const { pattern, matches, others } of ROWS) {
    const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: pattern } });
    for (const path of matches) {
      assert.equal((await browser.visit(path)).status, 200, `${pattern} ${path}`);
      assert.equal(seen.at(-1)?.target, path);
    }
    const reached = seen.length;
    for (const path of others) assert.equal((await browser.visit(path)).status, 302, `${pattern} ${path}`);
    assert.equal(seen.length, reached);
  }
});

test('A4 dot-segments-cannot-reach-exempt: every class of refused path is 400 under every pattern (PX-2, W6)', async (t) => {
  for (const [pattern, open] of PATTERNS) {
    const rules = JSON.stringify([{ path: pattern, login: 'exempt' }]);
    const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: rules } });
    assert.equal((await browser.visit(`${open}/x`)).status, 200, pattern);
    for (const pathOf of REFUSED) {
      const answer = await browser.visit(pathOf(open));
      assert.equal(answer.status, 400, `${pattern} ${pathOf(open)}`);
      assert.equal(answer.body, '');
      assert.equal(answer.headers.connection, 'close');
    }
    assert.equal(seen.length, 1);
  }
});

test('A4 what path.allow admits is enforced, with all that rules demand of any of its readings (PX-3)', async (t) => {
  const rules = JSON.stringify([
    { path: '/public/admin/**', acr: 'idporten-loa-high', csrf: 'header', login: 'optional' },
    { path: '/public/fresh/**', maxAgeSeconds: 60 },
    { path: '/public/**', login: 'exempt', authorization: 'pass', preflight: 'upstream' },
  ]);
  const env = {
    FULLMAKT_LOGIN_RULES: rules,
    FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial',
    FULLMAKT_LOGIN_PATH_ALLOW: 'semicolon,double-slash,encoded-slash',
  };
  const world = await startWorld(t, { env });
  const { browser, clock } = world;
  const plain = ['/public/a;b', '/public//a', '/public/a%2Fb'];
  for (const path of plain) {
    assert.equal((await browser.visit(path)).status, 302, path);
    assert.equal((await browser.ask(path, { headers: { authorization: 'Bearer service' } })).status, 401, path);
    const preflight = { origin: 'https://evil.test', 'access-control-request-method': 'PUT' };
    assert.equal((await browser.ask(path, { method: 'OPTIONS', headers: preflight })).status, 401, path);
  }
  await world.logIn();
  for (const path of plain) assert.equal((await browser.visit(path)).status, 200, path);
  const admin = [
    '/public/admin;v=1/x',
    '/public//admin/x',
    '/public%2Fadmin/x',
    '/public/admin%2Fx',
    '//public;a/;b/admin',
  ];
  for (const path of admin) {
    const answer = await browser.visit(path);
    assert.equal(answer.status, 302, path);
    assert.match(answer.headers.location ?? '', /&level=idporten-loa-high$/, path);
  }
  clock.seconds += 61;
  for (const path of ['/public/fresh;x/y', '/public//fresh', '/public%2Ffresh'])
    assert.match((await browser.visit(path)).headers.location ?? '', /&max_age=60$/, path);
});

test('a path in another spelling keeps the demands of its rule, and is not opened by it (PX-4)', async (t) => {
  const rules = JSON.stringify([{ path: '/admin/**', acr: 'idporten-loa-high', login: 'optional' }]);
  const env = { FULLMAKT_LOGIN_RULES: rules, FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial' };
  const world = await startWorld(t, { env });
  assert.equal((await world.browser.visit('/admin/x')).status, 200);
  assert.equal((await world.browser.visit('/%61dmin/x')).status, 302);
  await world.logIn();
  for (const path of ['/admin/x', '/%61dmin/x', '/adm%69n/x'])
    assert.match((await world.browser.visit(path)).headers.location ?? '', /&level=idporten-loa-high$/, path);
});
