import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeRequest } from './testing/fake-request.ts';
import { json, plain } from './http.ts';
import { createRouter } from './router.ts';

const router = createRouter([
  { method: 'GET', path: '/', handle: () => plain(200, 'root') },
  { method: 'POST', path: '/token', handle: () => plain(200, 'token') },
  { method: 'GET', path: '/:tenant/keys', handle: (_request, params) => json(200, params) },
  { method: 'POST', path: '/:tenant/keys', handle: () => plain(200, 'posted') },
  { method: 'GET', path: '/:a/:b', handle: (_request, params) => json(200, params) },
]);

const CASES: readonly (readonly [method: string, target: string, status: number, body?: string])[] = [
  ['GET', '/', 200, 'root'],
  ['GET', '/?a=1', 200, 'root'],
  ['POST', '/token', 200, 'token'],
  ['POST', '/token/', 404],
  ['POST', '/Token', 404],
  ['POST', '//token', 404],
  ['GET', '/x', 404],
  ['GET', '/common/keys', 200, '{"tenant":"common"}'],
  ['POST', '/common/keys', 200, 'posted'],
  ['GET', '/a%20b/keys', 200, '{"tenant":"a b"}'],
  ['GET', '/%ff/keys', 404],
  ['GET', '/__proto__/x', 200, '{"a":"__proto__","b":"x"}'],
  ['GET', '/a/b/c', 404],
];
for (const [method, target, status, body] of CASES) {
  test(`answers ${status} to ${method} ${target}`, async () => {
    const response = await router(fakeRequest({ method, target }));
    assert.equal(response.status, status);
    assert.equal(response.body, body);
  });
}

test('answers another method with 405 and the ones there are (RFC 9110 15.5.6)', async () => {
  const one = await router(fakeRequest({ method: 'GET', target: '/token' }));
  assert.deepEqual([one.status, one.headers], [405, { Allow: 'POST' }]);
  const two = await router(fakeRequest({ method: 'DELETE', target: '/common/keys' }));
  assert.deepEqual([two.status, two.headers], [405, { Allow: 'GET, POST, HEAD' }]);
});

test('answers HEAD as GET, and not where there is only POST', async () => {
  assert.equal((await router(fakeRequest({ method: 'HEAD', target: '/' }))).status, 200);
  assert.equal((await router(fakeRequest({ method: 'HEAD', target: '/token' }))).status, 405);
});

test('hands a path that nothing matches to the handler for it', async () => {
  const bare = createRouter([], { notFound: () => plain(404, 'nothing here') });
  assert.equal((await bare(fakeRequest())).body, 'nothing here');
});
