import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { plain } from './http.ts';
import type { Listener } from './serve.ts';
import { readAll } from './testing/proxied.ts';
import { openListener, rawClient } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';

const TUNNELS = 50;
const UPLOADS = 20;
const GRACE_SECONDS = 4;
const HALF = Buffer.alloc(100_000, 'a');

/** An application that echoes WebSockets, counts uploads and streams events, and a proxy before it. */
async function drainable(t: TestContext): Promise<{ listener: Listener; arrived: () => number }> {
  let arrived = 0;
  const app = createServer((request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: a\n\n');
      return;
    }
    let bytes = 0;
    request.once('data', () => (arrived += 1));
    request.on('data', (chunk: Buffer) => (bytes += chunk.length)).once('end', () => response.end(String(bytes)));
  });
  const sockets = new WebSocketServer({ server: app });
  sockets.on('connection', (peer) => peer.on('message', (data) => peer.send(data)));
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => {
    for (const peer of sockets.clients) peer.terminate();
    app.closeAllConnections();
    return new Promise((resolve) => app.close(resolve));
  });
  const address = app.address();
  assert.ok(address !== null && typeof address === 'object');
  const upstream = createUpstream(`http://127.0.0.1:${address.port}`);
  t.after(() => upstream.close());
  const listener = await openListener(t, {
    handle: (request) => upstream.forward(request, { path: request.target, headers: request.rawHeaders }),
    upgrade: (request, socket, head) =>
      upstream.tunnel(request, socket, head, { path: request.target, headers: request.rawHeaders }),
  });
  return { listener, arrived: () => arrived };
}

interface Ended {
  readonly code: number;
  readonly atMs: number;
}

async function openTunnels(t: TestContext, port: number): Promise<Promise<Ended>[]> {
  const clients = Array.from({ length: TUNNELS }, () => new WebSocket(`ws://127.0.0.1:${port}/`));
  t.after(() => clients.forEach((client) => client.terminate()));
  await Promise.all(clients.map((client) => once(client, 'open')));
  return clients.map(async (client) => {
    const [code] = await once(client, 'close');
    return { code, atMs: performance.now() };
  });
}

async function beginUpload(port: number): Promise<ClientRequest> {
  const headers = { 'Content-Length': 2 * HALF.length };
  const upload = httpRequest({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
  await new Promise((resolve) => upload.write(HALF, resolve));
  return upload;
}

test('OP-9: on close every tunnel gets 1001, spread over half the grace, and no accepted request is cut', async (t) => {
  const { listener, arrived } = await drainable(t);
  const tunnels = await openTunnels(t, listener.port);
  const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => beginUpload(listener.port)));
  while (arrived() < UPLOADS) await new Promise((resolve) => setImmediate(resolve));
  const events = rawClient(t, listener.port);
  events.send('GET /events HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await events.until(/data: a/);

  const since = performance.now();
  const closed = listener.close(GRACE_SECONDS);
  await assert.rejects(fetch(listener.origin), 'nobody new is taken');
  const ended = await Promise.all(tunnels);
  assert.deepEqual(new Set(ended.map(({ code }) => code)), new Set([1001]));
  const times = ended.map(({ atMs }) => atMs - since).toSorted((a, b) => a - b);
  assert.ok((times.at(-1) ?? 0) < GRACE_SECONDS * 1000, 'all within the grace');
  assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) > GRACE_SECONDS * 250, 'not all at once');
  assert.match(await events.closed(), /\r\n0\r\n\r\n$/, 'an event stream ends like a whole answer');

  const answers = uploads.map(async (upload) => {
    const answered = once(upload, 'response');
    upload.end(HALF);
    const [answer]: IncomingMessage[] = await answered;
    assert.ok(answer);
    return [answer.statusCode, answer.headers.connection, await readAll(answer)];
  });
  for (const answer of await Promise.all(answers)) assert.deepEqual(answer, [200, 'close', String(2 * HALF.length)]);
  await closed;
});

test('OP-9: what is left at the end of the grace is cut, and close is over then', async (t) => {
  const { listener } = await drainable(t);
  const upload = await beginUpload(listener.port);
  const cut = once(upload, 'error');
  const client = new WebSocket(`ws://127.0.0.1:${listener.port}/`);
  await once(client, 'open');
  // It never answers the close frame.
  const { _socket: raw } = client as unknown as { _socket: Socket };
  raw.pause();
  await listener.close(0.2);
  raw.resume();
  await Promise.all([cut, once(client, 'close')]);
});

test('OP-9: of two requests under way on one connection both are answered, and the later answer is the last', async (t) => {
  const [held, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = await openListener(t, {
    handle: async ({ path }) => {
      if (path === '/second') begun.resolve();
      await held.promise;
      return plain(200, path);
    },
  });
  const client = rawClient(t, listener.port);
  client.send(['/first', '/second'].map((path) => `GET ${path} HTTP/1.1\r\nHost: app.test\r\n\r\n`).join(''));
  await begun.promise;
  const closed = listener.close(GRACE_SECONDS);
  held.resolve();
  const [, first = '', second = ''] = (await client.closed()).split('HTTP/1.1 200 OK');
  assert.match(first, /Connection: keep-alive[^]*\/first$/);
  assert.match(second, /Connection: close[^]*\/second$/);
  await closed;
});
