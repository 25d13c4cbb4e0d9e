import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { endToEndHeaders } from './headers.ts';
import { openListener, rawClient, rawExchange, rawServer } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';
import { CLOSE, HOST, proxied, proxyTo, readAll } from './testing/proxied.ts';

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

test('says no length with a 204, which has no body to be as long (RFC 9110 8.6)', async (t) => {
  const app = await rawServer(t, async (client) => {
    await client.until(/\r\n\r\n/);
    client.send('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-Kept: 1\r\n\r\n');
  });
  const { port } = await proxyTo(t, app.origin);
  const answer = await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}${CLOSE}`);
  assert.match(answer, /^HTTP\/1\.1 204 No Content\r\nX-Kept: 1\r\n/);
  assert.doesNotMatch(answer, /Content-Length/i);
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
