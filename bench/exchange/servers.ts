import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { serverOf } from '../shared/servers.ts';
import type { BenchServer } from '../shared/servers.ts';
import { ISSUER, trustedIssuers } from './world.ts';
import type { BenchKeys } from './world.ts';

/** How `fullmakt exchange` is run. */
export interface OursOptions {
  readonly dir: string;
  readonly keys: BenchKeys;
  readonly workers?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, '../..');

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
