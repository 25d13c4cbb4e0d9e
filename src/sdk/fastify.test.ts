import assert from 'node:assert/strict';
import test from 'node:test';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { fullmakt, principalOf } from './fastify.ts';
import { allOf, anyPrincipal, AuthError, ConfigError, requireCaller, requireScope, requireUser } from './index.ts';
import type { TokenxUser } from './index.ts';
import { makeAuth } from './testing/auth.ts';
import { CLAIMS, ENV, makeKeys, mint } from './testing/fixtures.ts';

const keys = await makeKeys();
const authorization = `Bearer ${await mint(CLAIMS['tokenx-user'], keys.issuer)}`;
const OPEN = { config: { public: true } } as const;
const GUARDED = { config: { guard: anyPrincipal } } as const;
const handler = (): string => 'ok';

async function start(t: test.TestContext, options: object = {}): Promise<FastifyInstance> {
  const { auth } = makeAuth(t, keys, options);
  const app = fastify();
  t.after(() => app.close());
  await app.register(fullmakt, { auth });
  return app;
}

test('the plugin without what judges stops the start', async (t) => {
  const app = fastify();
  t.after(() => app.close());
  await assert.rejects(async () => await app.register(fullmakt, {} as never), /auth is missing/);
});

test('a route with neither a guard nor public: true, or with both, stops the start (5.2)', async (t) => {
  const app = await start(t);
  assert.throws(() => app.get('/x', handler), /GET \/x: config needs either a guard or public: true/);
  assert.throws(() => app.post('/y', { config: {} }, handler), ConfigError);
  assert.throws(() => app.put('/z', { config: { public: true, guard: anyPrincipal } }, handler), ConfigError);
  assert.throws(() => app.put('/u', { config: { public: 'yes' as never } }, handler), ConfigError);
  assert.throws(() => app.put('/v', { config: { guard: 'anyone' as never } }, handler), ConfigError);
});

test('routes of child scopes are held to the same, whatever their prefix and however deep', async (t) => {
  const { auth } = makeAuth(t, keys);
  const app = fastify();
  t.after(() => app.close());
  await app.register(fullmakt, { auth });
  app.register(
    async (child) => {
      await child.register(async (grandchild) => {
        grandchild.get('/deep', handler);
      });
    },
    { prefix: '/api' },
  );
  await assert.rejects(async () => await app.ready(), /GET \/api\/deep: config needs either/);
});

test('a guard that cannot work stops the start', async (t) => {
  const { AZURE_APP_PRE_AUTHORIZED_APPS: _, FULLMAKT_INBOUND_APPS: __, ...env } = ENV;
  const app = await start(t, { env });
  assert.throws(() => app.get('/x', { config: { guard: requireCaller() } }, handler), /GET \/x: .*caller list/);
});

test('routes that were there before the plugin stop the start, for no hook has seen them', async (t) => {
  const { auth } = makeAuth(t, keys);
  const late = fastify();
  t.after(() => late.close());
  late.register(fullmakt, { auth });
  late.get('/x', GUARDED, handler);
  await assert.rejects(async () => await late.ready(), /routes were added before the plugin/);
});

test('two instances of the plugin stand side by side, each for the scope it is registered in', async (t) => {
  const { auth } = makeAuth(t, keys);
  const app = fastify();
  t.after(() => app.close());
  for (const name of ['one', 'two']) {
    app.register(async (child) => {
      await child.register(fullmakt, { auth, realm: name });
      child.get(`/${name}`, GUARDED, handler);
    });
  }
  for (const name of ['one', 'two']) {
    const { statusCode, headers } = await app.inject(`/${name}`);
    assert.deepEqual([statusCode, headers['www-authenticate']], [401, `Bearer realm="${name}"`]);
  }
});

test('a route that slips past the start is not served: a later hook took its guard away', async (t) => {
  const app = await start(t);
  app.addHook('onRoute', (route) => {
    route.config = {};
  });
  app.get('/x', OPEN, handler);
  assert.equal((await app.inject('/x')).statusCode, 500);
});

