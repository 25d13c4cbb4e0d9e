import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { json } from './http.ts';
import { openListener, rawClient, rawExchange, statusOf } from './testing/raw-client.ts';

const HOST = 'Host: a.test\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

function withCookies(bytes: number): string {
  return `GET / HTTP/1.1\r\n${HOST}Cookie: ${'a'.repeat(8192)}\r\nCookie: ${'b'.repeat(bytes - 8192)}\r\n${CLOSE}`;
}

function withTarget(bytes: number): string {
  return `GET /${'p'.repeat(bytes - 1)} HTTP/1.1\r\n${HOST}${CLOSE}`;
}

for (const kib of [32, 64]) {
  test(`accepts a header block of ${kib} KiB and refuses one byte more with 431, when that is the limit`, async (t) => {
    const { port } = await openListener(t, kib === 32 ? {} : { limits: { headerBytes: kib * 1024 } });
    const rest = 'Host: a.test\r\nConnection: close\r\nX-Pad: \r\n'.length;
    const padded = (bytes: number): string => `GET / HTTP/1.1\r\n${HOST}X-Pad: ${'p'.repeat(bytes - rest)}\r\n${CLOSE}`;
    assert.equal(statusOf(await rawExchange(t, port, padded(kib * 1024))), 200);
    assert.equal(statusOf(await rawExchange(t, port, padded(kib * 1024 + 1))), 431);
  });
}

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
      request.gone().addEventListener('abort', () => gone.resolve());
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

test('makes room when it is full: connections that only idle are let go for whoever comes next', async (t) => {
  const { port } = await openListener(t, { limits: { sockets: 2 } });
  const idle = [rawClient(t, port), rawClient(t, port)];
  for (const client of idle) {
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await client.until(/ok$/);
  }
  assert.equal(await rawClient(t, port).closed(), '');
  await Promise.all(idle.map((client) => client.closed()));
  assert.equal(statusOf(await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}${CLOSE}`)), 200);
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

test('cuts a client that sends several forms at once and reads no answer (T23)', async (t) => {
  const asked = 20;
  const gone = Promise.withResolvers<void>();
  const { port } = await openListener(t, {
    limits: { writeIdleSeconds: 0.1, bodyIdleSeconds: 0.1 },
    handle: async (request) => {
      request.gone().addEventListener('abort', () => gone.resolve());
      await request.body();
      return { status: 200, body: Buffer.alloc(2 * 1024 * 1024) };
    },
  });
  const socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.pause();
  socket.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nform`.repeat(asked));
  await gone.promise;
});
