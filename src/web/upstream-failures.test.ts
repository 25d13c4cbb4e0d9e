import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { rawServer, rawExchange } from './testing/raw-client.ts';
import { CLOSE, HOST, proxied, proxyTo } from './testing/proxied.ts';

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

test('answers 502 to an answer whose status line holds illegal bytes', async (t) => {
  for (const text of ['O\u007fK', 'O\u0001K']) {
    const app = await rawServer(t, async (client) => {
      await client.until(/\r\n\r\n/);
      client.send(Buffer.from(`HTTP/1.1 200 ${text}\r\nContent-Length: 2\r\n\r\nok`, 'latin1'));
    });
    const { port } = await proxyTo(t, app.origin);
    assert.match(await rawExchange(t, port, `GET / HTTP/1.1\r\n${HOST}${CLOSE}`), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  }
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
