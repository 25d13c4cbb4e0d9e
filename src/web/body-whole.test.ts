import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest, HttpResponse } from './http.ts';
import { openListener, rawClient, rawExchange, statusOf } from './testing/raw-client.ts';

const echo = async (request: HttpRequest): Promise<HttpResponse> => ({ status: 200, body: await request.body() });

function post(body: string, { length = body.length, close = true } = {}): string {
  const connection = close ? 'Connection: close\r\n' : '';
  return `POST / HTTP/1.1\r\nHost: a.test\r\n${connection}Content-Length: ${length}\r\n\r\n${body}`;
}

test('a body is the same however many pieces it comes in', async (t) => {
  const { port } = await openListener(t, { handle: echo });
  const whole = post('0123456789');
  for (let cut = whole.length - 10; cut < whole.length; cut += 3) {
    const client = rawClient(t, port);
    client.socket.setNoDelay();
    client.send(whole.slice(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.send(whole.slice(cut));
    assert.match(await client.closed(), /\r\n\r\n0123456789$/);
  }
});

test('bodies of requests that come in one piece belong each to its own, and the connection stays', async (t) => {
  const { port } = await openListener(t, { handle: echo });
  const client = rawClient(t, port);
  client.send(post('first', { close: false }) + post('second', { close: false }) + post('third', { close: false }));
  await client.until(/first[^]*second[^]*third$/);
  client.send(post('last'));
  assert.match(await client.closed(), /third[^]*\r\n\r\nlast$/);
});

test('so do chunked ones with trailers, and those whose sender would wait to be asked for them', async (t) => {
  const { port } = await openListener(t, { handle: echo });
  const start = 'POST / HTTP/1.1\r\nHost: a.test\r\n';
  const chunked = `${start}Transfer-Encoding: chunked\r\n\r\n2\r\nch\r\n4\r\nunks\r\n0\r\nX-Sum: 6\r\n\r\n`;
  const expecting = `${start}Expect: 100-continue\r\nContent-Length: 6\r\n\r\nasked?`;
  const client = rawClient(t, port);
  client.send(`${chunked}${expecting}GET /none HTTP/1.1\r\nHost: a.test\r\n\r\n${post('last')}`);
  const answers = (await client.closed()).split('HTTP/1.1 ').filter((answer) => answer.startsWith('200'));
  assert.deepEqual(
    answers.map((answer) => /\r\n\r\n(\w*\??)/.exec(answer)?.[1]),
    ['chunks', 'asked?', '', 'last'],
  );
});

test('a body that is asked for late, and again, is there', async (t) => {
  const { port } = await openListener(t, {
    async handle(request) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { status: 200, body: `${String(await request.body())} ${String(await request.body())}` };
    },
  });
  assert.match(await rawExchange(t, port, post('late')), /\r\n\r\nlate late$/);
});

test('a handler that takes its time over a body that came slowly is not cut as if that still stalled', async (t) => {
  const { port } = await openListener(t, {
    limits: { bodyIdleSeconds: 1 },
    async handle(request) {
      // By then the rest has come.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const body = await request.body();
      await new Promise((resolve) => setTimeout(resolve, 1300));
      return { status: 200, body };
    },
  });
  const client = rawClient(t, port);
  client.send(post('ha', { length: 4 }));
  await new Promise((resolve) => setTimeout(resolve, 10));
  client.send('lf');
  assert.match(await client.closed(), /\r\n\r\nhalf$/);
});

test('a body of more bytes than its reader allows is refused where it is here already', async (t) => {
  const { port } = await openListener(t, {
    async handle(request) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { status: 200, body: await request.body(3) };
    },
  });
  assert.equal(statusOf(await rawExchange(t, port, post('four'))), 413);
});

test('a client that goes away after its whole body came is no failure of the handler', async (t) => {
  const read = Promise.withResolvers<string>();
  const left = Promise.withResolvers<void>();
  const { port } = await openListener(t, {
    async handle(request) {
      read.resolve(String(await request.body()));
      request.gone().addEventListener('abort', () => left.resolve());
      await left.promise;
      return { status: 200, body: 'for nobody' };
    },
  });
  const client = rawClient(t, port);
  client.send(post('all of it'));
  assert.equal(await read.promise, 'all of it');
  client.socket.destroy();
  await left.promise;
});
