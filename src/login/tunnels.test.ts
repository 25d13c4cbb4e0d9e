import assert from 'node:assert/strict';
import { request } from 'node:http';
import test from 'node:test';
import { StoreUnavailable } from '../store/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { handshake } from './testing/handshake.ts';
import type { World } from './testing/proxy.ts';
import { HOST, startWorld } from './testing/proxy.ts';
import { createWebSocketApp } from './testing/websocket-app.ts';
import type { Repeat } from './tunnels.ts';

/** Close code 1008 in a frame of a server: nothing else was sent on these sockets. */
const POLICY_CLOSE = Buffer.from([0x88, 0x02, 0x03, 0xf0]);
const HOUR = 3600;

interface Scene {
  readonly world: World;
  /** What the timer does every 15 seconds. */
  readonly sweep: () => void;
  readonly periods: readonly number[];
  readonly reads: () => number;
  /** While set, reads of sessions fail. */
  readonly fault: { on: boolean };
}

/** A world whose timer is turned by hand and whose store can fail; messages of the store are lost unless `heard`. */
async function scene(
  t: test.TestContext,
  options: { heard?: boolean; expiresIn?: number; env?: Record<string, string> } = {},
): Promise<Scene> {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const fault = { on: false };
  let reads = 0;
  const store: Store = {
    ...inner,
    read: (key) => {
      if (!key.startsWith('login:session:')) return inner.read(key);
      reads += 1;
      return fault.on ? Promise.reject(new StoreUnavailable('down')) : inner.read(key);
    },
    subscribe: (channel, listener) => (options.heard === true ? inner.subscribe(channel, listener) : () => undefined),
  };
  const tasks: (() => void)[] = [];
  const periods: number[] = [];
  const repeat: Repeat = (task, milliseconds) => {
    tasks.push(task);
    periods.push(milliseconds);
    return () => undefined;
  };
  const app = await createWebSocketApp(t);
  const env = { FULLMAKT_LOGIN_UPSTREAM: app.origin, ...options.env };
  const world = await startWorld(t, { clock, store, repeat, env });
  world.provider.bends.expiresIn = options.expiresIn ?? 20 * HOUR;
  await world.logIn();
  return { world, sweep: () => tasks.forEach((task) => task()), periods, reads: () => reads, fault };
}

async function isOpen(socket: { readonly destroyed: boolean; readonly readableEnded?: boolean }): Promise<boolean> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return !socket.destroyed && socket.readableEnded !== true;
}

test('W14 websocket-cut-within-30s: a logout anywhere ends open tunnels with 1008, by message and by sweep (WS-1, LO-8)', async (t) => {
  for (const heard of [true, false]) {
    const { world, sweep, periods } = await scene(t, { heard });
    const tunnel = await handshake(world.port, world.browser);
    assert.equal(tunnel.status, 101);
    await world.browser.visit('/oauth2/logout');
    assert.ok(periods.every((milliseconds) => milliseconds <= 15_000));
    if (!heard) {
      assert.ok(await isOpen(tunnel.socket), 'nothing is known of the logout yet');
      sweep();
    }
    await tunnel.closed;
    assert.deepEqual(tunnel.received(), POLICY_CLOSE);
    assert.equal(world.events.filter((event) => event.event === 'tunnel.ended').length, 1);
  }
});

test('T19 tunnels end by inactivity and by refusal, and a refresh puts inactivity off (WS-1)', async (t) => {
  const env = { FULLMAKT_LOGIN_SESSION_INACTIVITY: 'true', FULLMAKT_LOGIN_SESSION_INACTIVITY_TIMEOUT: '1h' };
  const { world, sweep } = await scene(t, { env });
  const { clock, browser, port, provider } = world;
  const idle = await handshake(port, browser);
  clock.seconds += HOUR - 60;
  assert.equal((await browser.ask('/oauth2/session/refresh', { method: 'POST' })).status, 200);
  clock.seconds += 120;
  sweep();
  assert.ok(await isOpen(idle.socket), 'the page asked for a refresh');
  clock.seconds += HOUR;
  sweep();
  await idle.closed;
  assert.deepEqual(idle.received(), POLICY_CLOSE);

  await world.logIn();
  const refused = await handshake(port, browser);
  provider.bends.instead.token = [
    { status: 400, headers: { 'Content-Type': 'application/json' }, body: '{"error":"invalid_grant"}' },
  ];
  clock.seconds += HOUR - 60;
  assert.equal((await browser.ask('/oauth2/session/refresh', { method: 'POST' })).status, 401);
  sweep();
  await refused.closed;
  const ended = world.events.filter((event) => event.event === 'tunnel.ended').map(({ reason }) => reason);
  assert.deepEqual(ended, ['inactive', 'session is gone']);
});

