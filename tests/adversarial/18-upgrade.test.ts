import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { converse, statusOf } from './01-36-browser.ts';
import type { World } from './01-36-world.ts';
import { listen } from '../servers/listen.ts';
import { HOST, startWorld } from './01-36-world.ts';

const KEY = Buffer.alloc(16, 1).toString('base64');
const PROOF = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
];
const HIDDEN = `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;

type OnUpgrade = (socket: Duplex) => void;

interface Doors {
  readonly world: World;
  readonly cookie: string;
  /** Handshakes that the app saw, and ordinary requests. */
  readonly upgrades: IncomingMessage[];
  readonly plain: IncomingMessage[];
}

async function startDoors(t: TestContext, onUpgrade: OnUpgrade): Promise<Doors> {
  const upgrades: IncomingMessage[] = [];
  const plain: IncomingMessage[] = [];
  const app = createServer((request, response) => {
    plain.push(request);
    request.resume().once('end', () => response.end('plain'));
  });
  app.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    upgrades.push(request);
    socket.on('error', () => socket.destroy());
    onUpgrade(socket);
  });
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_UPSTREAM: `http://127.0.0.1:${await listen(t, app)}` } });
  const browser = world.browser();
  await world.signIn(browser, world.person());
  return {
    world,
    upgrades,
    plain,
    cookie: `Cookie: ${[...browser.jar].map(([name, value]) => `${name}=${value}`).join('; ')}`,
  };
}

/** Joins, says hello, and sends back the first thing it is told. */
function joins(socket: Duplex): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${PROOF}\r\n\r\nhello`,
  );
  socket.once('data', (data) => socket.end(data));
}

function head(start: string, lines: readonly string[]): string {
  return `${[start, `Host: ${HOST}`, ...lines].join('\r\n')}\r\n\r\n`;
}

test('T18 a true handshake with a session is joined after the app’s 101, and everything after it is the tunnel’s', async (t) => {
  const { world, cookie, upgrades, plain } = await startDoors(t, joins);
  const heard = await converse(world.port, head('GET /ws HTTP/1.1', [...HANDSHAKE, cookie]) + HIDDEN);
  assert.equal(statusOf(heard), 101);
  assert.ok(heard.includes(PROOF) && heard.endsWith(`hello${HIDDEN}`), heard);
  assert.equal(upgrades.length, 1);
  assert.match(upgrades[0]?.headers.authorization ?? '', /^Bearer at\./);
  assert.deepEqual(plain, []);
});

test('T18 whatever is not GET, websocket, version 13, a key of 16 bytes and a session opens no tunnel', async (t) => {
  const { world, cookie, upgrades, plain } = await startDoors(t, joins);
  const without = (name: string, ...more: string[]): string[] => [
    ...HANDSHAKE.filter((line) => !line.startsWith(name)),
    ...more,
  ];
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['no session', 'GET /ws HTTP/1.1', HANDSHAKE],
    ['a made-up session', 'GET /ws HTTP/1.1', [...HANDSHAKE, 'Cookie: __Host-fullmakt.session=x']],
    ['two sessions', 'GET /ws HTTP/1.1', [...HANDSHAKE, cookie, cookie]],
    ['no version', 'GET /ws HTTP/1.1', [...without('Sec-WebSocket-Version'), cookie]],
    ['version 8', 'GET /ws HTTP/1.1', [...without('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'), cookie]],
    ['two versions', 'GET /ws HTTP/1.1', [...HANDSHAKE, 'Sec-WebSocket-Version: 8', cookie]],
    ['no key', 'GET /ws HTTP/1.1', [...without('Sec-WebSocket-Key'), cookie]],
    ['a short key', 'GET /ws HTTP/1.1', [...without('Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAA'), cookie]],
    ['two keys', 'GET /ws HTTP/1.1', [...HANDSHAKE, `Sec-WebSocket-Key: ${KEY}`, cookie]],
    ['a body', 'GET /ws HTTP/1.1', [...HANDSHAKE, `Content-Length: ${HIDDEN.length}`, cookie]],
    ['a chunked body', 'GET /ws HTTP/1.1', [...HANDSHAKE, 'Transfer-Encoding: chunked', cookie]],
    ['a refused path', 'GET /public/../ws HTTP/1.1', [...HANDSHAKE, cookie]],
    ['a route of ours', 'GET /oauth2/login HTTP/1.1', [...HANDSHAKE, cookie]],
    ['two Hosts', 'GET /ws HTTP/1.1', [...HANDSHAKE, `Host: ${HOST}`, cookie]],
  ];
  for (const [what, start, lines] of cases) {
    const status = statusOf(await converse(world.port, head(start, lines) + HIDDEN));
    assert.ok([400, 401, 404, 426].includes(status), `${what}: ${status}`);
    assert.deepEqual(
      [upgrades.length, plain.length],
      [0, 0],
      `${what}: the app hears nothing, of the request behind it neither`,
    );
  }
});

test('T18 other methods, protocols and HTTP/1.0 are ordinary requests: their upgrade headers go no further', async (t) => {
  const { world, cookie, upgrades, plain } = await startDoors(t, joins);
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', cookie];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['GET /h2c HTTP/1.1', h2c],
    ['POST /h2c HTTP/1.1', [...h2c, 'Content-Length: 0']],
    [
      'GET /h2c HTTP/1.1',
      ['Connection: HTTP2-Settings, upgrade', 'upgrade: H2C', 'HTTP2-Settings: AA', 'HTTP2-Settings: AA', cookie],
    ],
    ['GET /both HTTP/1.1', ['Connection: Upgrade', 'Upgrade: h2c, websocket', cookie]],
    ['GET /tls HTTP/1.1', ['Connection: Upgrade', 'Upgrade: TLS/1.0', cookie]],
    ['POST /ws HTTP/1.1', [...HANDSHAKE, 'Content-Length: 0', cookie]],
    ['OPTIONS /ws HTTP/1.1', [...HANDSHAKE, cookie]],
    ['GET /ws HTTP/1.0', [...HANDSHAKE, cookie]],
  ];
  for (const [start, lines] of cases) {
    const before = plain.length;
    const heard = await converse(world.port, head(start, lines), /plain|\r\n\r\n$/);
    assert.equal(statusOf(heard), 200, `${start} ${lines.join(' | ')}`);
    assert.equal(plain.length, before + 1, start);
    const { headers = {} } = plain.at(-1) ?? {};
    assert.deepEqual([headers.upgrade, headers['http2-settings']], [undefined, undefined], start);
    assert.match(headers.connection ?? 'keep-alive', /^(?:keep-alive|close)$/);
  }
  assert.deepEqual(upgrades, []);
  assert.equal(statusOf(await converse(world.port, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`)), 400);
});

for (const [what, answer, status] of [
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno', 200],
  ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 403],
  ['a 101 to another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', 502],
  ['a 101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 502],
  ['nonsense', 'nonsense\r\n\r\n', 502],
] as const) {
  test(`T18 an app that answers a handshake with ${what} gets no tunnel: what is pipelined behind it never arrives`, async (t) => {
    let said = '';
    const { world, cookie, upgrades, plain } = await startDoors(t, (socket) => {
      socket.on('data', (data: Buffer) => {
        said += data.toString('latin1');
      });
      socket.write(answer);
    });
    const heard = await converse(world.port, head('GET /ws HTTP/1.1', [...HANDSHAKE, cookie]) + HIDDEN);
    assert.equal(statusOf(heard), status, heard);
    assert.equal(upgrades.length, 1);
    assert.equal(plain.length, 0);
    assert.equal(said, '', 'nothing of the client’s reaches the app after its answer');
  });
}
