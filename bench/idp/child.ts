import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server in a process of its own; `ports` by the name of the listener. */
export interface Child {
  readonly process: ChildProcess;
  readonly ports: Readonly<Record<string, number>>;
}

/** What a process has used so far, its garbage collector and thread pool included, and what it holds. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** Starts a server process and waits until it listens. */
export async function startChild(file: string, task: object): Promise<Child> {
  // As `fullmakt` has it: types are stripped at the first start and not again.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'fullmakt-bench-compile-cache') };
  const child = fork(file, { env });
  child.send(task);
  const [{ ports }] = await once(child, 'message');
  return { process: child, ports };
}

/** Asks a server process what it has used. */
export async function usageOf(child: Child): Promise<Usage> {
  child.process.send('usage');
  const [usage] = await once(child.process, 'message');
  return usage;
}

/** Ends a server process. */
export async function endChild(child: Child): Promise<void> {
  // Not killed by a signal: then what it has compiled would be lost, and every start were a first one.
  child.process.disconnect();
  await once(child.process, 'exit');
}

/** The other side: tells that its ports are open, then answers what it has used until the parent is gone. */
export function reportUsage(ports: Child['ports']): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const usage: Usage = { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
    process.send?.(usage);
  });
  process.send?.({ ports });
}
