import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openListener, rawExchange } from './testing/raw-client.ts';

const HEAD = 'GET / HTTP/1.1\r\nHost: a.test\r\n';
const OWN = { ownHeaders: { 'X-Own': 'yes' } };

test('an answer that is cut before sends nothing and closes the connection', async (t) => {
  const { port } = await openListener(t, { handle: () => ({ status: 200, body: 'whole', cut: 'before' }) });
  assert.equal(await rawExchange(t, port, `${HEAD}\r\n`), '');
});

test('an answer that is cut within declares its whole length, sends half of it and closes', async (t) => {
  const { port } = await openListener(t, {
    handle: () => ({ status: 201, headers: { 'X-A': 'b' }, body: '0123456789', cut: 'within' }),
  });
  const answer = await rawExchange(t, port, `${HEAD}\r\n`);
  assert.match(answer, /^HTTP\/1\.1 201 /);
  assert.match(answer, /\r\nX-A: b\r\n/);
  assert.match(answer, /\r\nContent-Length: 10\r\n/);
  assert.ok(answer.endsWith('\r\n\r\n01234'), answer);
});

test('an answer without body that is cut within declares a byte that never comes', async (t) => {
  const { port } = await openListener(t, {
    handle: () => ({ status: 302, headers: { Location: '/x' }, cut: 'within' }),
  });
  const answer = await rawExchange(t, port, `${HEAD}\r\n`);
  assert.match(answer, /^HTTP\/1\.1 302 [^]*\r\nContent-Length: 1\r\n[^]*\r\n\r\n$/);
});

test('headers of a listener stand on every answer that no handler made', async (t) => {
  const { port } = await openListener(t, {
    ...OWN,
    handle: () => {
      throw new Error('broken');
    },
  });
  const asked = {
    '414': `GET /${'p'.repeat(8192)} HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    '431': `${HEAD}X-Pad: ${'p'.repeat(80 * 1024)}\r\n\r\n`,
    '400': 'GET / HTTP/1.1\r\nBad Header: x\r\n\r\n',
    '405': 'CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n',
    '500': `${HEAD}Connection: close\r\n\r\n`,
  };
  for (const [status, text] of Object.entries(asked)) {
    const answer = await rawExchange(t, port, text);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nX-Own: yes\r\n`), status);
  }
});
