import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import test from 'node:test';
import { createObserver } from '../../observe/observer.ts';
import { json } from '../../web/http.ts';
import { loginEvents } from './wonderwall.ts';
import type { Observed } from '../testing/observed.ts';
import { observed } from '../testing/observed.ts';
import { HOST } from '../testing/proxy.ts';

function valuesOf(text: string, metric: string, label: string): ReadonlySet<string> {
  const pattern = new RegExp(`^${metric}(?:_bucket|_sum|_count)?\\{[^}]*\\b${label}="([^"]*)"`, 'gm');
  return new Set([...text.matchAll(pattern)].map(([, value = '']) => value));
}

const OURS = {
  requests_total: ['route', 'method', 'code'],
  request_seconds: ['route'],
  proxied_total: ['decision', 'code_class'],
  logins_total: ['provider', 'outcome'],
  refreshes_total: ['provider', 'outcome'],
  sessions_ended_total: ['reason'],
  store_seconds: ['op', 'outcome'],
  idp_seconds: ['provider', 'endpoint', 'outcome'],
  sockets: ['kind'],
};
const THEIRS = {
  requests_total: ['code', 'method', 'path', 'host', 'provider', 'service'],
  request_duration_seconds: ['code', 'method', 'path', 'host', 'provider', 'service'],
  wonderwall_logins: ['amr', 'redirect'],
  wonderwall_logouts: ['operation'],
  wonderwall_redis_latency: ['operation'],
};

async function live({ world }: Observed): Promise<void> {
  await world.logIn(world.browser, '?redirect=/deep/link%3Fsecret=1');
  await world.browser.ask('/api');
  world.clock.seconds += 3590;
  await world.browser.ask('/oauth2/session/refresh', { method: 'POST' });
  await world.browser.ask('/oauth2/ping');
  await world.browser.ask('/oauth2/nothing-here');
  await world.browser.visit('/oauth2/logout');
}

test('OP-7: a login, a request, a refresh and a logout show in every metric, with the labels that dashboards ask for', async (t) => {
  const all = await observed(t);
  await live(all);
  const text = await all.metrics();
  for (const [metric, labels] of Object.entries(OURS)) {
    for (const label of labels)
      assert.ok(valuesOf(text, `fullmakt_login_${metric}`, label).size > 0, `${metric} {${label}}`);
  }
  assert.match(text, /^fullmakt_login_requests_total\{route="login",method="GET",code="302"\} 1$/m);
  assert.match(text, /^fullmakt_login_requests_total\{route="proxied",method="GET",code="200"\} 1$/m);
  assert.match(text, /^fullmakt_login_requests_total\{route="other",method="GET",code="404"\} 1$/m);
  assert.match(text, /^fullmakt_login_proxied_total\{decision="session",code_class="2xx"\} 1$/m);
  assert.match(text, /^fullmakt_login_idp_seconds_count\{provider="idporten",endpoint="token",outcome="ok"\} 2$/m);
  assert.deepEqual(valuesOf(text, 'fullmakt_login_idp_seconds', 'endpoint').has('other'), false);
});

test('OP-7: dashboards made for Wonderwall find its names and labels, for our routes but ping', async (t) => {
  const all = await observed(t);
  await live(all);
  const text = await all.metrics();
  for (const [metric, labels] of Object.entries(THEIRS)) {
    for (const label of labels) assert.ok(valuesOf(text, metric, label).size > 0, `${metric} {${label}}`);
  }
  assert.deepEqual(
    valuesOf(text, 'requests_total', 'path'),
    new Set(['/oauth2/login', '/oauth2/callback', '/oauth2/session/refresh', '/oauth2/logout']),
  );
  assert.deepEqual(valuesOf(text, 'requests_total', 'provider'), new Set(['azure']));
  assert.deepEqual(valuesOf(text, 'requests_total', 'service'), new Set(['wonderwall']));
  assert.deepEqual(valuesOf(text, 'requests_total', 'host'), new Set([HOST]));
  assert.match(text, /^wonderwall_logins\{amr="BankID",redirect="\/deep\/link"\} 1$/m);
  assert.match(text, /^wonderwall_logouts\{operation="self_initiated"\} 1$/m);
  for (const operation of valuesOf(text, 'wonderwall_redis_latency', 'operation'))
    assert.ok(['Read', 'Write', 'Update', 'Delete'].includes(operation), operation);
  const buckets = [...valuesOf(text, 'request_duration_seconds', 'le')];
  assert.deepEqual([buckets[0], buckets.at(-2)], ['0.001', '5']);
});

