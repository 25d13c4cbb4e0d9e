import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { rawClient, rawServer } from './testing/raw-client.ts';
import { CLOSE, HOST, proxied, proxyTo, readAll } from './testing/proxied.ts';

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

/** Waits until a figure has not changed for a while. */
async function settled(figure: () => number): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 5; ) {
    quiet = figure() === last ? quiet + 1 : 0;
    last = figure();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
