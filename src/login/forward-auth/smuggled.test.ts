import assert from 'node:assert/strict';
import test from 'node:test';
import { allowed, ask, CHECK, FOR_A_DOMAIN, LINK, NAMES, ON } from '../testing/checks.ts';
import { HOST, startWorld } from '../testing/proxy.ts';
import { startTwoProviders } from '../testing/two-providers.ts';

test('T22 a client’s X-Original-URL beside the X-Original-URI of its outer proxy opens nothing: two that differ are 400', async (t) => {
  const rules = JSON.stringify([{ path: '/public/**', login: 'exempt' }]);
  const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_RULES: rules } });
  const check = async (url: string, uri: string): Promise<number> =>
    (await world.browser.ask(CHECK, { headers: { 'x-original-url': url, 'x-original-uri': uri } })).status;
  assert.equal(await check(`https://${HOST}/public/x`, '/secret'), 400);
  assert.equal(await check(`https://${HOST}/secret`, '/public/x'), 400);
  assert.equal(await check(`https://${HOST}/public/x`, '/public/x?y'), 400);
  assert.equal(await check(`https://${HOST}/public/x?y`, '/public/x?y'), 204);
});

test('a method is judged as it was sent: one in other letters than the rule’s is another method', async (t) => {
  const rules = JSON.stringify([{ path: '/**', login: 'exempt', methods: ['GET'] }]);
  const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_RULES: rules } });
  for (const style of NAMES.filter((name) => name !== 'envoy')) {
    assert.equal((await ask(world, style, { target: '/x', method: 'GET' })).status, 204, style);
    for (const method of ['get', 'Get', 'POST'])
      assert.equal((await ask(world, style, { target: '/x', method })).status, 401, `${style} ${method}`);
  }
});

test('the guard of writes holds for WebSockets that an outer proxy asks about, with or without their Upgrade (section 9.8)', async (t) => {
  const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_CSRF: 'fetch-metadata' } });
  await world.logIn();
  const page = { 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'websocket' };
  const handshakes = [
    { ...page, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' },
    { 'sec-websocket-version': '13' },
    { upgrade: 'websocket' },
    page,
  ];
  for (const style of NAMES) {
    for (const handshake of handshakes) {
      const hostile = { ...handshake, 'sec-fetch-site': 'same-site', origin: 'https://evil.example.test' };
      assert.equal((await ask(world, style, { target: '/x', headers: hostile })).status, 403, style);
      const ours = { ...handshake, 'sec-fetch-site': 'same-origin', origin: `https://${HOST}` };
      assert.equal((await ask(world, style, { target: '/x', headers: ours })).status, allowed(style), style);
    }
    const read = { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.test' };
    assert.equal((await ask(world, style, { target: '/x', headers: read })).status, allowed(style), style);
  }
});

test('RO-5: a rule that names a provider holds for a host of the domain as well: its login goes there, and comes back signed in', async (t) => {
  const rules = [{ path: '/work/**', hosts: ['app.example.test'], provider: 'work' }];
  const world = await startTwoProviders(t, {
    env: {
      ...FOR_A_DOMAIN,
      FULLMAKT_LOGIN_RULES: JSON.stringify(rules),
    },
  });
  const login = world.newBrowser('login.example.test');
  const headers = { ...LINK, 'x-original-url': 'https://app.example.test/work/x' };
  const denied = await login.ask(CHECK, { headers });
  const { pathname, search } = new URL(denied.headers.location ?? '');
  const start = await login.visit(pathname + search);
  const onward = start.headers.location ?? '';
  assert.ok(onward.startsWith(world.work.issuer), onward);
  const landed = await login.visit(await world.work.authorize(onward));
  assert.equal(landed.headers.location, 'https://app.example.test/work/x');
  assert.equal((await login.ask(CHECK, { headers })).status, 204);
});

test('FA-1: a host is a name and perhaps a port: what only ends like the domain is no host of it', async (t) => {
  const rules = [{ path: '/**', hosts: ['open.example.test', 'evil.test'], login: 'exempt' }];
  const world = await startWorld(t, {
    env: {
      ...FOR_A_DOMAIN,
      FULLMAKT_LOGIN_RULES: JSON.stringify(rules),
    },
  });
  const login = world.newBrowser('login.example.test');
  const statuses = async (host: string): Promise<readonly number[]> => {
    const forwarded = { 'x-forwarded-uri': '/x', 'x-forwarded-proto': 'https', 'x-forwarded-host': host };
    const original = { 'x-original-url': `https://${host}/x` };
    const answers = [
      await login.ask(`${CHECK}?mode=redirect`, { headers: forwarded }),
      await login.ask(CHECK, { headers: original }),
    ];
    return answers.map(({ status }) => status);
  };
  for (const host of ['open.example.test', 'OPEN.example.test', 'open.example.test:443'])
    assert.deepEqual(await statuses(host), [204, 204], host);
  for (const host of [
    'evil.test/.example.test',
    'evil.test\\.example.test',
    'evil.test?.example.test',
    'u@open.example.test',
    ':p@open.example.test',
    '..example.test',
    '.example.test',
    '\u00f6pen.example.test',
    'open.example.test:',
  ])
    for (const status of await statuses(host)) assert.ok(status === 400 || status === 421, `${host}: ${status}`);
});
