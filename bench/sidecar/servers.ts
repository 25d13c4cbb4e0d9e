import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarSummary } from '../../src/cli/sidecar-summary.ts';
import { serverOf } from '../shared/servers.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { SeenAnswer } from './look.ts';

/** How `fullmakt sidecar` is run. */
export interface OursOptions {
  /** The file that starts the command. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** A file for what it logs. */
  readonly log: string;
  readonly nodeArgs?: readonly string[];
}

/** The command from its sources. */
export const SOURCE: string = join(import.meta.dirname, '../../src/main.ts');

/** `fullmakt sidecar` as it is in production: with its probes and metrics, log lines in a file. */
export async function startOurs({ main, env, log, nodeArgs = [] }: OursOptions): Promise<BenchServer> {
  const file = openSync(log, 'a');
  const child = spawn(process.execPath, [...nodeArgs, main, 'sidecar', '--json'], {
    env: {
      PATH: process.env['PATH'],
      BIND_ADDRESS: '127.0.0.1:0',
      PROBE_BIND_ADDRESS: '127.0.0.1:0',
      ...env,
    },
    stdio: ['ignore', 'pipe', file],
  });
  closeSync(file);
  const { origins } = await firstWords(child, log);
  return serverOf(child, Number(new URL(origins.api ?? '').port));
}

/** The server of bare.ts, which gives these answers by path. */
export async function startBare(answers: Readonly<Record<string, SeenAnswer>>): Promise<BenchServer> {
  const child = fork(join(import.meta.dirname, 'bare.ts'));
  child.send(answers);
  const [{ port }] = await once(child, 'message');
  return serverOf(child, Number(port));
}

async function firstWords(child: ChildProcess, log: string): Promise<SidecarSummary> {
  let out = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`fullmakt sidecar ended with ${code}: see ${log}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.endsWith('}\n')) resolve(JSON.parse(out));
    });
  });
}
