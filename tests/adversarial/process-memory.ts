import { readdirSync, readFileSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { until } from '../until.ts';

/* What a process of ours holds, seen from outside. */

/** Has a Node process say on standard error, once it gets SIGUSR2, how many bytes are in use when all garbage is gone. */
export const HEAP_ON_SIGNAL: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(
    "process.on('SIGUSR2', () => { gc(); gc(); process.stderr.write(`heap ${process.memoryUsage().heapUsed}\\n`); })",
  )}`,
};

/** Bytes that such a process has in use. */
export async function heapBytes({ child, said }: { child: ChildProcess; said: () => string }): Promise<number> {
  const { length } = said();
  child.kill('SIGUSR2');
  const told = (): string | undefined => /heap (\d+)\n/.exec(said().slice(length))?.[1];
  await until(() => told() !== undefined);
  return Number(told());
}

/** Bytes of memory that a process takes. */
export function rssBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** How many files and sockets a process has open. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
