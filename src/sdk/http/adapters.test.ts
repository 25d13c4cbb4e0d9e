import assert from 'node:assert/strict';
import { request as rawRequest } from 'node:http';
import type { Server } from 'node:http';
import test from 'node:test';
import { serve as serveHono } from '@hono/node-server';
import express from 'express';
import { Hono } from 'hono';
import { principalOf, protect as protectExpress } from '../express.ts';
import { CLAIMS, ENV, keyFetch, makeKeys, mint, START } from '../testing/fixtures.ts';
import { protect as protectHono } from '../hono.ts';
import { allOf, anyPrincipal, fromEnv, requireAcr, requireCaller, requireScope, requireUser } from '../index.ts';
import type { Fullmakt, Guard } from '../index.ts';

const keys = await makeKeys();

interface App {
  readonly name: string;
  readonly origin: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const outer = requireUser();
const citizen = allOf(requireUser('tokenx'), requireCaller());
const ROUTES: readonly (readonly [path: string, guard: Guard])[] = [
  ['/any', anyPrincipal],
  ['/citizen', citizen],
  ['/high', requireAcr('high')],
  ['/scope', requireScope({ any: ['fleet:write', 'fleet:admin'] })],
];

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.once('listening', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    });
  });
}

async function startApps(t: test.TestContext, auth: Fullmakt): Promise<readonly App[]> {
  const options = { realm: 'fleet', resourceMetadata: 'https://api.example/.well-known/oauth-protected-resource' };
  const one = express();
  const two = new Hono();
  for (const [path, guard] of ROUTES) {
    one.get(path, protectExpress(auth, guard, options), (req, res) => {
      res.json({ id: principalOf(req, guard).id });
    });
    two.get(path, protectHono(auth, guard, options), (c) => c.json({ id: c.get('principal').id }));
  }
  one.use('/nested', protectExpress(auth, outer, options));
  one.get('/nested/high', protectExpress(auth, requireAcr('high'), options), (req, res) => {
    res.json({ id: principalOf(req, citizen).id });
  });
  two.use('/nested/*', protectHono(auth, outer, options));
  two.get('/nested/high', protectHono(auth, requireAcr('high'), options), (c) => c.json({ id: c.get('principal').id }));
  const expressServer = one.listen(0, '127.0.0.1');
  const honoServer = serveHono({ fetch: two.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  for (const server of [expressServer, honoServer]) {
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  const [first, second] = await Promise.all([listening(expressServer), listening(honoServer)]);
  return [
    { name: 'express', origin: first },
    { name: 'hono', origin: second },
  ];
}

function get(url: string, authorization: string | readonly string[] | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: string[] = [];
    for (const value of authorization === undefined ? [] : [authorization].flat()) headers.push('Authorization', value);
    headers.push('Host', new URL(url).host);
    const sent = rawRequest(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('one suite of requests through both adapters, with equal answers row by row (5.3, L15)', async (t) => {
  const net = keyFetch(keys);
  const auth = fromEnv({
    env: ENV,
    fetch: net.fetch,
    clock: () => START,
    maskinporten: { requiredScope: 'fleet:read' },
  });
  t.after(() => {
    auth.close();
  });
  const apps = await startApps(t, auth);
  const user = await mint(CLAIMS['tokenx-user'], keys.issuer);
  const low = await mint({ ...CLAIMS['tokenx-user'], acr: 'Level3' }, keys.issuer);
  const machine = await mint(CLAIMS['tokenx-machine'], keys.issuer);
  const expired = await mint({ ...CLAIMS['tokenx-user'], iat: START - 99, exp: START - 60 }, keys.issuer);
  const more = 'realm="fleet"';
  const metadata = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"';
  const rows: readonly [
    path: string,
    header: string | readonly string[] | undefined,
    status: number,
    challenge: string,
  ][] = [
    ['/any', undefined, 401, `Bearer ${more}, ${metadata}`],
    ['/any', 'Basic eDp5', 401, `Bearer ${more}, ${metadata}`],
    ['/any', 'Bearer', 400, `Bearer ${more}, error="invalid_request", ${metadata}`],
    ['/any', `Bearer ${user}, Bearer ${user}`, 400, `Bearer ${more}, error="invalid_request", ${metadata}`],
    ['/any', [`Bearer ${user}`, `Bearer ${user}`], 400, `Bearer ${more}, error="invalid_request", ${metadata}`],
    [
      '/any',
      `Bearer ${user}x`,
      401,
      `Bearer ${more}, error="invalid_token", error_description="the token is invalid", ${metadata}`,
    ],
    [
      '/any',
      `Bearer ${expired}`,
      401,
      `Bearer ${more}, error="invalid_token", error_description="the token has expired", ${metadata}`,
    ],
    ['/citizen', `Bearer ${machine}`, 403, `Bearer ${more}, error="insufficient_scope", ${metadata}`],
    [
      '/scope',
      `Bearer ${user}`,
      403,
      `Bearer ${more}, error="insufficient_scope", scope="fleet:write fleet:admin", ${metadata}`,
    ],
    [
      '/high',
      `Bearer ${low}`,
      401,
      `Bearer ${more}, error="insufficient_user_authentication", acr_values="idporten-loa-high", ${metadata}`,
    ],
    [
      '/nested/high',
      `Bearer ${low}`,
      401,
      `Bearer ${more}, error="insufficient_user_authentication", acr_values="idporten-loa-high", ${metadata}`,
    ],
    ['/nested/high', `Bearer ${machine}`, 403, `Bearer ${more}, error="insufficient_scope", ${metadata}`],
  ];
  for (const [path, header, status, challenge] of rows) {
    for (const app of apps) {
      const answer = await get(`${app.origin}${path}`, header);
      const where = `${app.name} ${path} ${String(status)}`;
      assert.equal(answer.status, status, where);
      assert.equal(answer.headers['www-authenticate'], challenge, where);
      assert.equal(answer.headers['cache-control'], 'no-store', where);
      assert.equal(answer.headers['content-type'], 'application/json', where);
      assert.deepEqual(Object.keys(JSON.parse(answer.body) as object), ['error', 'error_description'], where);
      assert.ok(!answer.body.includes('eyJ'), where);
    }
  }
  for (const app of apps) {
    for (const [path, header] of [
      ['/any', `bearer ${user}`],
      ['/citizen', `BEARER ${user}`],
      ['/nested/high', `Bearer ${user}`],
    ]) {
      assert.deepEqual(await get(`${app.origin}${path}`, header).then(({ status, body }) => [status, body]), [
        200,
        '{"id":"s"}',
      ]);
    }
    const inQuery = await get(`${app.origin}/any?access_token=${user}`, undefined);
    assert.equal(inQuery.status, 401);
  }
});

test('keys that cannot be had are 503 with Retry-After and without a challenge, in both adapters', async (t) => {
  const net = keyFetch(keys);
  net.down = true;
  const auth = fromEnv({ env: ENV, fetch: net.fetch, clock: () => START });
  t.after(() => {
    auth.close();
  });
  const user = await mint(CLAIMS['tokenx-user'], keys.issuer);
  for (const app of await startApps(t, auth)) {
    const answer = await get(`${app.origin}/any`, `Bearer ${user}`);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['www-authenticate'], undefined);
    assert.equal(answer.headers['retry-after'], '5');
  }
});

test('explain adds what was expected and the manifest line, but never in production', async (t) => {
  for (const [mode, pattern] of [
    ['development', /spec\.login\.level/],
    ['production', /^\{"error":"insufficient_user_authentication","error_description":"a higher level/],
  ] as const) {
    const env = { ...ENV, NODE_ENV: mode };
    const auth = fromEnv({ env, fetch: keyFetch(keys).fetch, clock: () => START, explain: true });
    t.after(() => {
      auth.close();
    });
    const token = await mint({ ...CLAIMS['tokenx-user'], acr: 'Level3' }, keys.issuer);
    for (const app of await startApps(t, auth)) {
      assert.match((await get(`${app.origin}/high`, `Bearer ${token}`)).body, pattern, `${app.name} ${mode}`);
    }
  }
});

test('principalOf throws where nothing protected the route, and where the guard asked for would refuse', async (t) => {
  const auth = fromEnv({ env: ENV, fetch: keyFetch(keys).fetch, clock: () => START });
  t.after(() => {
    auth.close();
  });
  const app = express();
  const failures: string[] = [];
  const tell: express.RequestHandler = (req, res) => {
    try {
      principalOf(req, requireScope('none'));
    } catch (error) {
      failures.push(error instanceof Error ? error.name : '');
    }
    res.end();
  };
  app.get('/open', tell);
  app.get('/any', protectExpress(auth, anyPrincipal), tell);
  const server = app.listen(0, '127.0.0.1');
  t.after(() => server.close());
  const origin = await listening(server);
  await get(`${origin}/open`, undefined);
  await get(`${origin}/any`, `Bearer ${await mint(CLAIMS['tokenx-user'], keys.issuer)}`);
  assert.deepEqual(failures, ['ConfigError', 'AuthError']);
});
