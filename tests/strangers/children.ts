import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds for a child process to start, and to end. */
export const PATIENCE = 30_000;

/** Resolves when a child process is gone, after `ask` told it to go; it is ended by force when that takes too long. */
export async function endChild(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  ask();
  const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await gone;
  clearTimeout(impatience);
}