test('OP-7: without metrics.wonderwall-names only our own names are there', async (t) => {
  const all = await observed(t, { wonderwallNames: false });
  await live(all);
  const names = [...(await all.metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  assert.ok(names.length > 8);
  assert.deepEqual(
    names.filter((name) => !name.startsWith('fullmakt_login_')),
    [],
  );
});

test('W8 host-label-is-bounded: no host, path, method or target of a client becomes a label', async (t) => {
  const { world, metrics } = await observed(t);
  await world.logIn();
  for (let i = 0; i < 100; i += 1) {
    const headers = { host: i % 2 === 0 ? `stranger-${i}.test` : HOST, 'x-forwarded-host': `stranger-${i}.test` };
    await world.browser.ask(`/stranger-${i}`, { headers });
    await world.browser.ask(`/oauth2/stranger-${i}`, { headers });
    if (i < 40)
      await world.browser.ask(`/oauth2/login/stranger-${i}`, {
        headers,
        method: ['PROPFIND', 'PURGE', 'GET'][i % 3] ?? '',
      });
  }
  const text = await metrics();
  assert.deepEqual(valuesOf(text, 'requests_total', 'host'), new Set([HOST]));
  assert.deepEqual(
    valuesOf(text, 'fullmakt_login_requests_total', 'route'),
    new Set(['login', 'callback', 'proxied', 'other']),
  );
  assert.deepEqual(valuesOf(text, 'fullmakt_login_requests_total', 'method'), new Set(['GET', 'other']));
  assert.doesNotMatch(text, /stranger/);
});

test('OP-7: targets of logins are told apart up to 200, then count as other', async (t) => {
  const observer = createObserver({ destination: 'silent', now: () => 0 });
  t.after(() => observer.close());
  const emit = observer.emitter('login', loginEvents({ wonderwallNames: true, provider: 'idporten' }));
  const at = {
    provider: 'p',
    client_id: 'c',
    session_ref: 's',
    sid: undefined,
    acr: undefined,
    outcome: 'succeeded',
  } as const;
  for (let i = 0; i < 5000; i += 1) emit({ event: 'login.succeeded', ...at, amr: `a${i % 100}`, redirect: `/${i}` });
  const text = await observer.metrics();
  assert.equal(valuesOf(text, 'wonderwall_logins', 'redirect').size, 201);
  assert.equal(valuesOf(text, 'wonderwall_logins', 'amr').size, 51);
});

test('requests to the application are listed when that is asked for: navigations and writes, 499 for who left, no query', async (t) => {
  const stuck = Promise.withResolvers<void>();
  const { world, lines } = await observed(t, {
    env: { FULLMAKT_LOGIN_UPSTREAM_ACCESS_LOGS: 'true' },
    app: (request) => {
      if (request.path !== '/stuck') return json(201, {});
      stuck.resolve();
      return { status: 200, stream: () => undefined };
    },
  });
  await world.logIn();
  await world.browser.visit('/page?secret=1');
  await world.browser.ask('/script.js?secret=1');
  await world.browser.ask('/write?secret=1', { method: 'POST' });
  const cookie = [...world.browser.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const leaving = httpRequest({
    port: world.port,
    path: '/stuck?secret=1',
    method: 'PUT',
    headers: { host: HOST, cookie },
  });
  leaving.on('error', () => undefined);
  leaving.end();
  await stuck.promise;
  leaving.destroy();
  const listed = (): readonly (readonly unknown[])[] =>
    lines
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'proxy.access')
      .map(({ method, path, code }) => [method, path, code]);
  for (let look = 0; look < 10_000 && listed().length < 3; look += 1)
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  assert.deepEqual(listed(), [
    ['GET', '/page', 201],
    ['POST', '/write', 201],
    ['PUT', '/stuck', 499],
  ]);
  assert.doesNotMatch(lines.join(''), /secret/);
});
