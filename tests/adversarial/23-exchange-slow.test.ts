import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import type { TestKeys, World, WorldOptions } from '../../src/exchange/testing/world.ts';
import { LIMITS } from '../../src/web/limits.ts';
import { loopbackSocket } from '../loopback.ts';
import { createFleet } from '../servers/fleet.ts';
import { startAlone } from './exchange-alone.ts';
import { isFull } from './scale.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

/* Clients that dawdle: the limits are those of every listener, with their seconds made short. */

const IDLE = isFull ? 9900 : 500;
const SLOW = 40;
const SECONDS = 1;
const ALL = { headerSeconds: SECONDS, bodyIdleSeconds: SECONDS, keepAliveSeconds: SECONDS };
/** Of a second: what is never cut, or after the ten seconds that hold without a setting, is far later still. */
const LATEST_MS = 1500;

let keys: TestKeys;
before(async () => {
  keys = await createTestKeys();
});

async function open(t: TestContext, options: Partial<WorldOptions>): Promise<World> {
  const world = await createWorld({ keys, ...options });
  t.after(() => world.close());
  return world;
}

async function dial(t: TestContext, origin: string): Promise<Socket> {
  const socket = await loopbackSocket({ host: '127.0.0.1', port: Number(new URL(origin).port) });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

/** Both ends of a connection are in this process. */
const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

const dialAll = (t: TestContext, origin: string, count: number): Promise<readonly Socket[]> =>
  Promise.all(Array.from({ length: count }, () => dial(t, origin)));

/** What each connection was told until it was closed, and after how many milliseconds the last one was. */
async function ends(
  sockets: readonly Socket[],
): Promise<{ readonly told: readonly string[]; readonly afterMs: number }> {
  const since = performance.now();
  const told = await Promise.all(
    sockets.map(async (socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.once('end', () => socket.end()).resume();
      if (!socket.closed) await once(socket, 'close');
      return text;
    }),
  );
  return { told, afterMs: performance.now() - since };
}

/** Exchanges tokens until something is over; all of them succeed. */
async function serveUntil(world: World, over: Promise<unknown>): Promise<number> {
  const state: { over: boolean } = { over: false };
  void over.finally(() => (state.over = true));
  let served = 0;
  while (!state.over || served === 0) {
    const { status, text } = await world.exchange();
    assert.equal(status, 200, text);
    served += 1;
    world.clock.now += 0.1;
  }
  return served;
}

const START: Readonly<Record<string, string>> = {
  'headers that never end': 'POST /token HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  'a body that stops':
    'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\ngrant_type=',
  'a body in chunks that stops':
    'POST /introspect HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n',
  // Answered at once; what is left is a connection that idles.
  'an order without proof that stops':
    'POST /admin/revocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{',
};

for (const [what, bytes] of Object.entries(START)) {
  test(`T23 F06: ${what}, ${SLOW} at once: cut in time, and the exchange serves everybody else meanwhile`, async (t) => {
    const world = await open(t, { limits: ALL });
    const sockets = await dialAll(t, world.origin, SLOW);
    for (const socket of sockets) socket.write(bytes);
    const over = ends(sockets);
    await serveUntil(world, over);
    const { told, afterMs } = await over;
    assertInTime(afterMs, LATEST_MS);
    for (const text of told) assert.match(text, /^(?:$|HTTP\/1\.1 4\d\d )/);
    const decided = world.events.filter(({ event }) => event === 'exchange');
    assert.ok(decided.every((event) => event.event === 'exchange' && event.outcome === 'issued'));
  });
}

test('T23 F06: headers that drip one byte at a time have no longer than those that stop', async (t) => {
  const world = await open(t, { limits: { headerSeconds: SECONDS } });
  const sockets = await dialAll(t, world.origin, SLOW);
  for (const socket of sockets) socket.write('GET /jwks HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), 50);
  t.after(() => clearInterval(drip));
  const over = ends(sockets);
  await serveUntil(world, over);
  assertInTime((await over).afterMs, LATEST_MS);
});

test(`T23 F06: ${SLOW} clients that do not read what they asked for are cut`, async (t) => {
  const figures = `# ${'x'.repeat(8 * 1024 * 1024)}\n`;
  const world = await open(t, { limits: { writeIdleSeconds: SECONDS }, metrics: () => Promise.resolve(figures) });
  // Those of the tests before this one go first.
  await until(() => openSockets() < 4);
  const sockets = await dialAll(t, world.origin, SLOW);
  await until(() => openSockets() >= 2 * SLOW);
  const since = performance.now();
  for (const socket of sockets) socket.pause().write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
  // Whoever does not read sees no end either: what is looked for is that the server's side of each is gone.
  // The exchange below has one or two of its own.
  while (openSockets() > SLOW + 8) {
    assertInTime(performance.now() - since, LATEST_MS);
    assert.equal((await world.exchange()).status, 200);
    world.clock.now += 0.1;
  }
  const { told } = await ends(sockets);
  assert.ok(told.every((text) => text.length < figures.length));
});

test('T23 the seconds and sockets of every listener are those that are documented', () => {
  const { headerSeconds, bodyIdleSeconds, writeIdleSeconds, keepAliveSeconds, sockets } = LIMITS;
  assert.deepEqual(
    [headerSeconds, bodyIdleSeconds, writeIdleSeconds, keepAliveSeconds, sockets],
    [10, 30, 30, 60, 10_000],
  );
});

test(`T23 F06: ${IDLE} connections that say nothing do not stop a fullmakt exchange`, async (t) => {
  const fleet = await createFleet();
  const server = await startAlone(t, fleet);
  const sockets: Socket[] = [];
  while (sockets.length < IDLE)
    sockets.push(...(await dialAll(t, server.origin, Math.min(100, IDLE - sockets.length))));
  for (let round = 0; round < 20; round += 1) assert.equal((await fleet.exchange(server.origin)).status, 200);
  assert.equal((await fetch(`${server.origin}/readyz`)).status, 200);
  if (isFull) {
    const { afterMs } = await ends(sockets);
    assert.ok(afterMs < 40_000, 'those that say nothing at all have no longer than ten seconds either');
  }
  assert.equal((await fleet.exchange(server.origin)).status, 200);
});
