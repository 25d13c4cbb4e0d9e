import assert from 'node:assert/strict';
import test from 'node:test';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { protect as protectExpress } from '../express.ts';
import { fullmakt } from '../fastify.ts';
import { protect } from '../hono.ts';
import { anyPrincipal } from '../index.ts';
import { makeAuth } from '../testing/auth.ts';
import { makeKeys } from '../testing/fixtures.ts';
import { askOverHttp, listenOnce } from './testing/ask.ts';

const keys = await makeKeys();
const EARLIER = {
  'cache-control': 'public, max-age=60',
  'content-type': 'text/plain',
  'access-control-allow-origin': '*',
};
const EXPECTED = [401, 'no-store', 'application/json', '*'];

test('what earlier middleware set stays on a refusal, but for the headers a refusal has itself: Express', async (t) => {
  const { auth } = makeAuth(t, keys);
  const app = express();
  app.use((_req, res, next) => {
    res.set(EARLIER);
    next();
  });
  app.get('/', protectExpress(auth, anyPrincipal));
  const { status, headers } = await askOverHttp(await listenOnce(t, app.listen(0, '127.0.0.1')), { path: '/' });
  assert.deepEqual([status, ...Object.keys(EARLIER).map((name) => headers[name])], EXPECTED);
});

test('what earlier middleware set stays on a refusal, but for the headers a refusal has itself: Hono', async (t) => {
  const { auth } = makeAuth(t, keys);
  for (const early of ['context', 'response']) {
    const app = new Hono();
    app.use(async (c, next) => {
      for (const [name, value] of Object.entries(EARLIER)) {
        if (early === 'context') c.header(name, value);
        else c.res.headers.set(name, value);
      }
      await next();
    });
    app.get('/', protect(auth, anyPrincipal), (c) => c.text('in'));
    const { status, headers } = await app.request('/');
    assert.deepEqual([status, ...Object.keys(EARLIER).map((name) => headers.get(name))], EXPECTED, early);
  }
});

test('what earlier hooks set stays on a refusal, but for the headers a refusal has itself: Fastify', async (t) => {
  const { auth } = makeAuth(t, keys);
  const app = fastify();
  t.after(() => app.close());
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(EARLIER);
  });
  await app.register(fullmakt, { auth });
  app.get('/', { config: { guard: anyPrincipal } }, () => 'in');
  const { statusCode, headers } = await app.inject('/');
  assert.deepEqual([statusCode, ...Object.keys(EARLIER).map((name) => headers[name])], EXPECTED);
});
