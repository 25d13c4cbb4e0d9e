import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { redisProgram } from './redis.ts';
import type { TestRedis } from './redis.ts';

/** A sentinel that watches one primary, under the name `main`, and calls another after half a second of silence. */
export interface TestSentinel {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a sentinel; it answers when this resolves. */
export async function startSentinel(primary: TestRedis): Promise<TestSentinel> {
  const folder = await mkdtemp(join(tmpdir(), 'fullmakt-sentinel-'));
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
      '',
    ].join('\n'),
  );
  const child: ChildProcess = spawn(redisProgram(), [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/\+monitor master/.test(said)) resolve();
    });
    child.once('close', () => reject(new Error(`the sentinel ended: ${said}`)));
  });
  return {
    port,
    url: `redis+sentinel://127.0.0.1:${port}/main`,
    async close() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
