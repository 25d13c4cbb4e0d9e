import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { rawClient, rawExchange } from './testing/raw-client.ts';
import { CLOSE, HOST, proxied, readAll } from './testing/proxied.ts';

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
    { idleSeconds: 1 },
  );
  const client = rawClient(t, port);
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  await client.until(/text\/event-stream/);
  const stream = await events.promise;
  stream.write('data: one\n\n');
  await client.until(/data: one\n\n/);
  // Longer than an ordinary answer may be silent.
  await new Promise((resolve) => setTimeout(resolve, 1300));
  stream.write('data: two\n\n');
  await client.until(/data: two\n\n/);
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
