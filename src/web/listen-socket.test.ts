import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { SocketTaken } from './listen-socket.ts';
import { openListener } from './testing/raw-client.ts';

function pathIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-socket-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'it.sock');
}

function statusAt(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/', agent: false }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('a socket is made for its user and group alone, whatever the mask of the process is', async (t) => {
  const path = pathIn(t);
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const listener = await openListener(t, { path });
  assert.equal(process.umask(), 0);
  assert.equal(statSync(path).mode & 0o777, 0o660);
  assert.equal(listener.origin, `unix:${path}`);
  assert.equal(await statusAt(path), 200);
  await listener.close(0);
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
});

test('a socket that is in use stays whose it is, and the error names path and setting', async (t) => {
  const path = pathIn(t);
  await openListener(t, { path });
  await assert.rejects(openListener(t, { path, setting: 'THE_SETTING' }), (error) => {
    assert.ok(error instanceof SocketTaken);
    assert.match(error.message, /it\.sock .* in use by another process; set THE_SETTING/);
    return true;
  });
  assert.equal(await statusAt(path), 200);
});

test('of many that find a socket of a process that is gone, one gets its place', async (t) => {
  const path = pathIn(t);
  const gone = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', gone, path]);
  assert.ok(statSync(path).isSocket());
  const starts = await Promise.allSettled(Array.from({ length: 5 }, () => openListener(t, { path })));
  assert.equal(starts.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const start of starts) assert.ok(start.status === 'fulfilled' || start.reason instanceof SocketTaken);
  assert.equal(await statusAt(path), 200);
  assert.deepEqual(readdirSync(dirname(path)), ['it.sock']);
});

test('a socket that another process has put in its place is not removed at the end', async (t) => {
  const path = pathIn(t);
  const first = await openListener(t, { path });
  rmSync(path);
  const second = await openListener(t, { path });
  await first.close(0);
  assert.equal(await statusAt(path), 200);
  await second.close(0);
  assert.deepEqual(readdirSync(dirname(path)), []);
});

test('a path of the greatest length is a place like any other, and none leaves other files', async (t) => {
  const folder = dirname(pathIn(t));
  for (const name of ['s', 's'.repeat(106 - Buffer.byteLength(folder))]) {
    const path = join(folder, name);
    const listener = await openListener(t, { path });
    assert.deepEqual([await statusAt(path), readdirSync(folder)], [200, [name]]);
    await assert.rejects(openListener(t, { path }), SocketTaken);
    assert.deepEqual(readdirSync(folder), [name]);
    await listener.close(0);
    assert.deepEqual(readdirSync(folder), []);
  }
  const deep = join(folder, 'd'.repeat(100 - Buffer.byteLength(folder)));
  mkdirSync(deep);
  const listener = await openListener(t, { path: join(deep, 's') });
  assert.equal(await statusAt(join(deep, 's')), 200);
  await listener.close(0);
  assert.deepEqual(readdirSync(deep), []);
});

test('a file that is no socket is not replaced', async (t) => {
  const path = pathIn(t);
  writeFileSync(path, 'mine');
  await assert.rejects(openListener(t, { path }), /is a file that is no socket/);
  assert.equal(statSync(path).size, 4);
});

test('a socket that cannot be made is an error that names path and setting', async (t) => {
  const path = join(pathIn(t), 'below', 'it.sock');
  await assert.rejects(openListener(t, { path, setting: 'THE_SETTING' }), (error) => {
    assert.ok(error instanceof SocketTaken);
    assert.match(error.message, /below\/it\.sock .* cannot be made; set THE_SETTING/);
    return true;
  });
});

test('before a stop: requests on open connections are answered, each with the last answer of its connection', async (t) => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const listener = await openListener(t, {
    handle: async () => {
      arrived.resolve();
      await gate.promise;
      return { status: 200 };
    },
  });
  const answer = new Promise<string | undefined>((resolve, reject) => {
    const sent = request(listener.origin, { headers: { connection: 'keep-alive' } }, (incoming) => {
      incoming.resume();
      resolve(incoming.headers.connection);
    });
    sent.on('error', reject);
    sent.end();
  });
  await arrived.promise;
  listener.lastRequests();
  gate.resolve();
  assert.equal(await answer, 'close');
  await assert.rejects(fetch(listener.origin));
});
