import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { startWorld } from '../../src/login/testing/proxy.ts';
import type { RawClient } from '../../src/web/testing/raw-client.ts';
import { rawClient, rawServer } from '../../src/web/testing/raw-client.ts';
import { ask, HEAD_END, ROWS } from './proxy-matrix-rows.ts';

/* What a proxy between two strangers has to get right, on bare sockets on both sides. docs/login-proxy.md says it in words. */

/** Time enough for all of an upload that nobody holds back. */
const LOOKS = 5000;
const MIB = 1024 * 1024;
const TIMEOUT = { timeout: 10_000 };

interface Bench {
  /** Bytes to a new connection of the proxy, and what came back until it closed. */
  readonly exchange: (bytes: string) => Promise<string>;
  readonly client: () => RawClient;
  /** What the application was sent, connection by connection. */
  readonly arrived: readonly RawClient[];
  readonly heard: () => Promise<string>;
}

/** A login proxy that asks nobody to sign in, before an application that follows a script on every connection. */
async function bench(t: TestContext, script: (app: RawClient) => Promise<void>): Promise<Bench> {
  const arrived: RawClient[] = [];
  const { origin } = await rawServer(t, (app) => {
    arrived.push(app);
    return script(app);
  });
  const env = {
    FULLMAKT_LOGIN_UPSTREAM: origin,
    FULLMAKT_LOGIN_AUTO_LOGIN: 'false',
  };
  const { port } = await startWorld(t, { env });
  return {
    exchange: (bytes) => {
      const client = rawClient(t, port);
      client.send(Buffer.from(bytes, 'latin1'));
      return client.closed();
    },
    client: () => rawClient(t, port),
    arrived,
    heard: async () => (await arrived[0]?.until(HEAD_END)) ?? '',
  };
}

for (const { title, request, whole = HEAD_END, answer, judge } of ROWS) {
  test(`the proxy ${title}`, TIMEOUT, async (t) => {
    const isOpenEnded = answer.endsWith('chunked\r\n\r\n');
    const { exchange, arrived } = await bench(t, async (app) => {
      await app.until(whole);
      app.send(Buffer.from(answer, 'latin1'));
      // The head has to go on before there is any body.
      if (isOpenEnded) setTimeout(() => app.send('0\r\n\r\n'), 20);
    });
    const heard = await exchange(request);
    assert.notEqual(arrived.length, 0, heard);
    judge(heard, (await arrived[0]?.until(whole)) ?? '');
  });
}

test(
  'the proxy refuses a request with two ways to tell its length, and the application hears nothing',
  TIMEOUT,
  async (t) => {
    const { exchange, arrived } = await bench(t, async (app) => void (await app.until(HEAD_END)));
    const request = ask('POST /', 'Content-Length: 5', 'Transfer-Encoding: chunked');
    assert.match(await exchange(`${request}0\r\n\r\n`), /^HTTP\/1\.1 400 /);
    assert.match(await exchange(ask('GET /a/../b')), /^HTTP\/1\.1 400 /);
    assert.deepEqual(arrived, []);
  },
);

test('the proxy passes each event of a stream as it comes', TIMEOUT, async (t) => {
  const { client, arrived, heard } = await bench(t, async (app) => {
    await app.until(HEAD_END);
    app.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  });
  const browser = client();
  browser.send(ask('GET /events'));
  await heard();
  await browser.until(HEAD_END);
  for (const event of ['one', 'two']) {
    arrived[0]?.send(`b\r\ndata: ${event}\n\n\r\n`);
    await browser.until(new RegExp(`data: ${event}\n\n`));
  }
});

test(
  'the proxy cancels upstream when the client leaves, before the answer and in the middle of it',
  TIMEOUT,
  async (t) => {
    const { client, arrived, heard } = await bench(t, async (app) => {
      if ((await app.until(HEAD_END)).startsWith('GET /half'))
        app.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    });
    const early = client();
    early.send(ask('GET /never'));
    await heard();
    early.socket.destroy();
    await arrived[0]?.closed();
    const late = client();
    late.send(ask('GET /half'));
    await late.until(/half$/);
    late.socket.destroy();
    await arrived[1]?.closed();
  },
);

test('the proxy never makes half an answer look whole', TIMEOUT, async (t) => {
  const { client, arrived } = await bench(t, async (app) => {
    await app.until(HEAD_END);
    app.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  });
  const browser = client();
  browser.send(ask('GET /'));
  await browser.until(/half\r\n/);
  arrived[0]?.socket.resetAndDestroy();
  assert.doesNotMatch(await browser.closed(), /\r\n0\r\n/);
});

test('the proxy holds an upload back when the application does not read it', TIMEOUT, async (t) => {
  const { client, arrived, heard } = await bench(t, async (app) => {
    await app.until(HEAD_END);
    app.socket.pause();
  });
  const browser = client();
  const chunk = Buffer.alloc(64 * 1024);
  browser.send(ask('POST /', `Content-Length: ${64 * MIB}`));
  let sent = 0;
  for (let looks = 0; looks < LOOKS; looks += 1) {
    while (!browser.socket.writableNeedDrain && sent < 64 * MIB) {
      browser.socket.write(chunk);
      sent += chunk.length;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await heard();
  assert.ok(sent < 16 * MIB, `${sent} bytes went in`);
  arrived[0]?.socket.destroy();
});

test('the proxy passes an answer that comes before the end of the upload, and closes', TIMEOUT, async (t) => {
  const { client } = await bench(t, async (app) => {
    await app.until(HEAD_END);
    app.send('HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\n\r\nno!');
  });
  const browser = client();
  browser.send(ask('POST /', `Content-Length: ${8 * MIB}`).replace('Connection: close', 'Connection: keep-alive'));
  browser.send(Buffer.alloc(MIB));
  const answer = await browser.until(/no!$/);
  assert.match(answer, /^HTTP\/1\.1 413 Too Much\r\n[^]*connection: close\r\n/i);
});
