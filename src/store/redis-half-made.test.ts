import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openRedis } from './redis-connection.ts';
import { connectNode } from './redis-node.ts';
import type { Open } from './replay-attempt.ts';

const NOTHING_LEFT_MS = 5000;

/** A server that takes connections and says nothing; the first one it is given. */
async function startSilent(t: TestContext): Promise<{ readonly port: number; readonly taken: Promise<Socket> }> {
  const { promise: taken, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    t.after(() => socket.destroy());
    socket.on('error', () => {}).resume();
    resolve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { port: address.port, taken };
}

/** Ends an attempt when its socket has begun to connect, and not sooner: as a busy process does, whose timers come first. */
async function endHalfMade(t: TestContext, open: Open<unknown>): Promise<void> {
  const ending = new AbortController();
  const end = (): void => process.nextTick(() => ending.abort(new Error('no connection in time')));
  subscribe('net.client.socket', end);
  t.after(() => unsubscribe('net.client.socket', end));
  await assert.rejects(open({ ending: ending.signal, lost() {}, untilEnded() {} }));
  unsubscribe('net.client.socket', end);
}

const BEGINNINGS: readonly (readonly [string, (port: number) => Open<unknown>])[] = [
  [
    'of a store',
    (port) => (hooks) => connectNode({ host: '127.0.0.1', port }, { role: 'primary', database: 0, tls: false }, hooks),
  ],
  [
    'of a store that asks for a password',
    (port) => (hooks) =>
      connectNode({ host: '127.0.0.1', port }, { role: 'any', database: 1, tls: false, password: 'p' }, hooks),
  ],
  ['of used assertions', (port) => openRedis(`redis://127.0.0.1:${port}`)],
  ['of used assertions in a database of their own', (port) => openRedis(`redis://:p@127.0.0.1:${port}/1`)],
];

for (const [whose, openAt] of BEGINNINGS)
  test(`OP-9 a connection ${whose} that is given up while it is being made is not made: it would keep the process from ending`, {
    timeout: NOTHING_LEFT_MS,
  }, async (t) => {
    const { port, taken } = await startSilent(t);
    const ended = endHalfMade(t, openAt(port));
    const socket = await taken;
    if (!socket.closed) await once(socket, 'close');
    await ended;
  });
