import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { createOutboundFetch } from './outbound-fetch.ts';

interface Proxy {
  /** What was asked of it, whole. */
  readonly asked: readonly string[];
  /** When its connection is gone. */
  readonly left: Promise<void>;
  call(user?: string): Promise<Response>;
}

/** A proxy that says these bytes to whoever asks, and hangs. */
async function proxySaying(t: TestContext, bytes: string): Promise<Proxy> {
  const left = Promise.withResolvers<void>();
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('close', () => left.resolve());
    socket.once('data', (data) => {
      asked.push(data.toString());
      socket.write(bytes);
    });
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    asked,
    left: left.promise,
    call(user = '') {
      const proxy = { url: `http://${user}127.0.0.1:${address.port}` };
      const client = createOutboundFetch({ proxy, connectSeconds: 1, totalSeconds: 60 });
      t.after(() => client.close());
      return client.fetch('https://provider.test/path', { signal: AbortSignal.timeout(20_000) });
    },
  };
}

for (const [what, bytes] of [
  ['says nothing', ''],
  ['does not finish what it says', 'HTTP/1.1 200 OK\r\n'],
  ['connects to what says nothing', 'HTTP/1.1 200 OK\r\n\r\n'],
  ['refuses', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'],
  ['connects to what speaks no TLS', 'HTTP/1.1 200 OK\r\n\r\nhello there, this is no handshake'],
  ['is none', 'SSH-2.0-OpenSSH\r\n'],
] as const) {
  test(`a proxy that ${what} is a fault of the network, and no connection to it stays open`, async (t) => {
    const proxy = await proxySaying(t, bytes);
    await assert.rejects(proxy.call(), TypeError);
    await proxy.left;
  });
}

test('a proxy is told host, port and credentials, and no error tells of these', async (t) => {
  const proxy = await proxySaying(t, 'HTTP/1.1 407 No user-secret\r\n\r\n');
  await assert.rejects(proxy.call('user:secret%@'), (error) => {
    assert.ok(error instanceof TypeError);
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /secret|dXNlc/);
    return true;
  });
  const [head = ''] = proxy.asked;
  assert.match(head, /^CONNECT provider\.test:443 HTTP\/1\.1\r\n/);
  const credentials = Buffer.from('user:secret%').toString('base64');
  assert.ok(head.toLowerCase().includes(`proxy-authorization: basic ${credentials}`.toLowerCase()));
  assert.doesNotMatch(head, /path/);
});
