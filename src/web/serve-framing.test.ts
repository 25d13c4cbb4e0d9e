import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openListener, rawExchange, statusOf } from './testing/raw-client.ts';

const HOST = 'Host: a.test\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

const FRAMING: readonly (readonly [title: string, head: string])[] = [
  ['Content-Length beside Transfer-Encoding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
  ['two different Content-Length', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
  ['two equal Content-Length', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
  ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n'],
  ['a coding after chunked', 'Transfer-Encoding: chunked, gzip\r\n'],
  ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
  ['an unknown coding', 'Transfer-Encoding: xchunked\r\n'],
  ['a folded header line', 'X-A: one\r\n two\r\n'],
  ['a header name with a blank', 'X-A : one\r\n'],
  ['a bare line feed', 'X-A: one\nX-B: two\r\n'],
  ['a header without a name', ': one\r\n'],
];
for (const [title, head] of FRAMING) {
  test(`refuses ${title} with 400 and answers nothing after it (RFC 9112 6.3)`, async (t) => {
    let handled = 0;
    const { port } = await openListener(t, { handle: () => ({ status: 200, body: String((handled += 1)) }) });
    const smuggled = `GET /second HTTP/1.1\r\n${HOST}${CLOSE}`;
    const answer = await rawExchange(t, port, `POST / HTTP/1.1\r\n${HOST}${head}\r\n0\r\n\r\n${smuggled}`);
    assert.equal(statusOf(answer), 400);
    assert.equal(handled, 0);
  });
}

test('refuses a coding in HTTP/1.0, whose messages have none, before any handler sees it (RFC 9112 6.1)', async (t) => {
  const { port } = await openListener(t, { handle: () => assert.fail('not to be handled') });
  const request = `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
  assert.equal(statusOf(await rawExchange(t, port, request)), 400);
});

const TARGETS: readonly (readonly [line: string, head: string, status: number])[] = [
  ['GET http://evil.test/ HTTP/1.1', HOST, 400],
  ['OPTIONS * HTTP/1.1', HOST, 400],
  ['GET / HTTP/1.1', '', 400],
  ['GET / HTTP/1.0', '', 400],
  ['GET / HTTP/2.0', HOST, 505],
  ['GET / HTTP/1.1', `${HOST}${HOST}`, 400],
  ['GET / HTTP/1.1', `${HOST}Host: b.test\r\n`, 400],
  ['GET / HTTP/1.1', 'Host: \r\n', 400],
  ['GET / HTTP/1.1', 'Host: a.test/evil\r\n', 400],
  ['GET / HTTP/1.1', 'Host: user@a.test\r\n', 400],
  ['GET / HTTP/1.1', 'Host: [::1]:7440\r\n', 200],
  ['TRACE / HTTP/1.1', HOST, 405],
  ['CONNECT evil.test:443 HTTP/1.1', HOST, 405],
];
for (const [line, head, status] of TARGETS) {
  test(`answers ${status} to ${line} with ${JSON.stringify(head)} (RFC 9112 3.2)`, async (t) => {
    const { port } = await openListener(t, {});
    assert.equal(statusOf(await rawExchange(t, port, `${line}\r\n${head}${CLOSE}`)), status);
  });
}
