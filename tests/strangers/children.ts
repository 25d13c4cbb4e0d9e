import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds for a child process to start, and to end. */
export const PATIENCE = 30_000;

/**
 * Resolves when a child process is gone and all it printed has been read, after `ask` told it to go; it is ended by force when that takes
 * too long.
 */
export async function endChild(child: ChildProcess, ask: () => void): Promise<void> {
  const isOver = child.exitCode !== null || child.signalCode !== null;
  // Not 'close': for whoever disconnects there is none.
  const gone = [isOver ? Promise.resolve() : once(child, 'exit'), ...child.stdio.map(closed)];
  if (!isOver) ask();
  const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await Promise.all(gone);
  clearTimeout(impatience);
}

async function closed(stream: ChildProcess['stdio'][number]): Promise<void> {
  if (stream?.destroyed === false) await once(stream, 'close');
}
