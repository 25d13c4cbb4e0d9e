import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { endToEndHeaders } from './headers.ts';
import type { Listener } from './serve.ts';
import { openListener, rawClient, rawExchange, rawServer } from './testing/raw-client.ts';
import type { UpstreamTimes } from './forward.ts';
import { createUpstream } from './upstream.ts';

const HOST = 'Host: app.test\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

type App = (...args: Parameters<RequestListener>) => void | Promise<void>;

/** An application behind a proxy that forwards everything as it came. */
async function proxied(t: TestContext, app: App, times?: Partial<UpstreamTimes>): Promise<Listener> {
  const server = createServer((request, response) => void app(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return proxyTo(t, `http://127.0.0.1:${address.port}`, times);
}

async function proxyTo(t: TestContext, origin: string, times?: Partial<UpstreamTimes>): Promise<Listener> {
  const upstream = createUpstream(origin, times);
  t.after(() => upstream.close());
  return openListener(t, {
    handle: (request) =>
      upstream.forward(request, {
        path: request.target,
        headers: [...request.rawHeaders, 'Authorization', 'Bearer ours', 'X-Ours', 'yes'],
      }),
  });
}

async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('keeps two Set-Cookie headers apart and in order', async (t) => {
  const { origin } = await proxied(t, (_request, response) => {
    response.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; Path=/']).end('x');
  });
  assert.deepEqual((await fetch(origin)).headers.getSetCookie(), ['a=1; Path=/', 'b=2; Path=/']);
});

test('passes 204 and 304 without a body, the connection usable after them', async (t) => {
  const { port } = await proxied(t, (request, response) => {
    response.writeHead(request.url === '/304' ? 304 : 204, { ETag: '"v1"' }).end();
  });
  const client = rawClient(t, port);
  client.send(`GET /204 HTTP/1.1\r\n${HOST}\r\n`);
  assert.match(await client.until(/\r\n\r\n$/), /^HTTP\/1\.1 204 [^]*etag: "v1"/i);
  client.send(`GET /304 HTTP/1.1\r\n${HOST}${CLOSE}`);
  const answers = await client.closed();
  assert.match(answers, /HTTP\/1\.1 304 [^]*etag: "v1"/i);
  assert.doesNotMatch(answers, /transfer-encoding/i);
});

test('keeps the length of a HEAD answer and sends no body', async (t) => {
  const { port } = await proxied(t, (_request, response) => {
    response.setHeader('Content-Length', '1234').end();
  });
  const answer = await rawExchange(t, port, `HEAD / HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.match(answer, /content-length: 1234\r\n/i);
  assert.ok(answer.endsWith('\r\n\r\n'));
});

test('sends server-sent events on as they come, headers before the first of them', async (t) => {
  const events = Promise.withResolvers<NodeJS.WritableStream>();
  const { port } = await proxied(
    t,
    (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      events.resolve(response);
    },
    { idleSeconds: 0.05 },
  );
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await client.until(/text\/event-stream/);
  const stream = await events.promise;
  stream.write('data: one\n\n');
  await client.until(/data: one\n\n/);
  // Longer than an ordinary answer may be silent.
  await new Promise((resolve) => setTimeout(resolve, 120));
  stream.write('data: two\n\n');
  await client.until(/data: two\n\n/);
});

test('cancels upstream when the client goes away before the answer', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const { port } = await proxied(t, (_request, response) => {
    response.on('close', () => cancelled.resolve());
    arrived.resolve();
  });
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await arrived.promise;
  client.socket.destroy();
  await cancelled.promise;
});

test('cancels upstream when the client goes away during the answer', async (t) => {
  const cancelled = Promise.withResolvers<void>();
  const { port } = await proxied(t, (_request, response) => {
    response.on('close', () => cancelled.resolve());
    response.write('first');
  });
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await client.until(/first/);
  client.socket.destroy();
  await cancelled.promise;
});

test('cancels upstream when the client goes away during its upload', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const { port } = await proxied(t, (request) => {
    request.on('data', () => arrived.resolve());
    request.on('error', () => cancelled.resolve());
  });
  const client = rawClient(t, port);
  client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\nhalf`);
  await arrived.promise;
  client.socket.destroy();
  await cancelled.promise;
});

const UPLOADS: readonly (readonly [title: string, head: string, body: string])[] = [
  ['with a length', 'Content-Length: 5\r\n', 'hello'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n', '2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nX-Trailer: dropped\r\n\r\n'],
];
for (const [title, head, body] of UPLOADS) {
  for (const method of ['POST', 'GET', 'DELETE', 'PATCH']) {
    test(`sends the body of ${method} ${title}`, async (t) => {
      const { port } = await proxied(t, (request, response) => {
        void readAll(request).then((text) =>
          response.end(`${request.method} ${text} ${JSON.stringify(request.trailers)}`),
        );
      });
      const answer = await rawExchange(t, port, `${method} / HTTP/1.1\r\n${HOST}${head}${CLOSE}${body}`);
      assert.match(answer, new RegExp(`${method} hello {}`));
    });
  }
}

test('holds an upload back that the application does not read', async (t) => {
  const total = 40 * 1024 * 1024;
  const proceed = Promise.withResolvers<void>();
  const { port } = await proxied(t, async (request, response) => {
    await proceed.promise;
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end(String(bytes)));
  });
  const upload = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers: { 'Content-Length': total } });
  t.after(() => upload.destroy());
  const answer = new Promise<IncomingMessage>((resolve) => upload.on('response', resolve));
  const chunk = Buffer.alloc(1024 * 1024);
  let accepted = 0;
  const pump = (): void => {
    while (accepted < total) {
      accepted += chunk.length;
      if (!upload.write(chunk)) return;
    }
    upload.end();
  };
  upload.on('drain', pump);
  pump();
  await settled(() => accepted);
  assert.ok(accepted < 24 * 1024 * 1024, `accepted ${accepted} bytes`);
  proceed.resolve();
  assert.equal(await readAll(await answer), String(total));
});

