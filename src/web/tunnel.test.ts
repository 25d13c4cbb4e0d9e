import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { Listener } from './serve.ts';
import type { RawClient } from './testing/raw-client.ts';
import { openListener, rawClient, rawServer } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';

const HANDSHAKE =
  'GET /chat?a=%2F HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n';

async function tunnelTo(t: TestContext, origin: string, answerSeconds = 10): Promise<Listener> {
  const upstream = createUpstream(origin, { connectSeconds: 1, answerSeconds });
  t.after(() => upstream.close());
  return openListener(t, {
    upgrade: (request, socket, head) =>
      upstream.tunnel(request, socket, head, {
        path: request.target,
        headers: [...request.rawHeaders, 'X-Ours', 'yes'],
      }),
  });
}

async function echoServer(t: TestContext): Promise<{ origin: string; headers: Promise<Record<string, unknown>> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' });
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  const headers = new Promise<Record<string, unknown>>((resolve) => {
    server.on('connection', (client, request) => {
      resolve({ ...request.headers, url: request.url });
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
    });
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { origin: `http://127.0.0.1:${address.port}`, headers };
}

function opened(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
}

function nextMessage(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())));
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

test('carries messages both ways between a foreign client and server, large ones too', async (t) => {
  const app = await echoServer(t);
  const { port } = await tunnelTo(t, app.origin);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat?a=%2F`, ['chat'], { headers: { host: 'app.test' } });
  t.after(() => socket.terminate());
  await opened(socket);
  assert.equal(socket.protocol, 'chat');
  for (const text of ['hello', 'x'.repeat(70_000), 'y'.repeat(200)]) {
    const answer = nextMessage(socket);
    socket.send(text);
    assert.equal(await answer, text);
  }
  const seen = await app.headers;
  assert.deepEqual([seen['host'], seen['url'], seen['x-ours']], ['app.test', '/chat?a=%2F', 'yes']);
  const code = closeCode(socket);
  socket.close(4000);
  assert.equal(await code, 4000);
});

test('sends on what the client wrote behind its handshake, and what the application wrote behind its 101', async (t) => {
  const peer = Promise.withResolvers<RawClient>();
  const app = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    client.send(`${SWITCH}early from app`);
    peer.resolve(client);
  });
  const { port } = await tunnelTo(t, app.origin);
  const client = rawClient(t, port);
  client.send(`${HANDSHAKE}early from client`);
  assert.match(await client.until(/early from app/), /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: x/);
  await (await peer.promise).until(/early from client/);
});

test('joins nothing before the 101: bytes behind the handshake never reach an application that refuses', async (t) => {
  let seen = '';
  const app = await rawServer(t, async (client) => {
    client.socket.on('data', (text: string) => (seen += text));
    await client.until(/\r\n\r\n/);
    client.send('HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 4\r\n\r\nnope');
  });
  const { port } = await tunnelTo(t, app.origin);
  const client = rawClient(t, port);
  client.send(`${HANDSHAKE}GET /smuggled HTTP/1.1\r\n\r\n`);
  const answer = await client.closed();
  assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n[^]*X-Why: no[^]*Connection: close\r\n\r\nnope$/);
  assert.doesNotMatch(seen, /smuggled/);
});

test('leaves out the text of a status line that holds illegal bytes', async (t) => {
  const app = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    client.send('HTTP/1.1 403 N\u007fo\r\nContent-Length: 4\r\n\r\nnope');
  });
  const client = rawClient(t, (await tunnelTo(t, app.origin)).port);
  client.send(HANDSHAKE);
  assert.match(await client.closed(), /^HTTP\/1\.1 403 \r\n[^]*nope$/);
});

test('relays an answer in chunks as a plain one that ends with the connection', async (t) => {
  const app = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    client.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n');
  });
  const client = rawClient(t, (await tunnelTo(t, app.origin)).port);
  client.send(HANDSHAKE);
  const answer = await client.closed();
  assert.ok(answer.endsWith('\r\n\r\nbody'), answer);
  assert.doesNotMatch(answer, /chunked/);
});

const REFUSALS: readonly (readonly [title: string, script: (client: RawClient) => void, status: number])[] = [
  ['switches to another protocol', (client) => client.send(SWITCH.replace('websocket', 'h2c')), 502],
  ['resets the connection', (client) => void client.socket.resetAndDestroy(), 502],
  ['does not answer', () => undefined, 504],
];
for (const [title, script, status] of REFUSALS) {
  test(`answers ${status} when the application ${title}`, async (t) => {
    const app = await rawServer(t, async (client) => {
      await client.until(/\r\n\r\n/);
      script(client);
    });
    const client = rawClient(t, (await tunnelTo(t, app.origin, 0.1)).port);
    client.send(HANDSHAKE);
    assert.match(await client.closed(), new RegExp(`^HTTP/1\\.1 ${status} `));
  });
}

test('answers 502 when nobody listens', async (t) => {
  const client = rawClient(t, (await tunnelTo(t, 'http://127.0.0.1:1')).port);
  client.send(HANDSHAKE);
  assert.match(await client.closed(), /^HTTP\/1\.1 502 /);
});

test('ends the other side when one side goes away', async (t) => {
  const peers: RawClient[] = [];
  const app = await rawServer(t, async (client) => {
    peers.push(client);
    await client.until(/\r\n\r\n/);
    client.send(SWITCH);
  });
  const { port } = await tunnelTo(t, app.origin);
  for (const side of ['client', 'application'] as const) {
    const client = rawClient(t, port);
    client.send(HANDSHAKE);
    await client.until(/\r\n\r\n/);
    const peer = peers.at(-1);
    if (side === 'client') client.socket.destroy();
    else peer?.socket.destroy();
    await Promise.all([client.closed(), peer?.closed()]);
  }
});

test('gives up upstream when the client leaves during the handshake', async (t) => {
  const arrived = Promise.withResolvers<RawClient>();
  const app = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    arrived.resolve(client);
  });
  const client = rawClient(t, (await tunnelTo(t, app.origin)).port);
  client.send(HANDSHAKE);
  const peer = await arrived.promise;
  client.socket.destroy();
  await peer.closed();
});

test('tells a client with 1001 that the listener closes (RFC 6455 7.4.1)', async (t) => {
  const app = await echoServer(t);
  const listener = await tunnelTo(t, app.origin);
  const socket = new WebSocket(`ws://127.0.0.1:${listener.port}/`);
  await opened(socket);
  const code = closeCode(socket);
  await listener.close(1);
  assert.equal(await code, 1001);
});

test('cuts a connection in the middle of a frame without a close frame in it', async (t) => {
  const app = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    client.send(`${SWITCH}\u0082\u000ahalf`);
  });
  const listener = await tunnelTo(t, app.origin);
  const client = rawClient(t, listener.port);
  client.send(HANDSHAKE);
  await client.until(/half/);
  await listener.close(1);
  assert.ok((await client.closed()).endsWith('half'));
});
