import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import type { HttpRequest } from './http.ts';
import { json } from './http.ts';
import { PortTaken } from './listen.ts';
import { serve } from './serve.ts';
import { openListener, rawClient, rawExchange } from './testing/raw-client.ts';
import { selfSigned } from './testing/self-signed.ts';

const HOST = 'Host: a.test\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

function withCookies(bytes: number): string {
  return `GET / HTTP/1.1\r\n${HOST}Cookie: ${'a'.repeat(8192)}\r\nCookie: ${'b'.repeat(bytes - 8192)}\r\n${CLOSE}`;
}

function withTarget(bytes: number): string {
  return `GET /${'p'.repeat(bytes - 1)} HTTP/1.1\r\n${HOST}${CLOSE}`;
}

test('accepts a header block of 32 KiB and refuses one byte more with 431', async (t) => {
  const { port } = await openListener(t, {});
  const rest = 'Host'.length + 'a.test'.length + 4 + 'Connection'.length + 'close'.length + 4 + 'X-Pad'.length + 4;
  const padded = (bytes: number): string => `GET / HTTP/1.1\r\n${HOST}X-Pad: ${'p'.repeat(bytes - rest)}\r\n${CLOSE}`;
  assert.equal(statusOf(await rawExchange(t, port, padded(32 * 1024))), 200);
  assert.equal(statusOf(await rawExchange(t, port, padded(32 * 1024 + 1))), 431);
});

test('refuses a header block beyond any limit of the parser with 431 too', async (t) => {
  const { port } = await openListener(t, {});
  const answer = await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}X-Pad: ${'p'.repeat(80 * 1024)}\r\n${CLOSE}`);
  assert.equal(statusOf(answer), 431);
});

test('accepts 16 KiB of cookies and refuses one byte more with 431', async (t) => {
  const { port } = await openListener(t, {});
  assert.equal(statusOf(await rawExchange(t, port, withCookies(16 * 1024))), 200);
  assert.equal(statusOf(await rawExchange(t, port, withCookies(16 * 1024 + 1))), 431);
});

test('accepts a target of 8 KiB and refuses one byte more with 414', async (t) => {
  const { port } = await openListener(t, {});
  assert.equal(statusOf(await rawExchange(t, port, withTarget(8 * 1024))), 200);
  assert.equal(statusOf(await rawExchange(t, port, withTarget(8 * 1024 + 1))), 414);
});

test('closes a connection whose headers do not end in time', async (t) => {
  const { port } = await openListener(t, { limits: { headerSeconds: 0.1 } });
  const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ');
  assert.equal(statusOf(answer), 408);
});

test('closes a connection whose body stalls', async (t) => {
  const { port } = await openListener(t, {
    limits: { bodyIdleSeconds: 0.1 },
    handle: async (request) => ({ status: 200, body: await request.body() }),
  });
  const answer = await rawExchange(t, port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nhalf`);
  assert.doesNotMatch(answer, / 200 /);
});

test('closes a connection whose client does not read its answer', async (t) => {
  const gone = Promise.withResolvers<void>();
  const { port } = await openListener(t, {
    limits: { writeIdleSeconds: 0.1 },
    handle: (request) => {
      request.signal.addEventListener('abort', () => gone.resolve());
      return { status: 200, body: Buffer.alloc(64 * 1024 * 1024) };
    },
  });
  const socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.pause();
  socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await gone.promise;
});

test('takes no more connections than its limit', async (t) => {
  const { port } = await openListener(t, { limits: { sockets: 1 } });
  const first = rawClient(t, port);
  first.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await first.until(/ok$/);
  assert.equal(await rawClient(t, port).closed(), '');
});

test('cuts a connection that asks a hundred and one times without waiting for an answer', async (t) => {
  let running = 0;
  const { port } = await openListener(t, {
    handle: () => {
      running += 1;
      return new Promise(() => undefined);
    },
  });
  assert.equal(await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(1000)), '');
  assert.equal(running, 100);
});

test('answers any number of requests that wait for each other on one connection', async (t) => {
  const { port } = await openListener(t, { handle: (request) => ({ status: 200, body: `${request.path}.` }) });
  const client = rawClient(t, port);
  for (let count = 1; count <= 150; count += 1) {
    client.send(`GET /${count} HTTP/1.1\r\n${HOST}\r\n`);
    await client.until(new RegExp(`/${count}\\.$`));
  }
});

