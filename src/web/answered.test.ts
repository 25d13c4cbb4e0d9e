import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { proxied } from './testing/proxied.ts';
import { openListener, rawClient } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n';
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

async function watched(t: TestContext, origin: string): Promise<{ port: number; statuses: number[] }> {
  const upstream = createUpstream(origin);
  t.after(() => upstream.close());
  const statuses: number[] = [];
  const onAnswered = (status: number): void => void statuses.push(status);
  const { port } = await openListener(t, {
    handle: (request) => upstream.forward(request, { path: '/', headers: request.rawHeaders, onAnswered }),
    upgrade: (request, socket, head) =>
      upstream.tunnel(request, socket, head, { path: '/', headers: request.rawHeaders, onAnswered }),
  });
  return { port, statuses };
}

test('OP-7: the status of every forwarded request is told once, when its head is out', async (t) => {
  const app = await proxied(t, (_request, response) => void response.writeHead(207).end('hello'));
  const { port, statuses } = await watched(t, app.origin);
  for (const request of [GET, UPGRADE]) {
    const client = rawClient(t, port);
    client.send(request);
    await client.closed();
  }
  assert.deepEqual(statuses, [207, 207]);
});

test('OP-7: an application that cannot be reached is told of as 502', async (t) => {
  const { port, statuses } = await watched(t, 'http://127.0.0.1:1');
  for (const request of [GET, UPGRADE]) {
    const client = rawClient(t, port);
    client.send(request);
    await client.closed();
  }
  assert.deepEqual(statuses, [502, 502]);
});

test('OP-7: a client that leaves before its answer is told of as 499', async (t) => {
  for (const request of [GET, UPGRADE]) {
    const arrived = Promise.withResolvers<void>();
    const app = await proxied(t, () => arrived.resolve());
    const { port, statuses } = await watched(t, app.origin);
    const client = rawClient(t, port);
    client.send(request);
    await arrived.promise;
    client.socket.destroy();
    for (let look = 0; look < 10_000 && statuses.length === 0; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 2));
    assert.deepEqual(statuses, [499]);
  }
});
