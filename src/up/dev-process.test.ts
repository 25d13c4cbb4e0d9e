import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type DevProcess, superviseProcess } from './dev-process.ts';
import type { KeeperNews } from './keeper-protocol.ts';
import { isAlive } from './testing/is-alive.ts';

/** Supervises a command and lets a test wait for news of a kind. */
function supervise(
  t: TestContext,
  command: string | readonly string[],
): { process: DevProcess; readonly next: (kind: KeeperNews['kind']) => Promise<KeeperNews> } {
  const heard: KeeperNews[] = [];
  const waiting = new Map<string, (news: KeeperNews) => void>();
  const env = { PATH: process.env['PATH'] ?? '' };
  const supervised = superviseProcess('local:team:app', { command, cwd: process.cwd(), env }, (news) => {
    heard.push(news);
    waiting.get(news.kind)?.(news);
  });
  t.after(() => supervised.stop());
  const next = (kind: KeeperNews['kind']): Promise<KeeperNews> =>
    new Promise((resolve) => {
      const known = heard.find((news) => news.kind === kind);
      if (known !== undefined) resolve(known);
      else waiting.set(kind, resolve);
    });
  return { process: supervised, next };
}

test('a missing program is said once, with its name', async (t) => {
  const { next } = supervise(t, 'no-such-program-here --flag');
  assert.deepEqual(await next('missing'), { kind: 'missing', app: 'local:team:app', program: 'no-such-program-here' });
});

test('a command with shell signs goes to the shell, which may not find its program either', async (t) => {
  const { next } = supervise(t, 'no-such-program-here | cat; exit 127');
  assert.equal((await next('missing')).kind, 'missing');
});

test('what a command prints is passed on line by line', async (t) => {
  const { next } = supervise(t, [process.execPath, '-e', 'console.log("one"); setInterval(() => {}, 1000)']);
  assert.deepEqual(await next('output'), { kind: 'output', app: 'local:team:app', text: 'one' });
});

test('a command that ends is started again, the first time after 250 ms', async (t) => {
  const { next } = supervise(t, 'exit 3; true');
  assert.deepEqual(await next('ended'), { kind: 'ended', app: 'local:team:app', how: 'exit code 3', againInMs: 250 });
});

test('stopping ends the whole process group, children of the command included', async (t) => {
  const script =
    'const c = require("node:child_process").spawn("sleep", ["60"]); console.log(c.pid); setInterval(() => {}, 1000)';
  const { process: supervised, next } = supervise(t, [process.execPath, '-e', script]);
  const news = await next('output');
  const grandchild = Number(news.kind === 'output' ? news.text : Number.NaN);
  await supervised.stop();
  const until = Date.now() + 20_000;
  while (isAlive(grandchild) && Date.now() < until) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isAlive(grandchild), false);
});
