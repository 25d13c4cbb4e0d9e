import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { KeeperNews, KeeperOrder } from './keeper-protocol.ts';
import { isAlive } from './testing/is-alive.ts';

const keeper = fileURLToPath(new URL('keeper-main.ts', import.meta.url));
const env = { PATH: process.env['PATH'] ?? '' };

test('a keeper whose `up` goes while a dev command is talking ends that command, itself, and says nothing', async () => {
  const child = fork(keeper, ['test'], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const started = new Promise<number>((resolve) => {
    child.on('message', (news: KeeperNews) => {
      if (news.kind === 'started') resolve(news.pid);
    });
  });
  const command = [process.execPath, '-e', 'setInterval(() => console.log("x".repeat(1000)), 0)'];
  const order: KeeperOrder = { kind: 'start', app: 'local:team:talker', launch: { command, cwd: process.cwd(), env } };
  child.send(order);
  const pid = await started;
  // There is no 'close' for whoever disconnects: what was said is all there when the stream has closed, too.
  const [exit, said] = [once(child, 'exit'), once(child.stderr ?? child, 'close')];
  child.disconnect();
  assert.deepEqual(await exit, [0, null], complaints);
  await said;
  assert.equal(complaints, '');
  assert.equal(isAlive(pid), false);
});
