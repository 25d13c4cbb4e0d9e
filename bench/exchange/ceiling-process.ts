import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BenchTokens } from './requests.ts';
import type { BenchKeys, Mix } from './world.ts';

/** What the process of ceiling-child.ts is told first. */
export interface CeilingTask {
  readonly keys: BenchKeys;
  readonly mix: Mix;
  readonly tokens: BenchTokens;
}

/** The cryptography of one request, measured in a process of its own. */
export interface CeilingProcess {
  /** Processor time of one request in microseconds, over so many. */
  micros(turns: number): Promise<number>;
  close(): Promise<void>;
}

export async function openCeiling(keys: BenchKeys, mix: Mix, tokens: BenchTokens): Promise<CeilingProcess> {
  const child = fork(join(import.meta.dirname, 'ceiling-child.ts'));
  const task: CeilingTask = { keys, mix, tokens };
  child.send(task);
  await once(child, 'message');
  return {
    async micros(turns) {
      const answered = once(child, 'message');
      child.send(turns);
      return Number((await answered)[0]);
    },
    async close() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
