import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { loopbackSocket } from '../loopback.ts';
import { converse, statusOf } from './01-36-browser.ts';
import { listen } from '../servers/listen.ts';
import { HOST } from './01-36-world.ts';
import { startProxy } from './24-alone.ts';
import { isFull } from './scale.ts';
import { assertInTime } from '../in-time.ts';

/* Clients that dawdle before the login proxy: its limits are those of every listener, with their seconds made short. */

const SLOW = 40;
const SECONDS = 1;
const SHORT = { headerSeconds: SECONDS, bodyIdleSeconds: SECONDS };
/** Of a second: what is never cut, or after the ten seconds that hold without a setting, is far later still. */
const LATEST_MS = 1500;
const SOCKETS = isFull ? 10_000 : 2000;
const TUNNELS = isFull ? 1000 : 200;
const TIMEOUT = { timeout: 240_000 };

const HANDSHAKE = [
  'GET /ws HTTP/1.1',
  `Host: ${HOST}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}`,
  '\r\n',
].join('\r\n');

function app(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/endless') {
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
    return;
  }
  request.on('error', () => undefined).resume();
  request.once('end', () => response.end('served'));
}

async function startApp(t: TestContext): Promise<string> {
  const server = createServer(app).on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    t.after(() => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  return `http://127.0.0.1:${await listen(t, server)}`;
}

async function dialAll(t: TestContext, port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(100, count - sockets.length);
    sockets.push(
      ...(await Promise.all(Array.from({ length: some }, () => loopbackSocket({ host: '127.0.0.1', port })))),
    );
  }
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  for (const socket of sockets) socket.on('error', () => undefined);
  return sockets;
}

/** What each connection was told until it was closed. */
function ends(sockets: readonly Socket[]): Promise<readonly string[]> {
  return Promise.all(
    sockets.map(async (socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.once('end', () => socket.end()).resume();
      if (!socket.closed) await once(socket, 'close');
      return text;
    }),
  );
}

const ASK = `GET /x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;

/** The buffers of those who do not read fill first, in this process too. */
async function patientStatus(port: number): Promise<number | undefined> {
  const asked = get({ host: '127.0.0.1', port, path: '/x', headers: { host: HOST }, agent: false });
  const [answer] = await once(asked, 'response');
  answer.resume();
  return answer.statusCode;
}

async function serveUntil(port: number, over: Promise<unknown>): Promise<void> {
  const state: { over: boolean } = { over: false };
  void over.finally(() => (state.over = true));
  for (let served = 0; !state.over || served === 0; served += 1) assert.equal(statusOf(await converse(port, ASK)), 200);
}

const STARTS: Readonly<Record<string, string>> = {
  'headers that never end': `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Slow: `,
  'an upload that stops': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 60000\r\n\r\nbegun`,
  'an upload in chunks that stops': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n`,
  'a form of ours that stops': `POST /oauth2/logout HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 60000\r\n\r\nbegun`,
};

for (const [what, bytes] of Object.entries(STARTS)) {
  test(
    `T23 login: ${what}, ${SLOW} at once: cut in time, and everybody else is served meanwhile`,
    TIMEOUT,
    async (t) => {
      const { port } = await startProxy(t, await startApp(t), { ...SHORT, keepAliveSeconds: SECONDS });
      const sockets = await dialAll(t, port, SLOW);
      const since = performance.now();
      for (const socket of sockets) socket.write(bytes);
      const over = ends(sockets);
      await serveUntil(port, over);
      for (const told of await over) assert.match(told, /^(?:$|HTTP\/1\.1 [345]\d\d )/);
      assertInTime(performance.now() - since, LATEST_MS);
    },
  );
}

test('T23 login: headers that drip one byte at a time have no longer than those that stop', TIMEOUT, async (t) => {
  const { port } = await startProxy(t, await startApp(t), SHORT);
  const sockets = await dialAll(t, port, SLOW);
  const since = performance.now();
  for (const socket of sockets) socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Slow: `);
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), 50);
  t.after(() => clearInterval(drip));
  const over = ends(sockets);
  await serveUntil(port, over);
  assertInTime(performance.now() - since, LATEST_MS);
});

const STUCK = `T23 login: ${SLOW} clients that do not read an endless answer do not stop service`;

test(isFull ? `${STUCK}, and are cut` : STUCK, TIMEOUT, async (t) => {
  const { port } = await startProxy(t, await startApp(t));
  const sockets = await dialAll(t, port, SLOW);
  for (const socket of sockets) socket.pause().write(`GET /endless HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  for (let round = 0; round < 50; round += 1) assert.equal(await patientStatus(port), 200);
  if (isFull) await cutInTime(t, sockets);
});

function poke(some: readonly Socket[]): void {
  for (const socket of some) if (socket.writable) socket.write('\r\n');
}

/** Half of them send something now and then. What a client writes is answered with a reset once it has been cut. */
async function cutInTime(t: TestContext, sockets: readonly Socket[]): Promise<void> {
  const since = performance.now();
  const seconds = (): number => (performance.now() - since) / 1000;
  const timer = setInterval(() => poke(seconds() > 62 ? sockets : sockets.slice(SLOW / 2)), 1000);
  t.after(() => clearInterval(timer));
  while (!sockets.every((socket) => socket.closed) && seconds() < 75) await pause(100);
  assert.ok(
    sockets.every((socket) => socket.closed),
    'a minute without reading, sending or not',
  );
}

test(
  'T23 login: an idle connection is kept for 90 seconds, and a client that can be told is told',
  TIMEOUT,
  async (t) => {
    const { port } = await startProxy(t, await startApp(t));
    const answer = await converse(port, ASK.replace('close', 'keep-alive'), /served$/);
    assert.match(answer, /\r\nKeep-Alive: timeout=90\r\n/i);
  },
);

test(`T23 login: ${SOCKETS} idle connections and ${TUNNELS} tunnels do not stop service`, TIMEOUT, async (t) => {
  const { port } = await startProxy(t, await startApp(t), { sockets: SOCKETS });
  const tunnels = await dialAll(t, port, TUNNELS);
  for (let at = 0; at < TUNNELS; at += 100) {
    const some = tunnels.slice(at, at + 100).map(async (socket) => {
      socket.write(HANDSHAKE);
      const [answer]: Buffer[] = await once(socket, 'data');
      assert.equal(statusOf(String(answer)), 101);
    });
    await Promise.all(some);
  }
  for (let count = 0; count < SOCKETS - TUNNELS; count += 100) {
    // Each asks soon after it was opened: whoever says nothing for ten seconds is cut.
    const some = await dialAll(t, port, 100);
    for (const socket of some) socket.write(ASK.replace('close', 'keep-alive'));
    await Promise.all(some.map((socket) => once(socket, 'data')));
  }
  // Now there is no room: the next one is refused, and those that idle make room for all after it.
  assert.equal(await converse(port, ASK).catch(() => ''), '');
  for (let round = 0; round < 50; round += 1) assert.equal(statusOf(await converse(port, ASK)), 200);
  for (const socket of tunnels) {
    const echo = once(socket, 'data');
    socket.write('still there');
    assert.equal(String(await echo), 'still there');
  }
});
