import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { HttpRequest, HttpResponse } from './http.ts';
import { json } from './http.ts';
import type { OutboundOptions } from './outbound-fetch.ts';
import { createOutboundFetch, ResponseTooLarge } from './outbound-fetch.ts';
import { openListener } from './testing/raw-client.ts';
import { selfSigned } from './testing/self-signed.ts';

async function outbound(
  t: TestContext,
  handle: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>,
  options?: OutboundOptions,
): Promise<(path?: string, init?: RequestInit) => Promise<Response>> {
  const { origin } = await openListener(t, { handle });
  const client = createOutboundFetch(options);
  t.after(() => client.close());
  return (path = '/', init) => client.fetch(origin + path, init);
}

test('sends method, headers and any body, with the content type it implies', async (t) => {
  const call = await outbound(t, async (request) =>
    json(200, [
      request.method,
      request.headers['content-type'],
      request.headers['x-a'],
      (await request.body()).toString(),
    ]),
  );
  const form = await call('/', { method: 'POST', body: new URLSearchParams({ a: 'b c' }), headers: { 'X-A': '1' } });
  assert.deepEqual(await form.json(), ['POST', 'application/x-www-form-urlencoded;charset=UTF-8', '1', 'a=b+c']);
  const own = await call('/', { method: 'POST', body: '{}', headers: [['content-type', 'application/json']] });
  assert.deepEqual(await own.json(), ['POST', 'application/json', null, '{}']);
});

test('gives a response of the built-in kind, with status and headers', async (t) => {
  const call = await outbound(t, () => json(404, {}, { 'Set-Cookie': ['a=1', 'b=2'], 'X-A': '1' }));
  const response = await call();
  assert.ok(response instanceof Response);
  assert.deepEqual([response.status, response.headers.get('x-a')], [404, '1']);
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
});

test('follows no redirect', async (t) => {
  const call = await outbound(t, () => ({ status: 302, headers: { Location: 'http://127.0.0.1:1/' } }));
  const response = await call();
  assert.deepEqual([response.status, response.headers.get('location')], [302, 'http://127.0.0.1:1/']);
});

test('passes answers without a body', async (t) => {
  const call = await outbound(t, () => ({ status: 204 }));
  assert.equal((await call()).status, 204);
});

test('accepts a body of exactly the limit and refuses one byte more', async (t) => {
  const call = await outbound(t, (request) => ({ status: 200, body: 'x'.repeat(Number(request.query)) }), {
    maxBytes: 1000,
  });
  assert.equal((await (await call('/?1000')).text()).length, 1000);
  await assert.rejects(call('/?1001'), ResponseTooLarge);
});

test('gives up after the total time, also in the middle of the body', async (t) => {
  const call = await outbound(
    t,
    (request) => {
      if (request.path === '/silent') return new Promise(() => undefined);
      return { status: 200, stream: (outgoing) => void outgoing.write('half') };
    },
    { totalSeconds: 0.1 },
  );
  await assert.rejects(call('/silent'), { name: 'TimeoutError' });
  await assert.rejects(call('/half'), { name: 'TimeoutError' });
});

test('stops when its caller stops', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const call = await outbound(t, () => {
    arrived.resolve();
    return new Promise(() => undefined);
  });
  const controller = new AbortController();
  const running = assert.rejects(call('/', { signal: controller.signal }), { name: 'AbortError' });
  await arrived.promise;
  controller.abort();
  await running;
});

test('believes the private authority on loopback, and without it no certificate of its making', async (t) => {
  const tls = await selfSigned();
  const { origin } = await openListener(t, { host: 'localhost', tls });
  assert.match(origin, /^https:\/\/localhost:/);
  const believing = createOutboundFetch({ ca: tls.cert });
  const doubting = createOutboundFetch();
  t.after(() => Promise.all([believing.close(), doubting.close()]));
  assert.equal((await believing.fetch(origin)).status, 200);
  await assert.rejects(doubting.fetch(origin));
});
