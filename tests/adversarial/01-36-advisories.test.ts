import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { loginSettings } from '../../src/login/settings/table.ts';
import { describeSettings } from '../../src/settings.ts';
import { converse, statusOf } from './01-36-browser.ts';
import type { World } from './01-36-world.ts';
import { HOST, SESSION, startWorld } from './01-36-world.ts';

function startWithPublic(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<World> {
  return startWorld(t, { env: { FULLMAKT_LOGIN_RULES: '[{"path":"/public/**","login":"exempt"}]', ...env } });
}

async function statusTo(world: World, target: string, ...headers: readonly string[]): Promise<number> {
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${HOST}`, 'Connection: close', ...headers];
  return statusOf(await converse(world.port, `${lines.join('\r\n')}\r\n\r\n`));
}

test('A1 GHSA-7rh7-c77v-6434: a rule matches the whole canonical path, anchored, and no part of the query', async (t) => {
  const world = await startWithPublic(t);
  for (const target of [
    '/admin?/public/',
    '/admin?x=/public/a',
    '/admin/public/a',
    '/x/public/',
    '/publicity',
    '/admin?/public/**',
  ])
    assert.equal(await statusTo(world, target), 401, target);
  assert.equal(world.seen.length, 0);
  assert.equal(await statusTo(world, '/public/a?/admin'), 200);
});

test('A2 CVE-2025-64484: an underscore in place of a dash does not carry a header of ours past the proxy', async (t) => {
  const world = await startWithPublic(t);
  const names = [
    'X_Forwarded_User',
    'X_Forwarded-Email',
    'x-forwarded_groups',
    'X_Wonderwall_Id_Token',
    'X_Auth.Request_User',
    'X.Real_IP',
  ];
  await statusTo(world, '/public/a', ...names.map((name) => `${name}: forged`));
  const kept = world.seen[0]?.rawHeaders.filter((_, index, all) => all[index + 1] === 'forged');
  assert.deepEqual(kept, ['X_Auth.Request_User'], 'all that are ours are gone, another’s stays');
});

test('A3 GHSA-5hvv-m4w4-gf6v: nothing is keyed on User-Agent, and probes are not on the public listener', async (t) => {
  const world = await startWithPublic(t);
  const agents = [
    'GoogleHC/1.0',
    'GoogleStackdriverMonitoring-UptimeChecks',
    'kube-probe/1.33',
    'ELB-HealthChecker/2.0',
    'Envoy/HC',
    '',
  ];
  for (const agent of agents)
    for (const target of [
      '/',
      '/x',
      '/ping',
      '/healthz',
      '/readyz',
      '/ready',
      '/metrics',
      '/debug/pprof/',
      '/oauth2/metrics',
    ])
      assert.equal(
        await statusTo(world, target, `User-Agent: ${agent}`),
        target === '/oauth2/metrics' ? 404 : 401,
        `${agent} ${target}`,
      );
  assert.equal(world.seen.length, 0);
});

test('A4 GHSA-7x63-xv5r-3p2x: a forged X-Forwarded-Uri chooses no rule, not even from a listed peer', async (t) => {
  for (const peers of ['', '127.0.0.1/32']) {
    const world = await startWithPublic(t, peers === '' ? {} : { FULLMAKT_LOGIN_TRUSTED_PROXIES: peers });
    for (const name of [
      'X-Forwarded-Uri',
      'X-Original-URL',
      'X-Original-URI',
      'X-Rewrite-URL',
      'X-Forwarded-Path',
      'X_Forwarded_Uri',
    ]) {
      const forged = [`${name}: /public/a`, 'X-Forwarded-Method: OPTIONS', 'X-HTTP-Method-Override: GET'];
      assert.equal(await statusTo(world, '/admin', ...forged), 401, `${name} ${peers}`);
    }
    assert.equal(world.seen.length, 0);
    assert.equal(await statusTo(world, '/public/a', 'X-Forwarded-Uri: /admin'), 200);
    assert.equal(world.seen[0]?.headers['x-forwarded-uri'], undefined);
  }
});

test('A5 GHSA-pxq7-h93f-9jrg: a fragment, raw or encoded, is 400 before any rule is asked', async (t) => {
  const world = await startWithPublic(t);
  for (const target of [
    '/admin#/public/a',
    '/admin%23/public/a',
    '/public/a#',
    '/public/%23',
    '/public/a%23/../admin',
    '/#/public/a',
    '/admin?#/public/a',
  ])
    assert.equal(await statusTo(world, target), 400, target);
  assert.equal(world.seen.length, 0);
});

test('A6 GHSA-c5c4-8r6x-56w3: an e-mail address, however many @ it has, lets nobody in and keeps nobody out', async (t) => {
  const settings = describeSettings(loginSettings).flatMap(({ env, aliases }) => [env, ...aliases]);
  assert.ok(settings.length > 20);
  assert.deepEqual(
    settings.filter((name) => /e_?mail/i.test(name)),
    [],
    'no setting speaks of e-mail',
  );
  const world = await startWorld(t);
  for (const email of ['a@evil.test@nav.no', 'a@nav.no', '@', '', ['a@nav.no'], undefined]) {
    world.provider.tricks.idToken = { email, email_verified: true };
    const [person, browser] = [world.person(), world.browser()];
    await world.signIn(browser, person);
    assert.equal(await world.judge(browser, person), 'right', JSON.stringify(email));
  }
});

test('A7 GHSA-f24x-5g9q-753f: no stale session outlives the sign-in page, whatever made it stale', async (t) => {
  const world = await startWorld(t, {
    env: { FULLMAKT_LOGIN_PROVIDER: 'openid', FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '1h' },
  });
  const stale: Readonly<Record<string, (value: string) => Promise<void>>> = {
    'a session past its end': async () => {
      world.clock.seconds += 3601;
    },
    'a live one, and the user asked to sign in anew': async () => undefined,
    'one that was ended elsewhere': async (value) => {
      const elsewhere = world.browser();
      elsewhere.jar.set(SESSION, value);
      await elsewhere.ask('/oauth2/logout/local', { method: 'POST' });
    },
  };
  for (const [what, make] of Object.entries(stale)) {
    const [former, next, browser] = [world.person(), world.person(), world.browser()];
    await world.signIn(browser, former);
    const value = browser.jar.get(SESSION) ?? '';
    await make(value);
    const start = await browser.visit('/oauth2/login?prompt=login');
    const old = world.browser();
    old.jar.set(SESSION, value);
    assert.equal((await old.ask('/x')).status, 401, `${what}: dead from the sign-in page on`);
    await browser.visit(await world.provider.authorize(start.location, next));
    assert.notEqual(browser.jar.get(SESSION), value, what);
    assert.equal(await world.judge(browser, next), 'right', what);
  }
  assert.equal(world.oracle.totals().wrong, 0);
});
