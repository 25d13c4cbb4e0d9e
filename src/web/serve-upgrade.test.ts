import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { openListener, rawClient, rawExchange, statusOf } from './testing/raw-client.ts';

const HOST = 'Host: a.test\r\n';

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

test('a handshake behind a request that is not answered yet waits for that answer: none gets into the tunnel', async (t) => {
  const slow = Promise.withResolvers<void>();
  let upgraded = 0;
  const listener = await openListener(t, {
    handle: async () => {
      await slow.promise;
      return { status: 200, body: 'slow' };
    },
    upgrade: (_request, socket) => {
      upgraded += 1;
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\ntunnel');
    },
  });
  const client = rawClient(t, listener.port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HANDSHAKE}\r\n`);
  for (let turn = 0; turn < 100; turn += 1) await immediate();
  assert.equal(upgraded, 0);
  slow.resolve();
  assert.match(await client.until(/tunnel/), /^HTTP\/1\.1 200 [^]*\r\n\r\nslowHTTP\/1\.1 101 [^]*\r\n\r\ntunnel$/);
});

test('a handshake behind a request whose client leaves is nobody’s', async (t) => {
  const judged = Promise.withResolvers<Socket>();
  const listener = await openListener(t, {
    handle: ({ incoming }) => {
      judged.resolve(incoming.socket);
      return new Promise<never>(() => undefined);
    },
    upgrade: () => assert.fail('not to be upgraded'),
  });
  const client = rawClient(t, listener.port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HANDSHAKE}\r\n`);
  const socket = await judged.promise;
  client.socket.resetAndDestroy();
  await new Promise((resolve) => socket.once('close', resolve));
  for (let turn = 0; turn < 20; turn += 1) await immediate();
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
