import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { serve as serveHono } from '@hono/node-server';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { principalOf, protect as protectExpress } from '../../express.ts';
import { fullmakt, principalOf as principalOfFastify } from '../../fastify.ts';
import type { AdapterOptions } from '../refusal.ts';
import { protect as protectHono } from '../../hono.ts';
import { allOf, anyPrincipal, requireAcr, requireCaller, requireScope, requireUser } from '../../index.ts';
import type { Fullmakt, Guard, Principal } from '../../index.ts';
import { protectRoute } from '../../next.ts';
import { protect as protectNode } from '../../node.ts';
import { askOverHttp, headersOf, listenOnce } from './ask.ts';
import type { Answer, Question } from './ask.ts';

/** One application, made with one adapter. */
export interface App {
  readonly name: string;
  readonly ask: (question: Question) => Promise<Answer>;
}

/** Text of what a handler throws; the answer is the framework's own. */
const FAILURE = 'the handler failed';

const outer = requireUser();
const citizen = allOf(requireUser('tokenx'), requireCaller());
/** Routes that every application has, GET and POST, with what guards them. `/nested/high` has `requireUser()` in front. */
const ROUTES: Readonly<Record<string, Guard>> = {
  '/any': anyPrincipal,
  '/citizen': citizen,
  '/high': requireAcr('high'),
  '/substantial': requireAcr('substantial'),
  '/scope': requireScope({ any: ['fleet:write', 'fleet:admin'] }),
  '/nested/high': requireAcr('high'),
  '/fails': anyPrincipal,
};
const answerOf = (path: string, principal: Principal): object => {
  if (path === '/fails') throw new Error(FAILURE);
  return { id: principal.id };
};

const handleError: express.ErrorRequestHandler = (_error, _req, res, _next) => {
  res.status(500).end();
};

type Params = Readonly<Record<string, string | string[] | undefined>>;

type Start = (t: TestContext, auth: Fullmakt, options: AdapterOptions) => Promise<App>;

async function startExpress(t: TestContext, auth: Fullmakt, options: AdapterOptions): Promise<App> {
  const app = express();
  app.use('/nested', protectExpress(auth, outer, options));
  for (const [path, guard] of Object.entries(ROUTES)) {
    app.all(path, protectExpress(auth, guard, options), (req, res) => {
      res.json(answerOf(path, principalOf(req, guard)));
    });
  }
  app.use(handleError);
  const origin = await listenOnce(t, app.listen(0, '127.0.0.1'));
  return { name: 'express', ask: (question) => askOverHttp(origin, question) };
}

async function startHono(t: TestContext, auth: Fullmakt, options: AdapterOptions): Promise<App> {
  const app = new Hono();
  app.use('/nested/*', protectHono(auth, outer, options));
  for (const [path, guard] of Object.entries(ROUTES)) {
    app.all(path, protectHono(auth, guard, options), (c) => c.json(answerOf(path, c.get('principal'))));
  }
  app.onError((_error, c) => c.body(null, 500));
  const origin = await listenOnce(t, serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }));
  return { name: 'hono', ask: (question) => askOverHttp(origin, question) };
}

async function startFastify(t: TestContext, auth: Fullmakt, options: AdapterOptions): Promise<App> {
  const app = fastify();
  t.after(() => app.close());
  app.addContentTypeParser('application/x-www-form-urlencoded', (_request, payload, done) => {
    payload.resume().on('end', () => {
      done(null);
    });
  });
  await app.register(fullmakt, { auth, ...options });
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send());
  for (const [path, guard] of Object.entries(ROUTES)) {
    const both = path.startsWith('/nested') ? allOf(outer, guard) : guard;
    app.route({
      method: ['GET', 'POST'],
      url: path,
      config: { guard: both },
      handler: async (request) => answerOf(path, principalOfFastify(request, guard)),
    });
  }
  await app.listen({ port: 0, host: '127.0.0.1' });
  const origin = await listenOnce(t, app.server);
  return { name: 'fastify', ask: (question) => askOverHttp(origin, question) };
}

async function startNode(t: TestContext, auth: Fullmakt, options: AdapterOptions): Promise<App> {
  const listeners = new Map<string | undefined, RequestListener>();
  for (const [path, guard] of Object.entries(ROUTES)) {
    const inner = protectNode(
      auth,
      guard,
      (_req, res, principal) => {
        res.end(JSON.stringify(answerOf(path, principal)));
      },
      options,
    );
    listeners.set(path, path.startsWith('/nested') ? protectNode(auth, outer, inner, options) : inner);
  }
  const server = createServer((req, res) => {
    const listener = listeners.get(req.url?.split('?')[0]);
    Promise.resolve(listener?.(req, res)).catch(() => {
      res.writeHead(500).end();
    });
  });
  const origin = await listenOnce(t, server.listen(0, '127.0.0.1'));
  return { name: 'node', ask: (question) => askOverHttp(origin, question) };
}

async function startNext(_t: TestContext, auth: Fullmakt, options: AdapterOptions): Promise<App> {
  const handlers = new Map<string, (request: Request, context: { params: Promise<Params> }) => Promise<Response>>();
  for (const [path, guard] of Object.entries(ROUTES)) {
    const inner = protectRoute(
      auth,
      guard,
      async (_request, { principal, params }) => {
        assert.deepEqual(await params, { area: 'north' });
        return Response.json(answerOf(path, principal));
      },
      options,
    );
    handlers.set(path, path.startsWith('/nested') ? protectRoute(auth, outer, inner, options) : inner);
  }
  return {
    name: 'next',
    ask: async (question) => {
      const url = new URL(question.path, 'http://localhost');
      const headers = new Headers();
      const flat = headersOf(question);
      for (const [at, name] of flat.entries()) if (at % 2 === 0) headers.append(name, flat[at + 1] ?? '');
      const body = question.form ?? null;
      const request = new Request(url, { headers, body, method: body === null ? 'GET' : 'POST' });
      const handler = handlers.get(url.pathname);
      assert.ok(handler !== undefined);
      const context = { params: Promise.resolve({ area: 'north' }) };
      // The framework's own handling of what a handler throws.
      const answer = await handler(request, context).catch((error: unknown) => {
        assert.ok(error instanceof Error && error.message === FAILURE);
        return new Response(null, { status: 500 });
      });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
    },
  };
}

const STARTS: readonly Start[] = [startExpress, startHono, startFastify, startNode, startNext];

/** The same application through all five adapters. */
export async function startApps(t: TestContext, auth: Fullmakt, options: AdapterOptions = {}): Promise<readonly App[]> {
  return await Promise.all(STARTS.map((start) => start(t, auth, options)));
}
