import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { HttpRequest } from './http.ts';
import { PortTaken } from './listen.ts';
import { serve } from './serve.ts';
import { openListener, rawClient, rawExchange } from './testing/raw-client.ts';
import { selfSigned } from './testing/self-signed.ts';

const HOST = 'Host: a.test\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

test('gives the handler target, path and query byte for byte', async (t) => {
  const seen: HttpRequest[] = [];
  const { port } = await openListener(t, {
    handle: (request) => {
      seen.push(request);
      return { status: 204 };
    },
  });
  await rawExchange(t, port, `GET /a/../b//c%2Fd?x=1?y#z HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.equal(seen[0]?.target, '/a/../b//c%2Fd?x=1?y#z');
  assert.equal(seen[0]?.path, '/a/../b//c%2Fd');
  assert.equal(seen[0]?.query, 'x=1?y#z');
  assert.equal(seen[0]?.remoteAddress, '127.0.0.1');
});

test('keeps a sane correlation id and replaces any other', async (t) => {
  const { origin } = await openListener(t, { handle: (request) => ({ status: 200, body: request.correlationId }) });
  const ask = async (headers: Record<string, string>): Promise<string> => {
    const response = await fetch(origin, { headers });
    assert.equal(response.headers.get('x-correlation-id'), await response.clone().text());
    return response.text();
  };
  assert.equal(await ask({ 'x-correlation-id': 'abc.DEF_1:2-3', 'x-request-id': 'other' }), 'abc.DEF_1:2-3');
  assert.equal(await ask({ 'x-request-id': 'other' }), 'other');
  assert.match(await ask({ 'x-correlation-id': 'has blank' }), /^[0-9a-f-]{36}$/);
  assert.match(await ask({ 'x-correlation-id': 'x'.repeat(129) }), /^[0-9a-f-]{36}$/);
});

test('answers a handler that throws with 500 JSON and no word of the cause', async (t) => {
  const errors: unknown[] = [];
  const { origin } = await openListener(t, {
    handle: () => {
      throw new Error('the password is 1234');
    },
    onError: (error) => {
      errors.push(error);
      return undefined;
    },
  });
  const response = await fetch(origin);
  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { error: 'server_error' });
  assert.equal(errors.length, 1);
});

test('answers 500, not a torn connection, when a header of the answer cannot be sent', async (t) => {
  const { origin } = await openListener(t, { handle: () => ({ status: 200, headers: { 'X-A': 'one\r\nX-B: two' } }) });
  const response = await fetch(origin);
  assert.equal(response.status, 500);
  assert.equal(response.headers.get('x-b'), null);
});

test('cuts the connection and lives on when telling of a failure fails too, in the middle of an answer', async (t) => {
  const { port } = await openListener(t, {
    handle: () => ({
      status: 200,
      stream: (outgoing) => {
        outgoing.write('half');
        throw new Error('broken');
      },
    }),
    onError: () => {
      throw new Error('nobody listens');
    },
  });
  assert.doesNotMatch(await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}\r\n`), /\r\n0\r\n/);
});

test('cuts the connection and lives on when the answer to a failure cannot be sent', async (t) => {
  const { port } = await openListener(t, {
    handle: () => Promise.reject(new Error('broken')),
    onError: () => ({ status: 500, headers: { 'X-A': 'one\r\nX-B: two' } }),
  });
  assert.equal(await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}\r\n`), '');
});

for (const [title, bytes] of [
  ['nothing', ''],
  ['half a handshake', '\u0016\u0003\u0001'],
] as const) {
  test(`closes a TLS connection that sends ${title} in time`, async (t) => {
    const { port } = await openListener(t, { tls: await selfSigned(), limits: { headerSeconds: 0.1 } });
    assert.equal(await rawExchange(t, port, bytes), '');
  });
}

test('closes a TLS connection that speaks plain HTTP', async (t) => {
  const { port } = await openListener(t, { tls: await selfSigned() });
  assert.equal(await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}\r\n`), '');
});

test('aborts the signal of a request whose client goes away', async (t) => {
  const started = Promise.withResolvers<HttpRequest>();
  const { port } = await openListener(t, {
    handle: async (request) => {
      const gone = new Promise((resolve) => request.gone().addEventListener('abort', resolve));
      started.resolve(request);
      await gone;
      return { status: 200 };
    },
  });
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  const request = await started.promise;
  client.socket.destroy();
  await new Promise((resolve) => request.gone().addEventListener('abort', resolve));
});

test('serves localhost on 127.0.0.1 and ::1 with one port that the system chose', async (t) => {
  const listener = await openListener(t, { host: 'localhost' });
  assert.equal(listener.origin, `http://localhost:${listener.port}`);
  assert.equal((await fetch(`http://127.0.0.1:${listener.port}/`)).status, 200);
  if (await hasIpv6()) assert.equal((await fetch(`http://[::1]:${listener.port}/`)).status, 200);
});

test('names listener, port and setting when the port is taken, and leaves nothing bound', async (t) => {
  const blocker = createServer();
  const host = (await hasIpv6()) ? '::1' : '127.0.0.1';
  const port = await freePort();
  await new Promise<void>((resolve, reject) => blocker.once('error', reject).listen(port, host, resolve));
  t.after(() => new Promise((resolve) => blocker.close(resolve)));
  const spec = { name: 'TokenX', setting: 'FULLMAKT_EXCHANGE_BIND', host: 'localhost', port };
  await assert.rejects(
    serve({ ...spec, handle: () => ({ status: 200 }) }),
    (error) =>
      error instanceof PortTaken &&
      error.message === `port ${port} (TokenX) is already in use; set FULLMAKT_EXCHANGE_BIND to another one`,
  );
  const again = createServer();
  await new Promise<void>((resolve, reject) => again.once('error', reject).listen(port, '127.0.0.1', resolve)).catch(
    (error: unknown) => assert.equal(host, '127.0.0.1', String(error)),
  );
  await new Promise((resolve) => again.close(resolve));
});

test('finishes a running request while it closes, and takes no new connection', async (t) => {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const listener = await openListener(t, {
    handle: async () => {
      started.resolve();
      await release.promise;
      return { status: 200, body: 'done' };
    },
  });
  const running = fetch(listener.origin);
  await started.promise;
  const closing = listener.close(10);
  await assert.rejects(fetch(listener.origin));
  release.resolve();
  assert.equal(await (await running).text(), 'done');
  await closing;
});

test('cuts a request that outlives the grace', async (t) => {
  const started = Promise.withResolvers<void>();
  const listener = await openListener(t, {
    handle: () => {
      started.resolve();
      return new Promise(() => undefined);
    },
  });
  const running = assert.rejects(fetch(listener.origin));
  await started.promise;
  await listener.close(0.05);
  await running;
});

test('answers HEAD with the length of the body and no body', async (t) => {
  const { port } = await openListener(t, { handle: () => ({ status: 200, body: 'twelve bytes' }) });
  const answer = await rawExchange(t, port, `HEAD / HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.match(answer, /content-length: 12\r\n/i);
  assert.ok(answer.endsWith('\r\n\r\n'));
});

/** A port that no program has at 127.0.0.1, whatever it has at ::1. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  assert.ok(address !== null && typeof address === 'object');
  await new Promise((resolve) => probe.close(resolve));
  return address.port;
}

async function hasIpv6(): Promise<boolean> {
  const probe = createServer();
  const bound = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
  });
  if (bound) await new Promise((resolve) => probe.close(resolve));
  return bound;
}
