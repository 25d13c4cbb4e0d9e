import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../../oauth/jwt.ts';
import type { HttpRequest } from '../../web/http.ts';
import { json } from '../../web/http.ts';
import { serve } from '../../web/serve.ts';
import type { World, WorldOptions } from '../testing/proxy.ts';
import { startWorld, until } from '../testing/proxy.ts';
import type { TestTokenx } from '../testing/tokenx.ts';
import { startTokenx } from '../testing/tokenx.ts';

interface Scene {
  readonly world: World;
  readonly tokenx: TestTokenx;
  /** What the application below `/api` saw. */
  readonly api: readonly HttpRequest[];
}

/** An application of its own below `/api`; below `/api/public` nobody has to sign in, and `/plain` gets no exchange. */
async function scene(t: test.TestContext, options: WorldOptions = {}): Promise<Scene> {
  const tokenx = await startTokenx(t);
  const api: HttpRequest[] = [];
  const listener = await serve({
    name: 'test api',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle: (request) => {
      api.push(request);
      return json(200, { path: request.target });
    },
  });
  t.after(() => listener.close(0));
  const upstream = listener.origin;
  const upstreams = {
    '/api': { upstream, audience: { tokenx: 'cluster:ns:api', entra: 'cluster:ns:api' } },
    '/api/other': { upstream, audience: { tokenx: 'cluster:ns:other' } },
    '/plain': { upstream },
  };
  const rules = [
    { path: '/api/public/**', login: 'optional' },
    { path: '/api/service/**', authorization: 'pass' },
  ];
  const env = {
    ...tokenx.env,
    FULLMAKT_LOGIN_UPSTREAMS: JSON.stringify(upstreams),
    FULLMAKT_LOGIN_RULES: JSON.stringify(rules),
    FULLMAKT_LOGIN_UPSTREAM_ID_TOKEN: 'true',
    ...options.env,
  };
  return { world: await startWorld(t, { ...options, env }), tokenx, api };
}

function bearer(request: HttpRequest | undefined): string {
  return request?.headers.authorization ?? '';
}

test('A17 the exchanged token replaces the login token, byte for byte below its path and nowhere else (EX-1)', async (t) => {
  const { world, tokenx, api } = await scene(t);
  await world.logIn();
  const { browser, seen } = world;
  await browser.visit('/x');
  const login = bearer(seen.at(-1));
  assert.match(login, /^Bearer access-/);
  assert.equal((await browser.visit('/api')).status, 200);
  assert.equal((await browser.visit('/api/deep/x?y=1')).status, 200);
  assert.equal(api.at(-1)?.target, '/api/deep/x?y=1');
  assert.match(bearer(api.at(-1)), /^Bearer exchanged-/);
  assert.equal(api.at(-1)?.headers['x-wonderwall-id-token'], undefined);
  assert.equal((await browser.visit('/apiary')).status, 200);
  assert.equal(bearer(seen.at(-1)), login);
  await browser.visit('/plain/x');
  assert.equal(bearer(api.at(-1)), login);
  const [form] = tokenx.forms;
  assert.equal(form?.get('audience'), 'cluster:ns:api');
  assert.equal(`Bearer ${form?.get('subject_token')}`, login);
  const { iss, sub, aud } = parseJwt(form?.get('client_assertion')).claims;
  assert.deepEqual([iss, sub, aud], ['cluster:ns:front', 'cluster:ns:front', tokenx.issuer]);
});

test('A17 the longest path decides, each target has its own token, and one exchange serves all requests (EX-2)', async (t) => {
  const { world, tokenx, api } = await scene(t);
  await world.logIn();
  const gate = Promise.withResolvers<void>();
  tokenx.bends.gate = gate.promise;
  const asked = Array.from({ length: 20 }, () => world.browser.ask('/api/x'));
  await until(() => tokenx.forms.length > 0);
  gate.resolve();
  for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200);
  await world.browser.ask('/api/x');
  assert.equal(tokenx.forms.length, 1);
  assert.equal(new Set(api.map(bearer)).size, 1);
  await world.browser.ask('/api/other/x');
  assert.deepEqual(
    tokenx.forms.map((form) => form.get('audience')),
    ['cluster:ns:api', 'cluster:ns:other'],
  );
  assert.equal(new Set(api.map(bearer)).size, 2);
  const done = world.events.flatMap((event) => (event.event === 'exchange.done' ? [event.outcome] : []));
  assert.deepEqual(new Set(done), new Set(['ok', 'cached']));
});

