import { readFileSync } from 'node:fs';

/** Whether a process still runs. One that has ended may stay in the table until somebody asks for its exit code. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