test('holds an answer back that the client does not read', async (t) => {
  let sent = 0;
  const { port } = await proxied(t, (_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024);
    const pump = (): void => {
      while (sent < 40 * chunk.length) {
        sent += chunk.length;
        if (!response.write(chunk)) return;
      }
      response.end();
    };
    response.on('drain', pump);
    pump();
  });
  const client = rawClient(t, port);
  client.socket.pause();
  client.send(`GET / HTTP/1.1\r\n${HOST}${CLOSE}`);
  await settled(() => sent);
  assert.ok(sent < 24 * 1024 * 1024, `sent ${sent} bytes`);
  client.socket.resume();
  const answer = await client.closed();
  assert.ok(answer.length > 40 * 1024 * 1024);
});

test('passes an early 413 on to a client that is still sending', async (t) => {
  const app = await rawServer(t, async (peer) => {
    await peer.until(/\r\n\r\n/);
    peer.send('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig');
  });
  const { port } = await proxyTo(t, app.origin);
  const client = rawClient(t, port);
  client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 2000000\r\n\r\n`);
  client.send(Buffer.alloc(1_000_000));
  assert.match(await client.until(/big$/), /^HTTP\/1\.1 413 [^]*connection: close/i);
  client.send(Buffer.alloc(1_000_000));
  await client.closed();
});

const RESETS: readonly (readonly [title: string, head: string])[] = [
  ['with a length', 'Content-Length: 100\r\n\r\nhalf'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
];
for (const [title, head] of RESETS) {
  for (const how of ['end', 'reset'] as const) {
    test(`does not make an answer ${title} look whole when the application cuts it by ${how}`, async (t) => {
      const app = await rawServer(t, async (peer) => {
        await peer.until(/\r\n\r\n/);
        peer.send(`HTTP/1.1 200 OK\r\n${head}`);
        setImmediate(() => (how === 'end' ? peer.socket.end() : peer.socket.resetAndDestroy()));
      });
      const { origin } = await proxyTo(t, app.origin);
      await assert.rejects(fetch(origin).then((response) => response.text()));
    });
  }
}

test('answers 502 without a body when nobody listens, and when the answer is no HTTP', async (t) => {
  const nobody = await proxyTo(t, 'http://127.0.0.1:1');
  const response = await fetch(nobody.origin);
  assert.deepEqual([response.status, await response.text()], [502, '']);
  const babble = await rawServer(
    t,
    (peer) => void peer.until(/\r\n\r\n/).then(() => peer.send('SSH-2.0-hello\r\n\r\n')),
  );
  assert.equal((await fetch((await proxyTo(t, babble.origin)).origin)).status, 502);
});

test('answers 502 to an answer whose headers hold illegal bytes', async (t) => {
  const app = await rawServer(t, (peer) => {
    void peer.until(/\r\n\r\n/).then(() => peer.send('HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n'));
  });
  assert.equal((await fetch((await proxyTo(t, app.origin)).origin)).status, 502);
});

test('answers 502 when the application switches protocols unasked', async (t) => {
  const app = await rawServer(t, (peer) => {
    void peer
      .until(/\r\n\r\n/)
      .then(() => peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'));
  });
  assert.equal((await fetch((await proxyTo(t, app.origin)).origin)).status, 502);
});

test('answers 504 when the application does not answer in time', async (t) => {
  const { origin } = await proxied(t, () => undefined, { answerSeconds: 0.05 });
  assert.equal((await fetch(origin)).status, 504);
});

test('cuts an answer that falls silent half-way', async (t) => {
  const { origin } = await proxied(t, (_request, response) => void response.write('half'), { idleSeconds: 0.05 });
  await assert.rejects(fetch(origin).then((response) => response.text()));
});

test('drops 103 and passes the answer behind it', async (t) => {
  const { origin } = await proxied(t, (_request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.end('real');
  });
  assert.equal(await (await fetch(origin)).text(), 'real');
});

test('passes a compressed body on as it is, with its header', async (t) => {
  const packed = gzipSync('hello');
  const { port } = await proxied(t, (_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': packed.length }).end(packed);
  });
  const answer = await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.match(answer, /content-encoding: gzip\r\n/i);
  assert.ok(answer.endsWith(packed.toString('latin1')));
});

test('sends path and query on byte for byte, and Host as it came', async (t) => {
  const { port } = await proxied(t, (request, response) => void response.end(`${request.headers.host} ${request.url}`));
  const target = '/a/../b//c%2Fd/%e9/;x=1?q=a b'.replace(' ', '%20').concat('&r=\'"<>|{}[]^`\\');
  const answer = await rawExchange(t, port, `GET ${target} HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.ok(answer.endsWith(`app.test ${target}\r\n0\r\n\r\n`) || answer.endsWith(`app.test ${target}`), answer);
});

function echoHeaders(request: IncomingMessage, response: Parameters<RequestListener>[1]): void {
  response.end(JSON.stringify(request.headers));
}

async function headersSeen(t: TestContext, port: number, head: string): Promise<Record<string, string>> {
  const answer = await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}${head}`);
  return JSON.parse(/\{[^]*\}/.exec(answer)?.[0] ?? '') as Record<string, string>;
}

test('strips what the client names in Connection, but never a header of ours (RFC 9110 7.6.1)', async (t) => {
  const { port } = await proxied(t, echoHeaders);
  const seen = await headersSeen(
    t,
    port,
    'X-Hop: 1\r\nX-Kept: 2\r\nConnection: close, X-Hop, authorization, X-OURS\r\n\r\n',
  );
  assert.equal(seen['x-hop'], undefined);
  assert.equal(seen['x-kept'], '2');
  assert.equal(seen['authorization'], 'Bearer ours');
  assert.equal(seen['x-ours'], 'yes');
});

test('strips Expect, TE, Keep-Alive, Upgrade, HTTP2-Settings and Proxy-*', async (t) => {
  const { port } = await proxied(t, echoHeaders);
  const head = [
    'TE: trailers',
    'Keep-Alive: timeout=9',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
    'Proxy-Authorization: Basic x',
    'Proxy-Connection: keep-alive',
    'Expect: 100-continue',
    'Connection: close, Upgrade, HTTP2-Settings',
    '\r\n',
  ].join('\r\n');
  const seen = await headersSeen(t, port, head);
  assert.deepEqual(Object.keys(seen).toSorted(), ['authorization', 'connection', 'host', 'x-ours']);
  assert.equal(seen['connection'], 'keep-alive');
});

test('answers Expect: 100-continue itself and sends the body on (RFC 9110 10.1.1)', async (t) => {
  const { port } = await proxied(t, (request, response) => void readAll(request).then((text) => response.end(text)));
  const client = rawClient(t, port);
  client.send(`POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n${CLOSE}`);
  await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  client.send('hello');
  assert.match(await client.closed(), /HTTP\/1\.1 200 OK[^]*hello/);
});

test('strips headers of the connection from the answer, its nominated ones included', async (t) => {
  const app = await rawServer(t, async (peer) => {
    await peer.until(/\r\n\r\n/);
    const head = 'HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\nProxy-Authenticate: x\r\n';
    peer.send(`${head}\r\nbody`);
    peer.socket.end();
  });
  const response = await fetch((await proxyTo(t, app.origin)).origin);
  assert.equal(await response.text(), 'body');
  assert.equal(response.headers.get('x-hop'), null);
  assert.equal(response.headers.get('proxy-authenticate'), null);
  assert.equal(response.headers.get('x-kept'), '2');
});

/** An application that resets each connection at the second request on it. */
async function diesWhenIdle(t: TestContext): Promise<{ origin: string; seen: string[] }> {
  const seen: string[] = [];
  const app = await rawServer(t, async (peer) => {
    await peer.until(/\r\n\r\n/);
    seen.push('GET');
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const both = await peer.until(/\r\n\r\n(?:GET|POST) /);
    seen.push(/\r\n\r\n(GET|POST) /.exec(both)?.[1] ?? '');
    peer.socket.resetAndDestroy();
  });
  return { origin: (await proxyTo(t, app.origin)).origin, seen };
}

test('repeats a GET once when an idle connection died under it', async (t) => {
  const { origin, seen } = await diesWhenIdle(t);
  assert.equal((await fetch(origin)).status, 200);
  assert.equal((await fetch(origin)).status, 200);
  assert.deepEqual(seen, ['GET', 'GET', 'GET']);
});

test('never repeats a POST', async (t) => {
  const { origin, seen } = await diesWhenIdle(t);
  assert.equal((await fetch(origin)).status, 200);
  assert.equal((await fetch(origin, { method: 'POST', body: 'once' })).status, 502);
  assert.deepEqual(seen, ['GET', 'POST']);
});

test('does not repeat a GET whose first connection died', async (t) => {
  let connections = 0;
  const app = await rawServer(t, (peer) => {
    connections += 1;
    void peer.until(/\r\n\r\n/).then(() => peer.socket.resetAndDestroy());
  });
  assert.equal((await fetch((await proxyTo(t, app.origin)).origin)).status, 502);
  assert.equal(connections, 1);
});

test('lets the caller change the headers of the answer', async (t) => {
  const server = await rawServer(t, (peer) => {
    void peer
      .until(/\r\n\r\n/)
      .then(() =>
        peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nConnection: keep-alive\r\n\r\n'),
      );
  });
  const upstream = createUpstream(server.origin);
  t.after(() => upstream.close());
  const given: string[] = [];
  const { origin } = await openListener(t, {
    handle: (request) =>
      upstream.forward(request, {
        path: request.target,
        headers: endToEndHeaders(request.rawHeaders),
        responseHeaders: (raw) => {
          given.push(...raw);
          return [...raw, 'Cache-Control', 'private'];
        },
      }),
  });
  assert.equal((await fetch(origin)).headers.get('cache-control'), 'private');
  assert.deepEqual(given, ['Content-Length', '0', 'Set-Cookie', 'a=1']);
});

/** Waits until a figure has not changed for a while. */
async function settled(figure: () => number): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 5; ) {
    quiet = figure() === last ? quiet + 1 : 0;
    last = figure();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
