import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '../until.ts';
import { freeOffset, type Platform, startPlatform } from './platform.ts';

/** The process that keeps the dev commands of this folder. */
function keeperOf(dir: string): number | undefined {
  const pid = readdirSync('/proc').find((name) => {
    try {
      const line = /^\d+$/.test(name) ? readFileSync(`/proc/${name}/cmdline`, 'utf8') : '';
      return line.includes('keeper-main') && line.includes(dir);
    } catch {
      return false;
    }
  });
  return pid === undefined ? undefined : Number(pid);
}

/** `up` over a folder without manifests, whose keeper stands still: closing would wait for it for ever. */
async function startWithHangingPart(t: TestContext): Promise<Platform> {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-up-ends-'));
  t.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const platform = await startPlatform(dir, await freeOffset());
  t.after(async () => {
    platform.process.kill('SIGKILL');
    const keeper = keeperOf(dir);
    if (keeper !== undefined) process.kill(keeper, 'SIGCONT');
    await until(() => keeperOf(dir) === undefined, 'the keeper ends when `up` is gone');
  });
  const keeper = keeperOf(dir);
  assert.ok(keeper !== undefined);
  process.kill(keeper, 'SIGSTOP');
  return platform;
}

/** Not 'close': the keeper holds the same error output. */
function exitOf(platform: Platform): Promise<unknown[]> {
  return once(platform.process, 'exit', { signal: AbortSignal.timeout(50_000) });
}

test('a part that does not close cannot keep `up`: it ends with code 0', async (t) => {
  const platform = await startWithHangingPart(t);
  const exit = exitOf(platform);
  platform.process.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

test('a second signal does not wait for a part that does not close', async (t) => {
  const platform = await startWithHangingPart(t);
  const exit = exitOf(platform);
  platform.process.kill('SIGTERM');
  await platform.noticed(/SIGTERM: stopping/);
  platform.process.kill('SIGINT');
  assert.deepEqual(await exit, [1, null]);
});
