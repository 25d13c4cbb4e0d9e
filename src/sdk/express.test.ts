import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import test from 'node:test';
import express from 'express';
import type { Request, RequestHandler } from 'express';
import { principalOf, protect } from './express.ts';
import { askOverHttp, listenOnce } from './http/testing/ask.ts';
import { requireUser } from './index.ts';
import type { Guard } from './index.ts';
import { createTestIssuer } from './testing.ts';
import { fromEnv } from './fullmakt.ts';

const issuer = await createTestIssuer();
const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
const user = requireUser('tokenx');
const authorization = `Bearer ${issuer.mint('tokenx')}`;

test('an error of a guard goes to next, for Express 4 awaits no middleware (5)', async () => {
  const fault = new Error('a bug of the application');
  const broken: Guard = Object.assign(
    () => {
      throw fault;
    },
    { text: 'broken' },
  );
  const req = new IncomingMessage(new Socket());
  req.headers.authorization = authorization;
  req.rawHeaders.push('Authorization', authorization);
  const told: unknown[] = [];
  await protect(auth, broken)(req, new ServerResponse(req), (error) => told.push(error));
  assert.deepEqual(told, [fault]);
});

test('what a later handler throws is not told to next a second time (5)', async () => {
  const req = new IncomingMessage(new Socket());
  req.headers.authorization = authorization;
  req.rawHeaders.push('Authorization', authorization);
  let calls = 0;
  const next = (): void => {
    calls += 1;
    throw new Error('a later handler');
  };
  await assert.rejects(protect(auth, user)(req, new ServerResponse(req), next), /a later handler/);
  assert.equal(calls, 1);
});

test('a route keeps the types of its parameters, query and answer beside protect (5)', async (t) => {
  const app = express();
  app.get('/case/:id', protect(auth, user), (req, res) => {
    const { id }: { readonly id: string } = req.params;
    res.json({ id, who: principalOf(req, user).kind });
  });
  interface Query {
    readonly page: number;
  }
  const whoOf = (req: Request<{ id: string }, { out: number }, unknown, Query>): string => principalOf(req, user).kind;
  app.get<{ id: string }, { out: number }, unknown, Query>('/typed/:id', protect(auth, user), (req, res) => {
    res.json({ out: whoOf(req).length });
  });
  const named: RequestHandler = protect(auth, user);
  app.get('/named', named, (_req, res) => {
    res.json(1);
  });
  const origin = await listenOnce(t, app.listen(0, '127.0.0.1'));
  assert.equal((await askOverHttp(origin, { path: '/case/7', authorization })).body, '{"id":"7","who":"user"}');
  assert.equal((await askOverHttp(origin, { path: '/typed/7', authorization })).body, '{"out":4}');
  assert.equal((await askOverHttp(origin, { path: '/named', authorization })).body, '1');
});
