import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Lasting } from './forward.ts';
import type { HttpResponse } from './http.ts';
import type { RawClient } from './testing/raw-client.ts';
import { openListener, rawClient, rawServer } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';

const HOST = 'Host: app.test\r\n';
const HANDSHAKE =
  `GET /chat HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n';

interface Scene {
  readonly port: number;
  /** The proxy has the request and waits for leave to send it on. */
  readonly judged: Promise<Socket>;
  readonly decide: () => void;
  /** Connections of the application. */
  readonly app: readonly RawClient[];
  readonly told: readonly number[];
  readonly lasting: {
    readonly kinds: readonly string[];
    readonly ending: AbortController;
    readonly over: Promise<void>;
  };
}

/** A proxy that thinks about each request until it is told, before an application that answers all with `answer`. */
async function scene(t: TestContext, answer: string, times = {}): Promise<Scene> {
  const app: RawClient[] = [];
  const { origin } = await rawServer(t, async (client) => {
    app.push(client);
    await client.until(/\r\n\r\n/);
    client.send(answer);
  });
  const upstream = createUpstream(origin, times);
  t.after(() => upstream.close());
  const judged = Promise.withResolvers<Socket>();
  const decided = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const ending = new AbortController();
  const told: number[] = [];
  const kinds: string[] = [];
  const options = (request: { readonly target: string; readonly rawHeaders: readonly string[] }) => ({
    path: request.target,
    headers: request.rawHeaders,
    onAnswered: (status: number) => void told.push(status),
    onOpen: (kind: string): Lasting => {
      kinds.push(kind);
      return { ending: ending.signal, closed: () => over.resolve() };
    },
  });
  const { port } = await openListener(t, {
    handle: async (request): Promise<HttpResponse> => {
      judged.resolve(request.incoming.socket);
      await decided.promise;
      return upstream.forward(request, options(request));
    },
    upgrade: async (request, socket, head) => {
      judged.resolve(request.incoming.socket);
      await decided.promise;
      upstream.tunnel(request, socket, head, options(request));
    },
  });
  return {
    port,
    judged: judged.promise,
    decide: decided.resolve,
    app,
    told,
    lasting: { kinds, ending, over: over.promise },
  };
}

function closed(socket: Socket): Promise<unknown> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
}

async function turns(count = 200): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

for (const [title, request] of [
  ['a request', `GET / HTTP/1.1\r\n${HOST}\r\n`],
  ['a WebSocket handshake', HANDSHAKE],
] as const) {
  test(`${title} whose client left while it was judged never reaches the application (HD-5)`, async (t) => {
    const { port, judged, decide, app, told } = await scene(t, STREAM);
    const client = rawClient(t, port);
    client.send(request);
    const socket = await judged;
    client.socket.resetAndDestroy();
    await closed(socket);
    decide();
    await turns();
    assert.equal(app.length, 0);
    assert.deepEqual(told, [499]);
  });
}

test('a stream that was to come after another answer is given up with the connection (HD-5)', async (t) => {
  const { port, judged, decide, app } = await scene(t, STREAM);
  const client = rawClient(t, port);
  const get = `GET / HTTP/1.1\r\n${HOST}\r\n`;
  client.send(get + get);
  const socket = await judged;
  decide();
  await client.until(/event-stream/);
  while (app.length < 2) await turns(1);
  await Promise.all(app.map((one) => one.until(/\r\n\r\n/)));
  await turns();
  client.socket.destroy();
  await closed(socket);
  await Promise.all(app.map((one) => one.closed()));
});

test('an event stream that answers a handshake ends with its session, and with its client (WS-1)', async (t) => {
  for (const how of ['session', 'client', 'reset'] as const) {
    const { port, decide, app, lasting } = await scene(t, STREAM);
    decide();
    const client = rawClient(t, port);
    client.send(HANDSHAKE);
    await client.until(/event-stream[^]*:\n\n/);
    assert.deepEqual(lasting.kinds, ['event-stream'], how);
    if (how === 'session') lasting.ending.abort();
    if (how === 'client') client.socket.end();
    if (how === 'reset') client.socket.resetAndDestroy();
    await app[0]?.closed();
    await lasting.over;
    await client.closed();
  }
});

test('an answer to a handshake that falls silent half-way is cut (HD-5)', async (t) => {
  const { port, decide, app } = await scene(t, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhalf', {
    idleSeconds: 1,
  });
  decide();
  const client = rawClient(t, port);
  client.send(HANDSHAKE);
  assert.match(await client.closed(), /half$/);
  await app[0]?.closed();
});