test('does not put a refusal into an answer that is under way', async (t) => {
  const { port } = await openListener(t, {
    handle: () => ({ status: 200, stream: (outgoing) => void outgoing.write('first half') }),
  });
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await client.until(/first half/);
  client.send('no request at all\r\n\r\n');
  assert.doesNotMatch(await client.closed(), / 400 /);
});

test('closes an idle connection after its time, also behind a body that nobody read', async (t) => {
  const { port } = await openListener(t, { limits: { keepAliveSeconds: 0.1 } });
  const client = rawClient(t, port);
  client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
  assert.match(await client.closed(), / 200 /);
});

const FRAMING: readonly (readonly [title: string, head: string])[] = [
  ['Content-Length beside Transfer-Encoding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
  ['two different Content-Length', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
  ['two equal Content-Length', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
  ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n'],
  ['a coding after chunked', 'Transfer-Encoding: chunked, gzip\r\n'],
  ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
  ['an unknown coding', 'Transfer-Encoding: xchunked\r\n'],
  ['a folded header line', 'X-A: one\r\n two\r\n'],
  ['a header name with a blank', 'X-A : one\r\n'],
  ['a bare line feed', 'X-A: one\nX-B: two\r\n'],
  ['a header without a name', ': one\r\n'],
];
for (const [title, head] of FRAMING) {
  test(`refuses ${title} with 400 and answers nothing after it (RFC 9112 6.3)`, async (t) => {
    let handled = 0;
    const { port } = await openListener(t, { handle: () => ({ status: 200, body: String((handled += 1)) }) });
    const smuggled = `GET /second HTTP/1.1\r\n${HOST}${CLOSE}`;
    const answer = await rawExchange(t, port, `POST / HTTP/1.1\r\n${HOST}${head}\r\n0\r\n\r\n${smuggled}`);
    assert.equal(statusOf(answer), 400);
    assert.equal(handled, 0);
  });
}

test('refuses a coding in HTTP/1.0, whose messages have none, before any handler sees it (RFC 9112 6.1)', async (t) => {
  const { port } = await openListener(t, { handle: () => assert.fail('not to be handled') });
  const request = `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
  assert.equal(statusOf(await rawExchange(t, port, request)), 400);
});

const TARGETS: readonly (readonly [line: string, head: string, status: number])[] = [
  ['GET http://evil.test/ HTTP/1.1', HOST, 400],
  ['OPTIONS * HTTP/1.1', HOST, 400],
  ['GET / HTTP/1.1', '', 400],
  ['GET / HTTP/1.0', '', 400],
  ['GET / HTTP/2.0', HOST, 505],
  ['GET / HTTP/1.1', `${HOST}${HOST}`, 400],
  ['GET / HTTP/1.1', `${HOST}Host: b.test\r\n`, 400],
  ['GET / HTTP/1.1', 'Host: \r\n', 400],
  ['GET / HTTP/1.1', 'Host: a.test/evil\r\n', 400],
  ['GET / HTTP/1.1', 'Host: user@a.test\r\n', 400],
  ['GET / HTTP/1.1', 'Host: [::1]:7440\r\n', 200],
  ['TRACE / HTTP/1.1', HOST, 405],
  ['CONNECT evil.test:443 HTTP/1.1', HOST, 405],
];
for (const [line, head, status] of TARGETS) {
  test(`answers ${status} to ${line} with ${JSON.stringify(head)} (RFC 9112 3.2)`, async (t) => {
    const { port } = await openListener(t, {});
    assert.equal(statusOf(await rawExchange(t, port, `${line}\r\n${head}${CLOSE}`)), status);
  });
}

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

test('reads a body of exactly the limit and refuses one byte more with 413, with and without a length', async (t) => {
  const { origin } = await openListener(t, {
    maxBodyBytes: 1000,
    handle: async (request) => json(200, (await request.body()).length),
  });
  const post = async (bytes: number, chunked: boolean): Promise<number> => {
    const body = Buffer.alloc(bytes);
    const init = chunked ? { body: new Blob([body]).stream(), duplex: 'half' as const } : { body };
    const response = await fetch(origin, { method: 'POST', ...init });
    await response.arrayBuffer();
    return response.status;
  };
  assert.deepEqual([await post(1000, false), await post(1001, false)], [200, 413]);
  assert.deepEqual([await post(1000, true), await post(1001, true)], [200, 413]);
});

test('lets a client that is still sending see its 413', async (t) => {
  const { port } = await openListener(t, { handle: async (request) => ({ status: 200, body: await request.body() }) });
  const client = rawClient(t, port);
  client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`);
  client.send(Buffer.alloc(500_000));
  assert.match(await client.until(/\r\n\r\n/), /^HTTP\/1\.1 413 [^]*connection: close/i);
  client.send(Buffer.alloc(500_000));
  await client.closed();
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
      const gone = new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      started.resolve(request);
      await gone;
      return { status: 200 };
    },
  });
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  const request = await started.promise;
  client.socket.destroy();
  await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
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
  await new Promise<void>((resolve) => blocker.listen(0, host, resolve));
  t.after(() => new Promise((resolve) => blocker.close(resolve)));
  const address = blocker.address();
  assert.ok(address !== null && typeof address === 'object');
  const spec = { name: 'TokenX', setting: 'FULLMAKT_EXCHANGE_BIND', host: 'localhost', port: address.port };
  await assert.rejects(
    serve({ ...spec, handle: () => ({ status: 200 }) }),
    (error) =>
      error instanceof PortTaken &&
      error.message === `port ${address.port} (TokenX) is already in use; set FULLMAKT_EXCHANGE_BIND to another one`,
  );
  const again = createServer();
  await new Promise<void>((resolve, reject) =>
    again.once('error', reject).listen(address.port, '127.0.0.1', resolve),
  ).catch((error: unknown) => assert.equal(host, '127.0.0.1', String(error)));
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

const HANDSHAKE = `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;

test('ends upgraded connections when it closes', async (t) => {
  const listener = await openListener(t, {
    upgrade: (_request, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  });
  const client = rawClient(t, listener.port);
  client.send(`GET / HTTP/1.1\r\n${HANDSHAKE}\r\n`);
  await client.until(/101/);
  await listener.close(0.05);
  await client.closed();
});

const HANDSHAKES: readonly (readonly [title: string, request: string, status: number])[] = [
  ['another version', `GET / HTTP/1.1\r\n${HANDSHAKE.replace('13', '8')}\r\n`, 426],
  ['a key of another length', `GET / HTTP/1.1\r\n${HANDSHAKE.replace('dGhl', '')}\r\n`, 400],
  ['two Host headers', `GET / HTTP/1.1\r\n${HOST}${HANDSHAKE}\r\n`, 400],
  ['a body', `GET / HTTP/1.1\r\n${HANDSHAKE}Content-Length: 1\r\n\r\nx`, 400],
];
for (const [title, request, status] of HANDSHAKES) {
  test(`refuses a WebSocket handshake with ${title} (RFC 6455 4.2.1)`, async (t) => {
    const { port } = await openListener(t, { upgrade: () => assert.fail('not to be upgraded') });
    assert.equal(statusOf(await rawExchange(t, port, request)), status);
  });
}

test('answers a WebSocket handshake over HTTP/1.0 as an ordinary request (RFC 9110 7.8)', async (t) => {
  const { port } = await openListener(t, { upgrade: () => assert.fail('not to be upgraded') });
  assert.equal(statusOf(await rawExchange(t, port, `GET / HTTP/1.0\r\n${HANDSHAKE}\r\n`)), 200);
});

const ORDINARY = ['Upgrade: h2c', 'Upgrade: h2c, websocket', 'Upgrade: TLS/1.2'];
for (const header of ORDINARY) {
  test(`answers a request with ${header} as if it asked for nothing (RFC 9110 7.8)`, async (t) => {
    const { port } = await openListener(t, { upgrade: () => assert.fail('not to be upgraded') });
    const head = `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade, close\r\n${header}\r\n\r\n`;
    assert.equal(statusOf(await rawExchange(t, port, head)), 200);
  });
}

test('answers HEAD with the length of the body and no body', async (t) => {
  const { port } = await openListener(t, { handle: () => ({ status: 200, body: 'twelve bytes' }) });
  const answer = await rawExchange(t, port, `HEAD / HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.match(answer, /content-length: 12\r\n/i);
  assert.ok(answer.endsWith('\r\n\r\n'));
});

async function hasIpv6(): Promise<boolean> {
  const probe = createServer();
  const bound = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
  });
  if (bound) await new Promise((resolve) => probe.close(resolve));
  return bound;
}
