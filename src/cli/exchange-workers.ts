import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import type { WorkerHears, WorkerSays } from './exchange-messages.ts';

/** Several processes on one port, seen from the one that started them. */
export interface Workers {
  /** What the workers have in common, once all of them listen. Rejects when one cannot start. */
  readonly ready: Promise<unknown>;
  /** Has every worker finish what it began and waits for the last; those that need longer than their own grace are cut. */
  close(): Promise<void>;
}

/** How the workers fare. */
export interface WorkerNews {
  readonly restarted: (pid: number | undefined, how: string, afterMs: number) => void;
  readonly failed: (pid: number | undefined, why: string) => void;
  readonly stalled: (pid: number | undefined) => void;
}

const ASK_EVERY_MS = 1000;
/** A worker that has not answered for so long is stuck: its clients are better served by a new one. */
const STALLED_AFTER_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that ran so long did not fail at its start. */
const SETTLED_AFTER_MS = 60_000;
/** More than the workers' own grace, which begins once their delay is over. */
const CLOSE_WITHIN_MS = 30_000;

interface Member {
  readonly worker: Worker;
  readonly startedAt: number;
  heardAt: number;
  isReady: boolean;
}

/** Starts the workers with the arguments of this process, and a new one for each that ends. When told to end they go on for `drainDelaySeconds`. */
export function startWorkers(count: number, drainDelaySeconds: number, news: WorkerNews): Workers {
  const members = new Map<number, Member>();
  const ready = Promise.withResolvers<unknown>();
  const pauses = new Set<NodeJS.Timeout>();
  let [isUp, isClosing, pauseMs] = [false, false, FIRST_PAUSE_MS];
  const start = (): void => {
    const worker = cluster.fork();
    const member: Member = { worker, startedAt: performance.now(), heardAt: performance.now(), isReady: false };
    members.set(worker.id, member);
    worker.on('message', (said: WorkerSays) => hear(member, said));
    worker.once('exit', (code, signal) => ended(member, signal ?? `code ${code}`));
  };
  const hear = (member: Member, said: WorkerSays): void => {
    member.heardAt = performance.now();
    if (said.kind === 'figures?') void answerFigures(member.worker, said.id, members);
    if (said.kind === 'failed') {
      if (isUp) news.failed(member.worker.process.pid, said.message);
      else ready.reject(new WorkerFailed(said.message, said.exitCode));
    }
    if (said.kind !== 'ready') return;
    member.isReady = true;
    if (members.size === count && [...members.values()].every((each) => each.isReady)) {
      isUp = true;
      ready.resolve(said.summary);
    }
  };
  const ended = (member: Member, how: string): void => {
    members.delete(member.worker.id);
    if (isClosing) return;
    if (!isUp) return ready.reject(new WorkerFailed(`a worker ended before it was ready (${how})`, 4));
    if (performance.now() - member.startedAt > SETTLED_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
    news.restarted(member.worker.process.pid, how, pauseMs);
    const pause = setTimeout(() => {
      pauses.delete(pause);
      start();
    }, pauseMs);
    pauses.add(pause);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  };
  const watch = setInterval(() => {
    for (const { worker, heardAt } of members.values()) {
      if (performance.now() - heardAt > STALLED_AFTER_MS) {
        news.stalled(worker.process.pid);
        worker.process.kill('SIGKILL');
      } else tell(worker, { kind: 'alive?' });
    }
  }, ASK_EVERY_MS);
  for (let started = 0; started < count; started += 1) start();
  return {
    ready: ready.promise,
    async close() {
      isClosing = true;
      clearInterval(watch);
      for (const pause of pauses) clearTimeout(pause);
      await Promise.all(
        [...members.values()].map(({ worker }) => endWorker(worker, CLOSE_WITHIN_MS + drainDelaySeconds * 1000)),
      );
    },
  };
}

/** A worker could not start; the message says what to do. */
class WorkerFailed extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function endWorker(worker: Worker, withinMs: number): Promise<void> {
  if (worker.isDead()) return;
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  worker.process.kill('SIGTERM');
  const cut = setTimeout(() => worker.process.kill('SIGKILL'), withinMs);
  await gone;
  clearTimeout(cut);
}

/** Asks every worker and gives all answers that come in time to the one that asked. */
async function answerFigures(asker: Worker, id: number, members: ReadonlyMap<number, Member>): Promise<void> {
  const answers = await Promise.all([...members.values()].map(({ worker }) => figuresOf(worker, id)));
  tell(asker, { kind: 'figures', id, figures: answers.filter((each) => each !== undefined) });
}

const FIGURES_WITHIN_MS = 1000;

function figuresOf(
  worker: Worker,
  id: number,
): Promise<Extract<WorkerSays, { kind: 'figures' }>['figures'] | undefined> {
  return new Promise((resolve) => {
    const done = (figures?: Extract<WorkerSays, { kind: 'figures' }>['figures']): void => {
      clearTimeout(timer);
      worker.off('message', hear);
      resolve(figures);
    };
    const hear = (said: WorkerSays): void => {
      if (said.kind === 'figures' && said.id === id) done(said.figures);
    };
    const timer = setTimeout(done, FIGURES_WITHIN_MS);
    worker.on('message', hear);
    tell(worker, { kind: 'figures?', id });
  });
}

function tell(worker: Worker, words: WorkerHears): void {
  // A worker may go at any moment; its exit is what tells.
  if (worker.isConnected()) worker.send(words, undefined, undefined, () => {});
}
