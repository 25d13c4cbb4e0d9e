import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeRequest } from './testing/fake-request.ts';
import { healthRoutes } from './health.ts';
import type { HttpResponse } from './http.ts';
import { createRouter } from './router.ts';
import { ownAnswerHeaders } from './secure-headers.ts';

async function ask(target: string, ready: Record<string, boolean>): Promise<HttpResponse> {
  return createRouter(healthRoutes({ ready: () => ready, metrics: async () => 'up 1\n' }))(fakeRequest({ target }));
}

test('is alive while it answers, ready or not', async () => {
  const response = await ask('/healthz', { store: false });
  assert.deepEqual([response.status, response.body], [200, 'ok']);
});

test('names what is missing when it is not ready', async () => {
  const missing = await ask('/readyz', { store: false, keys: true, provider: false });
  assert.deepEqual([missing.status, missing.body], [503, '{"ready":false,"missing":["store","provider"]}']);
  assert.equal((await ask('/readyz', { store: true })).status, 200);
});

test('shows figures only when there are some', async () => {
  const response = await ask('/metrics', {});
  assert.deepEqual([response.status, response.body], [200, 'up 1\n']);
  assert.match(String(response.headers?.['Content-Type']), /^text\/plain; version=0\.0\.4/);
  assert.equal(
    (await createRouter(healthRoutes({ ready: () => ({}) }))(fakeRequest({ target: '/metrics' }))).status,
    404,
  );
});

test('makes own answers unstored, unsniffed, unframed and without referrer', () => {
  const headers = ownAnswerHeaders();
  assert.equal(headers['Cache-Control'], 'no-store');
  assert.equal(headers['X-Content-Type-Options'], 'nosniff');
  assert.equal(headers['Referrer-Policy'], 'no-referrer');
  assert.equal(headers['Content-Security-Policy'], "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
});

function policy(csp: string): string | undefined {
  return ownAnswerHeaders({ csp, framing: 'allowed' })['Content-Security-Policy'];
}

test('takes out the framing rule alone where framing is allowed', () => {
  assert.equal(policy("default-src 'none'; frame-ancestors 'none'"), "default-src 'none'");
  assert.equal(policy("frame-ancestors 'none'; base-uri 'none'"), "; base-uri 'none'");
  assert.equal(ownAnswerHeaders({ referrer: 'same-origin' })['Referrer-Policy'], 'same-origin');
});