test('A17 a token is used until 30 seconds before its end, and forgotten with its session (EX-2)', async (t) => {
  const { world, tokenx } = await scene(t);
  await world.logIn();
  const { browser, clock } = world;
  await browser.ask('/api/x');
  clock.seconds += 269;
  await browser.ask('/api/x');
  assert.equal(tokenx.forms.length, 1);
  clock.seconds += 1;
  await browser.ask('/api/x');
  assert.equal(tokenx.forms.length, 2);
  tokenx.bends.expiresIn = 30;
  clock.seconds += 270;
  await browser.ask('/api/x');
  await browser.ask('/api/x');
  assert.equal(tokenx.forms.length, 4);
  await browser.visit('/oauth2/logout');
  assert.equal((await browser.ask('/api/x')).status, 401);
  assert.equal(tokenx.forms.length, 4);
});

test('A17 refused: 403, on record, and nothing reaches the application (EX-1, EX-3)', async (t) => {
  const { world, tokenx, api } = await scene(t);
  await world.logIn();
  tokenx.bends.instead = [json(400, { error: 'invalid_target', error_description: 'no "access-1" here' })];
  const answer = await world.browser.ask('/api/x');
  assert.equal(answer.status, 403);
  assert.deepEqual(JSON.parse(answer.body), { error: 'exchange_refused' });
  assert.equal((await world.browser.ask('/api/x')).status, 403);
  assert.equal(tokenx.forms.length, 1);
  world.clock.seconds += 1;
  assert.equal((await world.browser.ask('/api/x')).status, 200);
  assert.equal(api.length, 1);
  const refused = world.events.find((event) => event.event === 'exchange.refused');
  assert.deepEqual([refused?.network, refused?.reason], ['tokenx', 'invalid_target']);
});

test('A17 down: 503 with Retry-After, and nothing reaches the application (EX-1, EX-3)', async (t) => {
  const { world, tokenx, api } = await scene(t);
  await world.logIn();
  tokenx.bends.instead = [json(503, {}), json(503, {})];
  const answer = await world.browser.ask('/api/x');
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.ok(tokenx.forms.every((form) => form.get('audience') === 'cluster:ns:api'));
  assert.equal(api.length, 0);
  world.clock.seconds += 2;
  assert.equal((await world.browser.ask('/api/x')).status, 200);
});

test('A17 without a session nothing is exchanged, and the rules decide as everywhere (EX-1)', async (t) => {
  const { world, tokenx, api } = await scene(t);
  const headers = { authorization: 'Bearer service' };
  assert.equal((await world.browser.ask('/api/x', { headers })).status, 401);
  assert.equal((await world.browser.ask('/api/public/x', { headers })).status, 200);
  assert.equal(bearer(api.at(-1)), '');
  assert.equal((await world.browser.ask('/api/service/x', { headers })).status, 200);
  assert.equal(bearer(api.at(-1)), 'Bearer service');
  assert.equal(tokenx.forms.length, 0);
});

test('A17 a session of Entra is exchanged on behalf of its user at Entra, and only where Entra has a name for the target', async (t) => {
  const env = { FULLMAKT_LOGIN_PROVIDER: 'entra' };
  const { world, tokenx, api } = await scene(t, { env });
  await world.logIn();
  const { provider, browser } = world;
  provider.bends.instead.token = [json(200, { access_token: 'obo-1', token_type: 'Bearer', expires_in: 300 })];
  assert.equal((await browser.ask('/api/x')).status, 200);
  assert.equal(bearer(api.at(-1)), 'Bearer obo-1');
  const form = provider.callsTo('token').at(-1)?.form;
  assert.equal(form?.get('scope'), 'api://cluster.ns.api/.default');
  assert.equal(form?.get('requested_token_use'), 'on_behalf_of');
  assert.match(form?.get('assertion') ?? '', /^access-/);
  const before = api.length;
  assert.equal((await browser.ask('/api/other/x')).status, 403);
  assert.equal(api.length, before);
  assert.equal(tokenx.forms.length, 0);
});

test('a path that applications may read as one below an exchanged path gets no login token there (EX-1, PX-3)', async (t) => {
  const env = { FULLMAKT_LOGIN_PATH_ALLOW: 'semicolon,double-slash,encoded-slash' };
  const { world, api } = await scene(t, { env });
  await world.logIn();
  for (const path of ['//api/x', '/api;v=1/x', '/api%2Fx', '/;/api/x', '/plain//x', '/api/other;x/y']) {
    assert.equal((await world.browser.visit(path)).status, 200, path);
    const expected = path.startsWith('/plain') ? /^Bearer access-/ : /^Bearer exchanged-/;
    assert.match(bearer(api.at(-1)), expected, path);
    assert.equal(api.at(-1)?.target, path);
  }
  assert.equal((await world.browser.visit('//apix')).status, 200);
  assert.equal(world.seen.at(-1)?.target, '//apix');
});
