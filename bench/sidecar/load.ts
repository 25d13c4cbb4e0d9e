import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Burst } from '../shared/closed-loop.ts';
import type { Asking } from './asking.ts';

interface Where {
  readonly port: number;
  readonly connections: number;
}

/** What applications are asked to do; every task has one answer. */
export type LoadTask = Where &
  (
    | { readonly task: 'burst'; readonly askings: readonly Asking[]; readonly count: number }
    | { readonly task: 'pace'; readonly askings: readonly Asking[]; readonly rate: number; readonly seconds: number }
    /** Introspections of `token` under key ids that are new each time. */
    | { readonly task: 'flood'; readonly token: string; readonly count: number; readonly rate: number }
  );

/** What became of a load that does not wait; times are milliseconds from when a request was due. */
export interface Steady {
  /** Requests a second. */
  readonly offered: number;
  /** Answers a second. */
  readonly perSecond: number;
  readonly count: number;
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** What is answered to each task. */
export interface LoadAnswers {
  readonly burst: Burst;
  readonly pace: Steady;
  readonly flood: Steady;
}

/** Applications in a process of their own; one task at a time. */
export interface Load {
  ask<Task extends LoadTask>(task: Task): Promise<LoadAnswers[Task['task']]>;
  close(): Promise<void>;
}

/** Starts the process. */
export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, 'load-child.ts'));
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end);
  return {
    async ask(task) {
      const answered = once(child, 'message');
      child.send(task);
      const [answer] = await answered;
      if (typeof answer === 'object' && 'failed' in answer) throw new Error(`${task.task}: ${answer.failed}`);
      return answer;
    },
    async close() {
      process.off('exit', end);
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
