import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { HttpRequest, HttpResponse } from './http.ts';
import { json } from './http.ts';
import type { OutboundFetch, OutboundOptions } from './outbound-fetch.ts';
import { ResponseTooLarge } from './outbound-call.ts';
import { createOutboundFetch } from './outbound-fetch.ts';
import { AddressRefused } from './pinned-lookup.ts';
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

const refusedAtConnecting = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof AddressRefused;

/** A client whose names mean what these answers say, one after the other, and how often it asked. */
function rebinding(
  t: TestContext,
  ...answers: readonly string[]
): { readonly call: OutboundFetch['fetch']; asked: number } {
  const client = createOutboundFetch({
    resolve: () => {
      const address = answers[Math.min(made.asked, answers.length - 1)] ?? '';
      made.asked += 1;
      return Promise.resolve([{ address, family: 4 }]);
    },
  });
  t.after(() => client.close());
  const made = { call: client.fetch, asked: 0 };
  return made;
}

test('N13 a name is resolved once, checked, and connected to at exactly that address', async (t) => {
  const { origin } = await openListener(t, { handle: () => ({ status: 200, headers: { Connection: 'close' } }) });
  const { port } = new URL(origin);
  const it = rebinding(t, '127.0.0.1', '169.254.169.254');
  assert.equal((await it.call(`http://rebind.test:${port}/`)).status, 200);
  assert.equal(it.asked, 1);
  await assert.rejects(it.call(`http://rebind.test:${port}/`), refusedAtConnecting);
  assert.equal(it.asked, 2);
});

test('N13 no name and no spelling leads to a link-local address', async (t) => {
  const it = rebinding(t, '169.254.169.254');
  await assert.rejects(it.call('http://metadata.test/'), refusedAtConnecting);
  for (const host of [
    '169.254.169.254',
    '2852039166',
    '0xa9.0xfea9fe',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '0.0.0.0',
  ]) {
    await assert.rejects(it.call(`http://${host}/latest/meta-data`), AddressRefused, host);
  }
  assert.equal(it.asked, 1);
});

test('J10 a call that may go to public addresses only goes to no other, under no name, though others are connected to it', async (t) => {
  const { origin } = await openListener(t, { handle: () => ({ status: 200 }) });
  const { port } = new URL(origin);
  const it = rebinding(t, '127.0.0.1');
  assert.equal((await it.call(`http://inside.test:${port}/`)).status, 200);
  await assert.rejects(it.call(`http://inside.test:${port}/`, { reach: 'public' }), refusedAtConnecting);
  for (const host of ['127.0.0.1', 'localhost', 'x.localhost', '[::1]', '127.1', '10.0.0.1', '[fd00::1]']) {
    await assert.rejects(it.call(`http://${host}:${port}/`, { reach: 'public' }), AddressRefused, host);
  }
});

test('localhost is this machine, whatever a resolver says', async (t) => {
  const { origin } = await openListener(t, { handle: () => ({ status: 200 }) });
  const it = rebinding(t, '169.254.169.254');
  for (const host of ['localhost', 'anything.localhost']) {
    assert.equal((await it.call(origin.replace('127.0.0.1', host))).status, 200);
  }
  assert.equal(it.asked, 0);
});

/** A server that says these bytes to whoever asks, and no more. */
async function saying(t: TestContext, bytes: string): Promise<(signal?: AbortSignal) => Promise<Response>> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const client = createOutboundFetch({ totalSeconds: 5 });
  t.after(() => client.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return (signal) => client.fetch(`http://127.0.0.1:${address.port}/`, signal === undefined ? {} : { signal });
}

test('a server that changes the protocol is a fault of the network, at once', async (t) => {
  for (const head of ['Upgrade: websocket\r\nConnection: upgrade\r\n', '']) {
    const call = await saying(t, `HTTP/1.1 101 Switching Protocols\r\n${head}\r\nhello`);
    await assert.rejects(call(AbortSignal.timeout(2000)), TypeError);
  }
});

test('a status that HTTP does not have is a fault of the network (RFC 9110 15)', async (t) => {
  for (const status of ['099', '600', '999']) {
    const call = await saying(t, `HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\n{}`);
    await assert.rejects(call(), TypeError);
  }
});

test('a proxy that says nothing is no connection in time, and none is left open to it', async (t) => {
  const left = Promise.withResolvers<void>();
  const silent = createServer((socket) => {
    socket.on('error', () => {}).on('close', () => left.resolve());
    socket.resume();
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const address = silent.address();
  assert.ok(address !== null && typeof address === 'object');
  const proxy = { url: `http://127.0.0.1:${address.port}` };
  const client = createOutboundFetch({ proxy, connectSeconds: 0.3, totalSeconds: 60 });
  t.after(() => client.close());
  const call = client.fetch('https://provider.test/', { signal: AbortSignal.timeout(5000) });
  await assert.rejects(call, (error) => error instanceof TypeError && /in time|timed out/.test(String(error.cause)));
  await left.promise;
});