test('the HEAD route that fastify makes of a GET route has its guard', async (t) => {
  const app = await start(t);
  app.get('/x', GUARDED, handler);
  app.get('/open', OPEN, handler);
  const ask = async (url: string, headers = {}): Promise<number> =>
    (await app.inject({ method: 'HEAD', url, headers })).statusCode;
  assert.deepEqual([await ask('/x'), await ask('/x', { authorization }), await ask('/open')], [401, 200, 200]);
});

test('a path no route has is 404 for everyone, also by a handler of the application', async (t) => {
  const plain = await start(t);
  assert.equal((await plain.inject('/nowhere')).statusCode, 404);
  const own = await start(t);
  own.setNotFoundHandler((request, reply) => {
    assert.throws(() => principalOf(request, anyPrincipal), ConfigError);
    return reply.code(404).send('nothing here');
  });
  const answer = await own.inject('/nowhere');
  assert.deepEqual([answer.statusCode, answer.body], [404, 'nothing here']);
});

test("principalOf is the guard's type, throws on a public route and where its guard refuses", async (t) => {
  const app = await start(t);
  const citizen = allOf(requireUser('tokenx'), requireCaller());
  app.get('/x', { config: { guard: citizen } }, (request) => {
    const principal: TokenxUser = principalOf(request, citizen);
    assert.throws(() => principalOf(request, requireScope('none')), AuthError);
    return principal.claims.client_id;
  });
  app.get('/open', OPEN, (request) => {
    assert.throws(() => principalOf(request, citizen), ConfigError);
    return 'open';
  });
  const answers = await Promise.all(['/x', '/open'].map((url) => app.inject({ url, headers: { authorization } })));
  assert.deepEqual(
    answers.map(({ body }) => body),
    ['local:fleet:portal', 'open'],
  );
});

/** As plugins for CORS do it. */
async function preflight(instance: FastifyInstance): Promise<void> {
  instance.options('*', (_request, reply) => reply.code(204).send());
}

test('a plugin that makes routes without a guard comes after a scope of its own for ours', async (t) => {
  const { auth } = makeAuth(t, keys);
  const app = fastify();
  t.after(() => app.close());
  app.register(async (api) => {
    await api.register(fullmakt, { auth });
    api.get('/x', GUARDED, handler);
  });
  app.register(preflight);
  const asked = await Promise.all([
    app.inject({ method: 'OPTIONS', url: '/x' }),
    app.inject('/x'),
    app.inject({ url: '/x', headers: { authorization } }),
  ]);
  assert.deepEqual(
    asked.map(({ statusCode }) => statusCode),
    [204, 401, 200],
  );
});

/** What `@fastify/cors` does: a hook for headers, and a route for preflight requests to any path. */
function addCors(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('access-control-allow-origin', 'https://page.example');
    if (request.method === 'OPTIONS') await reply.code(204).send();
  });
  app.options('*', (_request, reply) => reply.code(404).send());
}

test('preflight requests of a CORS plugin need no guard, before the plugin or after it; refusals have its headers', async (t) => {
  const { auth } = makeAuth(t, keys);
  for (const corsFirst of [true, false]) {
    const app = fastify();
    t.after(() => app.close());
    if (corsFirst) addCors(app);
    await app.register(fullmakt, { auth });
    if (!corsFirst) addCors(app);
    app.get('/case', { config: { guard: anyPrincipal } }, () => 'private');
    const asked = await app.inject({ method: 'OPTIONS', url: '/case' });
    assert.deepEqual([asked.statusCode, asked.body], [204, '']);
    const refused = await app.inject('/case');
    assert.equal(refused.statusCode, 401);
    if (corsFirst) assert.equal(refused.headers['access-control-allow-origin'], 'https://page.example');
  }
  for (const path of ['/case', '/case*']) {
    const app = fastify();
    t.after(() => app.close());
    app.options(path, () => 'ours');
    await assert.rejects(async () => await app.register(fullmakt, { auth }), ConfigError);
  }
});
