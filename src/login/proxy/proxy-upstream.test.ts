import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { handshake } from '../testing/handshake.ts';
import { HOST, startWorld } from '../testing/proxy.ts';

test('proxied-requests-never-write: one read of the store and nothing else (ST-2, L6)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const used: string[] = [];
  const { store } = world;
  const spied = new Map(Object.entries(store).filter(([, member]) => typeof member === 'function'));
  for (const [name, member] of spied) {
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        used.push(name);
        return (member as (...all: unknown[]) => unknown)(...args);
      },
    });
  }
  for (let request = 0; request < 3; request += 1) assert.equal((await world.browser.visit('/x')).status, 200);
  assert.deepEqual(used, ['read', 'read', 'read']);
  used.length = 0;
  await world.newBrowser().ask('/x');
  assert.deepEqual(used, []);
});

test('the application down is 502 with no body, and the proxy lives on (HD-5)', async (t) => {
  const { browser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_UPSTREAM: 'http://127.0.0.1:1', FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  const answer = await browser.ask('/x');
  assert.equal(answer.status, 502);
  assert.equal(answer.body, '');
});

test('OP-5: an application that is down is told of once in ten seconds, with where it should be and why', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const world = await startWorld(t, {
    clock,
    env: { FULLMAKT_LOGIN_UPSTREAM: 'http://127.0.0.1:1', FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  for (let i = 0; i < 5; i += 1) await world.browser.ask('/x?secret=1');
  clock.seconds += 11;
  const tunnel = await handshake(world.port, world.browser);
  assert.equal(tunnel.status, 502);
  const upstream = 'http://127.0.0.1:1';
  assert.deepEqual(world.events, [
    { event: 'upstream.unavailable', upstream, reason: 'ECONNREFUSED' },
    { event: 'upstream.unavailable', upstream, reason: 'ECONNREFUSED', left_out: 4 },
  ]);
});

test('a WebSocket is joined only after the same decision and the application’s 101 (WS-1, A2)', async (t) => {
  const app = createServer();
  const authorizations: (string | undefined)[] = [];
  app.on('upgrade', (request, socket) => {
    authorizations.push(request.headers.authorization);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    socket.on('data', (data) => socket.end(data));
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  t.after(() => app.close());
  const upstream = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_UPSTREAM: upstream } });
  const dial = (cookie: string): Promise<{ status: number; received: string }> =>
    new Promise((resolve, reject) => {
      const headers = {
        host: HOST,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        cookie,
      };
      const outgoing = httpRequest({ host: '127.0.0.1', port: world.port, path: '/ws', headers, agent: false });
      outgoing.on('response', (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode ?? 0, received: '' });
      });
      outgoing.on('upgrade', (answer, socket, head) => {
        let received = head.toString();
        socket.on('data', (data: Buffer) => {
          received += data.toString();
        });
        socket.on('close', () => resolve({ status: answer.statusCode ?? 0, received }));
        socket.write('ping');
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  assert.equal((await dial('none=1')).status, 401);
  await world.logIn();
  const joined = await dial([...world.browser.jar].map(([name, value]) => `${name}=${value}`).join('; '));
  assert.equal(joined.status, 101);
  assert.equal(joined.received, 'helloping');
  assert.match(authorizations[0] ?? '', /^Bearer access-/);
});
