import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { processCpuMicros, processTree } from './processes.ts';
import { ISSUER, trustedIssuers } from './world.ts';
import type { BenchKeys } from './world.ts';

/** A server under load, in processes of its own. */
export interface BenchServer {
  readonly port: number;
  readonly pid: number;
  /** Processor time so far of all its processes and threads. */
  cpuMicros(): number;
  stop(): Promise<void>;
}

/** How `fullmakt exchange` is run. */
export interface OursOptions {
  readonly dir: string;
  readonly keys: BenchKeys;
  readonly workers?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, '../..');
const STOP_WITHIN_MS = 5000;

/** `fullmakt exchange` as it is in production: embedded stores, audit file, log lines in a file. */
export async function startOurs({ dir, keys, workers = 1, env = {} }: OursOptions): Promise<BenchServer> {
  const log = openSync(join(dir, 'log.jsonl'), 'a');
  const child = spawn(
    process.execPath,
    [join(ROOT, 'src/main.ts'), 'exchange', '--json', '--dir', dir, '--workers', String(workers)],
    {
      env: {
        PATH: process.env['PATH'],
        FULLMAKT_EXCHANGE_ISSUER: ISSUER,
        FULLMAKT_EXCHANGE_BIND: '127.0.0.1:0',
        FULLMAKT_EXCHANGE_ISSUERS: trustedIssuers(keys),
        ...env,
      },
      stdio: ['ignore', 'pipe', log],
    },
  );
  closeSync(log);
  const { origins } = await firstWords(child, dir);
  return serverOf(child, Number(new URL(origins[0] ?? '').port));
}

/** A server of the benchmark's own, in the file of that name beside this one. */
export async function startHelper(name: 'peer' | 'constant', keys: BenchKeys): Promise<BenchServer> {
  const child = fork(join(import.meta.dirname, `${name}.ts`));
  child.send(keys);
  const [{ port }] = await once(child, 'message');
  return serverOf(child, Number(port));
}

async function firstWords(child: ChildProcess, dir: string): Promise<{ readonly origins: readonly string[] }> {
  let out = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`fullmakt exchange ended with ${code}: see log.jsonl in ${dir}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.trimEnd().endsWith('}')) resolve(JSON.parse(out));
    });
  });
}

function serverOf(child: ChildProcess, port: number): BenchServer {
  const pid = child.pid ?? 0;
  // Whatever ends the benchmark ends its servers.
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return {
    port,
    pid,
    cpuMicros: () => processTree(pid).reduce((sum, each) => sum + processCpuMicros(each), 0),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await gone;
      clearTimeout(cut);
    },
  };
}
