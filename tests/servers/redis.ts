import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** A real Valkey or Redis server on loopback, in memory only. */
export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Ends it as a crash would; what it held is gone. */
  crash(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

const program = ['/usr/bin/valkey-server', '/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync);
const MISSING = 'neither Valkey nor Redis is installed (Debian: apt-get install redis-server)';

/** Why a test that needs Valkey or Redis cannot run here; false when it can. In CI it always must. */
export const noRedis: string | false = program === undefined && process.env['CI'] === undefined ? MISSING : false;

/** The server's program; throws where there is none. */
export function redisProgram(): string {
  if (program === undefined) throw new Error(MISSING);
  return program;
}

/** Starts a server; `args` are more of its options. */
export async function startRedis(...args: readonly string[]): Promise<TestRedis> {
  const command = redisProgram();
  const folder = await mkdtemp(join(tmpdir(), 'fullmakt-redis-'));
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const server = spawn(command, [...options, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    child = server;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (/Ready to accept/.test(said)) resolve();
      });
      server.once('close', () => reject(new Error(`the server ended: ${said}`)));
    });
  };
  const end = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    crash: end,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async close() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