test('T19 an expired access token alone ends no tunnel; the end of the session does, even while the store is down (WS-1)', async (t) => {
  const { world, sweep, fault } = await scene(t, { expiresIn: HOUR });
  const tunnel = await handshake(world.port, world.browser);
  fault.on = true;
  sweep();
  assert.ok(await isOpen(tunnel.socket), 'a store that fails says nothing about the session');
  fault.on = false;
  world.clock.seconds += 9 * HOUR;
  sweep();
  assert.ok(await isOpen(tunnel.socket));
  fault.on = true;
  world.clock.seconds += 2 * HOUR;
  sweep();
  await tunnel.closed;
  assert.deepEqual(tunnel.received(), POLICY_CLOSE);
});

test('T19 an event stream ends with its session; one that was opened without a session is left alone (WS-1)', async (t) => {
  const rules = JSON.stringify([{ path: '/public/**', login: 'optional' }]);
  const { world, sweep } = await scene(t, { env: { FULLMAKT_LOGIN_RULES: rules } });
  const listen = (
    path: string,
    cookie: string,
  ): Promise<{ readonly ended: Promise<void>; readonly close: () => void }> =>
    new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: world.port,
        path,
        headers: { host: HOST, cookie },
        agent: false,
      });
      outgoing.on('error', reject);
      outgoing.on('response', (answer) => {
        answer.on('error', () => undefined);
        answer.resume();
        const ended = new Promise<void>((done) => {
          answer.once('close', () => done());
        });
        answer.once('data', () => resolve({ ended, close: () => outgoing.destroy() }));
      });
      outgoing.end();
    });
  const cookie = [...world.browser.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const ours = await listen('/events', cookie);
  const anonymous = await listen('/public/events', 'none=1');
  await world.browser.visit('/oauth2/logout');
  sweep();
  await ours.ended;
  let isOver = false;
  const overNow = async (): Promise<void> => {
    await anonymous.ended;
    isOver = true;
  };
  void overNow();
  sweep();
  await isOpen({ destroyed: false });
  assert.equal(isOver, false);
  anonymous.close();
});

test('a sweep reads each session once, however many tunnels it has, and none that has none (WS-1)', async (t) => {
  const { world, sweep, reads } = await scene(t);
  const tunnels = [];
  for (let count = 0; count < 5; count += 1) tunnels.push(await handshake(world.port, world.browser));
  const before = reads();
  sweep();
  await isOpen({ destroyed: false });
  assert.equal(reads() - before, 1);
  for (const { socket } of tunnels) socket.destroy();
  await Promise.all(tunnels.map(({ closed }) => closed));
  for (let turn = 0; turn < 10; turn += 1) await isOpen({ destroyed: false });
  const after = reads();
  sweep();
  await isOpen({ destroyed: false });
  assert.equal(reads(), after);
});

test('T36 one session holds a hundred tunnels and no more, other sessions are served, and the operator is told (WS-1)', async (t) => {
  const { world } = await scene(t);
  const tunnels = [];
  for (let count = 0; count < 100; count += 1) tunnels.push(await handshake(world.port, world.browser));
  for (let count = 0; count < 3; count += 1) {
    const more = await handshake(world.port, world.browser);
    await more.closed;
  }
  assert.ok(await isOpen(tunnels[0]?.socket ?? { destroyed: true }));
  const other = world.newBrowser(HOST);
  await world.logIn(other);
  const theirs = await handshake(world.port, other);
  assert.ok(await isOpen(theirs.socket));
  const refused = world.events.filter((event) => event.event === 'tunnel.refused');
  assert.partialDeepStrictEqual(refused, [{ event: 'tunnel.refused', reason: 'too many of one session' }]);
  assert.equal(refused.length, 1);
  for (const { socket } of [...tunnels.slice(1), theirs]) socket.destroy();
  await Promise.all(tunnels.slice(1).map(({ closed }) => closed));
  for (let turn = 0; turn < 10; turn += 1) await isOpen({ destroyed: false });
  const again = await handshake(world.port, world.browser);
  assert.ok(await isOpen(again.socket), 'what was closed makes room');
  tunnels[0]?.socket.destroy();
  again.socket.destroy();
});
