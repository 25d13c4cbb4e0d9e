import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import test from 'node:test';
import { inspect } from 'node:util';
import express from 'express';
import { principalOf, protect } from '../express.ts';
import { protect as protectHono } from '../hono.ts';
import { anyPrincipal, AuthError, ConfigError, requireScope, requireUser } from '../index.ts';
import { principalFrom, protectRoute } from '../next.ts';
import { protect as protectNode } from '../node.ts';
import { makeAuth } from '../testing/auth.ts';
import { CLAIMS, ENV, makeKeys, mint } from '../testing/fixtures.ts';
import { authenticateOnce } from './attached.ts';
import { askOverHttp, listenOnce } from './testing/ask.ts';

const keys = await makeKeys();
const authorization = `Bearer ${await mint(CLAIMS['tokenx-user'], keys.issuer)}`;

test('principalOf throws where nothing protected the route, and where the guard asked for would refuse', async (t) => {
  const { auth } = makeAuth(t, keys);
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
  app.get('/any', protect(auth, anyPrincipal), tell);
  const origin = await listenOnce(t, app.listen(0, '127.0.0.1'));
  await askOverHttp(origin, { path: '/open' });
  await askOverHttp(origin, { path: '/any', authorization });
  assert.deepEqual(failures, ['ConfigError', 'AuthError']);
});

test('who prints a request that passed, or copies it, gets no claims with it', async (t) => {
  const { auth } = makeAuth(t, keys);
  const app = express();
  const printed: string[] = [];
  app.get('/any', protect(auth, anyPrincipal), protect(auth, requireUser()), (req, res) => {
    assert.equal(principalOf(req, anyPrincipal).kind, 'user');
    assert.throws(() => principalOf({ ...req } as never, anyPrincipal), ConfigError);
    printed.push(inspect(req, { depth: 6 }), JSON.stringify({ ...req }, ['headers', 'url', 'user', 'principal']));
    res.end();
  });
  const origin = await listenOnce(t, app.listen(0, '127.0.0.1'));
  assert.equal((await askOverHttp(origin, { path: '/any', authorization })).status, 200);
  assert.equal(printed.length, 2);
  for (const text of printed) assert.ok(!text.includes('callerInPolicy') && !text.includes('fullmakt.principal'));
});

test('principalFrom reads the headers of a server component, and rejects with the refusal', async (t) => {
  const { auth } = makeAuth(t, keys);
  const user = await principalFrom(auth, requireUser('tokenx'), new Headers({ authorization }));
  assert.equal(user.claims.client_id, 'local:fleet:portal');
  await assert.rejects(principalFrom(auth, anyPrincipal, new Headers()), (error) => {
    return error instanceof AuthError && error.code === 'token_missing';
  });
  await assert.rejects(principalFrom(auth, undefined as never, new Headers({ authorization })), ConfigError);
});

test('a request whose Headers are of another make is read all the same', async (t) => {
  const { auth } = makeAuth(t, keys);
  const headers = { get: (name: string) => (name === 'authorization' ? authorization : null) };
  assert.ok((await auth.authenticate({ headers: headers as never }, anyPrincipal)).ok);
});

test('a malformed guard throws where it is mounted, not when a request comes (L15)', async (t) => {
  const { auth } = makeAuth(t, keys, { env: { ...ENV, FULLMAKT_INBOUND_APPS: '', AZURE_APP_PRE_AUTHORIZED_APPS: '' } });
  assert.throws(() => protect(auth, undefined as never), ConfigError);
  for (const none of [undefined, null, anyPrincipal, 'auth']) {
    assert.throws(() => protect(none as never, anyPrincipal), /misconfigured:\n- auth is missing/);
    assert.throws(() => protectRoute(none as never, anyPrincipal, () => new Response()), ConfigError);
    assert.throws(() => protectNode(none as never, anyPrincipal, () => {}), ConfigError);
    assert.throws(() => protectHono(none as never, anyPrincipal), ConfigError);
  }
  assert.throws(() => protectRoute(auth, 'anyone' as never, () => new Response()), ConfigError);
  assert.throws(() => protectRoute(auth, anyPrincipal, undefined as never), /the handler is missing/);
  assert.throws(() => protectNode(auth, anyPrincipal, { realm: 'x' } as never), /the handler is missing/);
  for (const [options, told] of [
    [{ realm: 5 }, /realm has to be a text/],
    [{ resourceMetadata: new URL('https://op.example') }, /resourceMetadata has to be a text/],
    [{ onRefused: 'log' }, /onRefused has to be a function/],
  ] as const) {
    assert.throws(() => protect(auth, anyPrincipal, options as never), told);
    assert.throws(() => protectHono(auth, anyPrincipal, options as never), told);
    assert.throws(() => protectNode(auth, anyPrincipal, () => {}, options as never), told);
    assert.throws(() => protectRoute(auth, anyPrincipal, () => new Response(), options as never), told);
  }
});

test('a handler of the App Router names its request and its params as it likes', async (t) => {
  const { auth } = makeAuth(t, keys);
  const GET = protectRoute(auth, anyPrincipal, async (_request, context: { params: Promise<{ id: string }> }) => {
    const id: string = (await context.params).id;
    return Response.json({ id });
  });
  // The forms in which Next asks for a handler.
  const plain = protectRoute(auth, anyPrincipal, (_request, { principal }) => Response.json(principal.id));
  const dynamic: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> = plain;
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- what Next says of a path without parameters
  const fixed: (request: Request, context: { params: Promise<Record<never, never>> }) => Promise<Response> = plain;
  assert.equal(fixed, dynamic);
  const request = new Request('http://localhost/case/7', { headers: { authorization } });
  assert.deepEqual(await (await GET(request, { params: Promise.resolve({ id: '7' }) })).json(), { id: '7' });
});

test('principalOf tells strangers no more than a route does: its refusal explains only where explain is on (5.3)', async (t) => {
  for (const explain of [false, true]) {
    const { auth, events } = makeAuth(t, keys, { explain });
    const req = new IncomingMessage(new Socket());
    await authenticateOnce(req, { headers: { authorization } }, { auth, guard: anyPrincipal });
    assert.throws(
      () => principalOf(req, requireUser('idporten')),
      (error) => {
        assert.ok(error instanceof AuthError);
        assert.equal(error.explanation !== undefined, explain);
        return error.message.includes('tokenx') === explain;
      },
    );
    assert.equal(events.at(-1)?.event, 'guard.refused');
  }
});
