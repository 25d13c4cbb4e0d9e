import assert from 'node:assert/strict';
import test from 'node:test';
import express from 'express';
import { Hono } from 'hono';
import { principalOf, protect as protectExpress } from '../express.ts';
import { createFetch } from '../fetch.ts';
import { protect } from '../hono.ts';
import { allOf, fromEnv, requireAcr, requireCaller, requireMachine, requireRole, requireUser } from '../index.ts';
import { protectRoute } from '../next.ts';
import { protect as protectNode } from '../node.ts';
import { createTestIssuer, createTestSidecar } from '../testing.ts';
import { tokensFromEnv } from '../tokens.ts';
import { askOverHttp, listenOnce } from './testing/ask.ts';

const issuer = await createTestIssuer();
const citizen = allOf(requireUser('tokenx'), requireAcr('high'), requireCaller());

function breaking(): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) controller.error(new Error('the source broke off'));
      else controller.enqueue(Buffer.from('half'));
      sent = true;
    },
  });
}

test('a citizen asks, and the application asks on for her: adapter, guard, exchange and fetch in one (5)', async (t) => {
  const sidecar = await createTestSidecar(issuer);
  t.after(() => sidecar.close());
  const auth = fromEnv({ env: sidecar.env, fetch: issuer.fetch });
  const tokens = tokensFromEnv({ env: sidecar.env });
  t.after(() => {
    auth.close();
    tokens.close();
  });
  const seen: (string | null)[] = [];
  const upstream: typeof globalThis.fetch = async (input, init) => {
    seen.push(new Request(input, init).headers.get('authorization'));
    return Response.json({ case: 7 });
  };
  const register = createFetch(tokens, {
    origins: ['http://register'],
    as: 'user',
    provider: 'tokenx',
    target: 'dev:team-b:register',
    fetch: upstream,
  });
  const app = new Hono();
  app.get('/api/case', protect(auth, citizen), (c) => register('http://register/case', { user: c.get('principal') }));
  const token = issuer.mint('tokenx', { claims: { acr: 'idporten-loa-high' } });
  const answer = await app.request('/api/case', { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([answer.status, await answer.json()], [200, { case: 7 }]);
  assert.match(seen[0] ?? '', /^Bearer eyJ/);
  assert.notEqual(seen[0], `Bearer ${token}`);
  assert.equal((await app.request('/api/case')).status, 401);
  assert.equal(seen.length, 1);
});

test('a machine with a role reads a report below a guarded path, and health needs no token (5)', async (t) => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  t.after(() => {
    auth.close();
  });
  const machine = allOf(requireMachine('entra_id'), requireRole('access_as_application'));
  const app = express();
  app.get('/healthz', (_req, res) => {
    res.send('ok');
  });
  app.use('/internal', protectExpress(auth, machine));
  app.get('/internal/report', (req, res) => {
    res.json({ caller: principalOf(req, machine).caller });
  });
  const origin = await listenOnce(t, app.listen(0, '127.0.0.1'));
  const token = issuer.mint('entra-machine', { claims: { roles: ['access_as_application'] } });
  const authorization = `Bearer ${token}`;
  const asked = ['/healthz', '/internal/report', '/internal/else'].map((path) => askOverHttp(origin, { path }));
  assert.deepEqual(
    (await Promise.all(asked)).map(({ status }) => status),
    [200, 401, 401],
  );
  const report = await askOverHttp(origin, { path: '/internal/report', authorization });
  assert.deepEqual([report.status, Object.keys(JSON.parse(report.body) as object)], [200, ['caller']]);
});

test('no adapter has a form without a guard: it does not compile, and throws where it is written (5.2)', (t) => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  t.after(() => {
    auth.close();
  });
  // @ts-expect-error -- the guard is missing
  assert.throws(() => protectExpress(auth), /a guard is missing/);
  // @ts-expect-error -- the guard is missing
  assert.throws(() => protect(auth), /a guard is missing/);
  // @ts-expect-error -- a handler is no guard
  assert.throws(() => protectNode(auth, () => {}), /a guard is missing/);
  // @ts-expect-error -- a handler is no guard
  assert.throws(() => protectRoute(auth, () => new Response()), /a guard is missing/);
});

test('an answer that breaks off in the middle stays what it was and is not refused', async (t) => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  t.after(() => {
    auth.close();
  });
  const headers = { authorization: `Bearer ${issuer.mint('tokenx', { claims: { acr: 'idporten-loa-high' } })}` };
  const app = new Hono();
  app.get('/', protect(auth, citizen), (c) => c.body(breaking()));
  const GET = protectRoute(auth, citizen, () => new Response(breaking()));
  const answers = [
    await app.request('/', { headers }),
    await GET(new Request('http://localhost/', { headers }), { params: Promise.resolve({}) }),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text(), /broke off/);
  }
});
