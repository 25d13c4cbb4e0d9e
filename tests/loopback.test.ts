import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { assertLoopback, loopbackFetch, loopbackSocket } from './loopback.ts';

describe('targets of hostile tests', () => {
  it('are this machine', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', 'LOCALHOST']) {
      assert.doesNotThrow(() => assertLoopback(host), host);
    }
  });

  it('are never another machine, however it is spelt', () => {
    const others = [
      'example.test',
      '10.0.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '::',
      'fe80::1',
      '127.0.0.1.example.test',
      'localhost.example.test',
      '127.1',
      '0x7f000001',
      '2130706433',
      '',
      '1270.0.0.1',
      'x127.0.0.1',
    ];
    for (const host of others) assert.throws(() => assertLoopback(host), /this machine only/, host);
  });

  it('are checked before the first byte', async () => {
    await assert.rejects(loopbackFetch('http://203.0.113.9/'), /this machine only/);
    await assert.rejects(loopbackFetch('http://localhost@203.0.113.9/'), /this machine only/);
    await assert.rejects(loopbackSocket({ host: '203.0.113.9', port: 80 }), /this machine only/);
  });

  it('answer as they are: a redirect is not followed', async (t) => {
    const server = createServer((socket) => {
      socket.end(
        'HTTP/1.1 302 Found\r\nLocation: http://203.0.113.9/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    assert.equal((await loopbackFetch(`http://127.0.0.1:${address.port}/`)).status, 302);
    const socket = await loopbackSocket({ host: '127.0.0.1', port: address.port });
    socket.end();
    socket.resume();
    await once(socket, 'close');
  });
});
