import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { processCpuMicros, processTree } from './processes.ts';

const STOP_WITHIN_MS = 5000;

/** A server under load, in processes of its own. */
export interface BenchServer {
  readonly port: number;
  readonly pid: number;
  /** Processor time so far of all its processes and threads. */
  cpuMicros(): number;
  stop(): Promise<void>;
}

/** A server that was started; whatever ends the benchmark ends it. */
export function serverOf(child: ChildProcess, port: number): BenchServer {
  const pid = child.pid ?? 0;
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
