import assert from 'node:assert/strict';
import { test } from 'node:test';
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
