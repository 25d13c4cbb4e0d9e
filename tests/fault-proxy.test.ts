import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { loopbackSocket } from './loopback.ts';
import { until } from './until.ts';

interface Setup {
  readonly proxy: FaultProxy;
  /** All bytes that reached the target so far. */
  readonly received: () => string;
  /** Resolves when this many bytes have reached the target. */
  readonly arrived: (bytes: number) => Promise<void>;
  readonly client: () => Promise<Socket>;
}

/** A target that answers every piece it gets with `answer`, behind a fault proxy. */
async function setup(t: TestContext, answer = 'pong'): Promise<Setup> {
  let received = '';
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (piece) => {
      received += piece.toString();
      socket.write(answer);
      server.emit('piece');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const proxy = await createFaultProxy({ host: '127.0.0.1', port: address.port });
  t.after(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    proxy,
    received: () => received,
    arrived: async (bytes) => {
      while (received.length < bytes) await once(server, 'piece');
    },
    client: async () => {
      const socket = await loopbackSocket({ host: '127.0.0.1', port: proxy.port });
      t.after(() => socket.destroy());
      return socket;
    },
  };
}

async function next(socket: Socket): Promise<string> {
  const [piece] = await once(socket, 'data');
  return String(piece);
}

/** How a connection ended, and what it had said: a promise to await later. */
async function fate(socket: Socket): Promise<{ readonly said: string; readonly error: string | undefined }> {
  let said = '';
  let error: string | undefined;
  socket.on('data', (piece) => (said += piece.toString()));
  socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code));
  await new Promise((resolve) => socket.once('close', resolve));
  return { said, error };
}

describe('fault proxy', () => {
  it('pass: carries both ways, ends cleanly, and counts', async (t) => {
    const { proxy, client, received } = await setup(t);
    const socket = await client();
    socket.end('ping');
    assert.equal((await buffer(socket)).toString(), 'pong');
    assert.equal(received(), 'ping');
    assert.deepEqual(proxy.counts(), { connections: 1, up: 4, down: 4 });
  });

  it('reset: resets a connection that is open, and those that come', async (t) => {
    const { proxy, client } = await setup(t);
    const socket = await client();
    socket.write('ping');
    await next(socket);
    const ended = fate(socket);
    proxy.set({ kind: 'reset' });
    assert.equal((await ended).error, 'ECONNRESET');
    // The reset may come before or after the client has noticed that it is connected.
    const later = await client().then(fate, (error: NodeJS.ErrnoException) => ({ error: error.code }));
    assert.equal(later.error, 'ECONNRESET');
  });

  it('halfClose: the client reads an end, while what it sends still arrives', async (t) => {
    const { proxy, client, received, arrived } = await setup(t);
    const socket = await client();
    proxy.set({ kind: 'halfClose' });
    socket.resume();
    await once(socket, 'end');
    socket.write('still here');
    await arrived(10);
    assert.equal(received(), 'still here');
  });

  it('blackhole: accepts and swallows, ends nothing, and works again when told to pass', async (t) => {
    const { proxy, client, received, arrived } = await setup(t);
    const socket = await client();
    proxy.set({ kind: 'blackhole' });
    let heard = '';
    socket.on('data', (piece) => (heard += piece.toString()));
    socket.write('lost');
    const witness = await client();
    witness.write('lost too');
    await until(() => proxy.counts().connections === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([received(), heard, socket.destroyed, proxy.counts().connections], ['', '', false, 2]);
    proxy.set({ kind: 'pass' });
    socket.write('found');
    await arrived(5);
    assert.equal(received(), 'found');
  });

  it('cutAnswer: the request went through, the answer never comes', async (t) => {
    const { proxy, client, received } = await setup(t);
    proxy.set({ kind: 'cutAnswer' });
    const socket = await client();
    const ended = fate(socket);
    socket.write('pay 100');
    assert.deepEqual(await ended, { said: '', error: 'ECONNRESET' });
    assert.equal(received(), 'pay 100');
  });

  it('delay: holds each piece for the stated time, each way', async (t) => {
    const { proxy, client } = await setup(t);
    proxy.set({ kind: 'delay', ms: 40 });
    const socket = await client();
    const began = performance.now();
    socket.write('ping');
    assert.equal(await next(socket), 'pong');
    assert.ok(performance.now() - began >= 78);
  });

  it('throttle: lets no more bytes a second through than stated', async (t) => {
    const { proxy, client } = await setup(t, 'x'.repeat(4000));
    proxy.set({ kind: 'throttle', bytesPerSecond: 20_000 });
    const socket = await client();
    const began = performance.now();
    socket.end('?');
    assert.equal((await buffer(socket)).length, 4000);
    assert.ok(performance.now() - began >= 190);
  });

  it('dropAfter: lets exactly so many bytes of the answer through, then resets', async (t) => {
    const { proxy, client } = await setup(t, '0123456789');
    proxy.set({ kind: 'dropAfter', bytes: 6 });
    const socket = await client();
    const ended = fate(socket);
    socket.write('?');
    await ended;
    assert.equal(proxy.counts().down, 6);
  });

  it('resets the client when there is nobody behind it', async (t) => {
    const empty = createServer();
    empty.listen(0, '127.0.0.1');
    await once(empty, 'listening');
    const address = empty.address();
    assert.ok(typeof address === 'object' && address !== null);
    empty.close();
    await once(empty, 'close');
    const proxy = await createFaultProxy({ host: '127.0.0.1', port: address.port });
    t.after(() => proxy.close());
    const ended = await fate(await loopbackSocket({ host: '127.0.0.1', port: proxy.port }));
    assert.equal(ended.error, 'ECONNRESET');
  });

  it('is only ever put before a target on this machine', async () => {
    await assert.rejects(createFaultProxy({ host: '203.0.113.9', port: 80 }), /this machine only/);
  });
});
