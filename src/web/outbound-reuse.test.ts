import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { createOutboundFetch } from './outbound-fetch.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

interface Peer {
  readonly url: string;
  /** Connections so far. */
  connections(): number;
  /** From now on the connections that are there end so when something comes on them. */
  abandon(how: (socket: Socket) => void): void;
  /** Answers nobody before so many wait. */
  together(count: number): void;
}

/** A server whose open connections can go bad, as they do behind a balancer whose server is gone. */
async function startPeer(t: TestContext): Promise<Peer> {
  const open = new Set<Socket>();
  const bad = new Map<Socket, (socket: Socket) => void>();
  const waiting: Socket[] = [];
  let [count, least] = [0, 1];
  const server = createServer((socket) => {
    count += 1;
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    socket.on('data', () => {
      const end = bad.get(socket);
      if (end !== undefined) return end(socket);
      waiting.push(socket);
      if (waiting.length >= least) for (const each of waiting.splice(0)) each.write(ANSWER);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    connections: () => count,
    abandon(how) {
      for (const socket of open) bad.set(socket, how);
    },
    together(many) {
      least = many;
    },
  };
}

const WAYS: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['is reset', (socket) => socket.resetAndDestroy()],
  ['is ended', (socket) => void socket.end()],
  ['says nothing', () => undefined],
];

for (const [what, how] of WAYS) {
  test(`a kept connection that ${what} when it is used again takes the other kept ones along: the next try is on a new one`, async (t) => {
    const peer = await startPeer(t);
    const outbound = createOutboundFetch({ readSeconds: 1 });
    t.after(() => outbound.close());
    const call = async (): Promise<number> => (await outbound.fetch(peer.url, { method: 'POST', body: 'x' })).status;
    peer.together(5);
    await Promise.all([1, 2, 3, 4, 5].map(call));
    assert.equal(peer.connections(), 5);
    peer.together(1);
    assert.equal(await call(), 200);
    assert.equal(peer.connections(), 5, 'connections are kept');
    peer.abandon(how);
    await assert.rejects(call());
    assert.equal(await call(), 200);
    assert.equal(peer.connections(), 6);
  });
}
