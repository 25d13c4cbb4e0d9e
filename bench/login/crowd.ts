import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CrowdAnswers, CrowdTask } from './crowd-task.ts';

/** Browsers in a process of their own; one task at a time. */
export interface Crowd {
  ask<Task extends CrowdTask>(task: Task): Promise<CrowdAnswers[Task['task']]>;
  close(): Promise<void>;
}

/** Starts the process. */
export function startCrowd(): Crowd {
  const child = fork(join(import.meta.dirname, 'crowd-child.ts'));
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
