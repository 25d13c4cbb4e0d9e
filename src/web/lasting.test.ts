import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { Lasting, LastingKind } from './forward.ts';
import { openListener, rawClient, rawServer } from './testing/raw-client.ts';
import type { RawClient } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n';
const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n';

interface Opened {
  readonly port: number;
  readonly kinds: readonly LastingKind[];
  readonly end: () => void;
  readonly closed: Promise<void>;
}

/** A proxy whose caller ends what lasts when told to. */
async function proxyTo(t: TestContext, origin: string): Promise<Opened> {
  const upstream = createUpstream(origin);
  t.after(() => upstream.close());
  const ending = new AbortController();
  const over = Promise.withResolvers<void>();
  const kinds: LastingKind[] = [];
  const onOpen = (kind: LastingKind): Lasting => {
    kinds.push(kind);
    return { ending: ending.signal, closed: over.resolve };
  };
  const { port } = await openListener(t, {
    handle: (request) => upstream.forward(request, { path: request.target, headers: request.rawHeaders, onOpen }),
    upgrade: (request, socket, head) =>
      upstream.tunnel(request, socket, head, { path: request.target, headers: request.rawHeaders, onOpen }),
  });
  return { port, kinds, end: () => ending.abort(), closed: over.promise };
}

/** An application that sends something once it has the head of a request; the promise is its side of the connection. */
async function appThatSends(t: TestContext, text: string): Promise<{ origin: string; peer: Promise<RawClient> }> {
  const peer = Promise.withResolvers<RawClient>();
  const { origin } = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    client.send(Buffer.from(text, 'latin1'));
    peer.resolve(client);
  });
  return { origin, peer: peer.promise };
}

test('closes a WebSocket with 1008 when its caller ends it, and the application hears of it (RFC 6455 7.4.1)', async (t) => {
  const app = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(app, 'listening');
  t.after(() => new Promise((resolve) => app.close(resolve)));
  const address = app.address();
  assert.ok(address !== null && typeof address === 'object');
  const seen = new Promise((resolve) => app.once('connection', (peer) => peer.once('close', resolve)));
  const proxy = await proxyTo(t, `http://127.0.0.1:${address.port}`);
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`);
  await once(socket, 'open');
  assert.deepEqual(proxy.kinds, ['websocket']);
  const code = once(socket, 'close');
  proxy.end();
  assert.equal((await code)[0], 1008);
  assert.equal(await seen, 1008);
  await proxy.closed;
});

test('waits for the end of the frame that is under way, and sends nothing after it but the close', async (t) => {
  const app = await appThatSends(t, `${SWITCH}\u0082\u000ahalf`);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send(HANDSHAKE);
  await client.until(/half/);
  proxy.end();
  (await app.peer).send(Buffer.from(' frame\u0082\u0001x', 'latin1'));
  assert.ok((await client.closed()).endsWith('\u0082\u000ahalf frame\u0088\u0002\u0003\u00f0'));
  await proxy.closed;
});

test('cuts a WebSocket whose frame does not end in five seconds', async (t) => {
  const app = await appThatSends(t, `${SWITCH}\u0082\u000ahalf`);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send(HANDSHAKE);
  await client.until(/half/);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  proxy.end();
  t.mock.timers.tick(5000);
  t.mock.timers.reset();
  assert.ok((await client.closed()).endsWith('half'));
  await proxy.closed;
});

test('cuts a WebSocket whose client does not close in two seconds', async (t) => {
  const app = await appThatSends(t, SWITCH);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.socket.allowHalfOpen = true;
  client.send(HANDSHAKE);
  await client.until(/101[^]*\r\n\r\n/);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  proxy.end();
  await client.until(/\u0088[^]{2}\u00f0$/);
  t.mock.timers.tick(2000);
  t.mock.timers.reset();
  await Promise.all([proxy.closed, (await app.peer).closed()]);
});

test('tells its caller that a WebSocket is over when one of its sides went away', async (t) => {
  const app = await appThatSends(t, SWITCH);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send(HANDSHAKE);
  await client.until(/101/);
  client.socket.destroy();
  await proxy.closed;
  proxy.end();
});

test('asks nobody about a WebSocket that the application refuses', async (t) => {
  const app = await appThatSends(t, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send(HANDSHAKE);
  await client.closed();
  assert.deepEqual(proxy.kinds, []);
});

test('ends an event stream as a whole answer when its caller ends it, and gives it up at the application', async (t) => {
  const app = await appThatSends(t, `${EVENTS}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n`);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send('GET /events HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await client.until(/data: a/);
  assert.deepEqual(proxy.kinds, ['event-stream']);
  proxy.end();
  assert.match(await client.closed(), /9\r\ndata: a\n\n\r\n0\r\n\r\n$/);
  await Promise.all([proxy.closed, (await app.peer).closed()]);
});

test('breaks off an event stream that promised a length', async (t) => {
  const app = await appThatSends(t, `${EVENTS}Content-Length: 100\r\n\r\ndata: a\n\n`);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send('GET /events HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await client.until(/data: a/);
  proxy.end();
  assert.match(await client.closed(), /data: a\n\n$/);
});

test('tells its caller that an event stream is over when its client went away', async (t) => {
  const app = await appThatSends(t, `${EVENTS}\r\n`);
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send('GET /events HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await client.until(/event-stream/);
  client.socket.destroy();
  await Promise.all([proxy.closed, (await app.peer).closed()]);
});

test('ends no other answer, however long it takes', async (t) => {
  const app = await appThatSends(t, 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
  const proxy = await proxyTo(t, app.origin);
  const client = rawClient(t, proxy.port);
  client.send('GET /file HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n');
  await client.until(/half$/);
  proxy.end();
  (await app.peer).send('half');
  assert.match(await client.closed(), /halfhalf$/);
  assert.deepEqual(proxy.kinds, []);
});
