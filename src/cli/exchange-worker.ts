import type { MetricSnapshot } from '../observe/metrics.ts';
import type { WorkerHears, WorkerSays } from './exchange-messages.ts';

/** The line from a worker to the process that started it. */
export interface Line {
  say(words: WorkerSays): void;
  /** The figures of all workers, this one's included. */
  figuresOfAll(): Promise<readonly MetricSnapshot[]>;
  /** Settles when the other end is gone. */
  readonly lost: Promise<void>;
}

const ID_STEP = 1_000_000;
const ALL_WITHIN_MS = 2000;

/** Opens the line; `figures` are those of this process. */
export function openLine(figures: () => Promise<MetricSnapshot>): Line {
  const waiting = new Map<number, (all: readonly MetricSnapshot[]) => void>();
  const lost = Promise.withResolvers<void>();
  let asked = 0;
  const answerFigures = async (id: number): Promise<void> => say({ kind: 'figures', id, figures: await figures() });
  process.on('message', (words: WorkerHears) => {
    if (words.kind === 'alive?') say({ kind: 'alive' });
    if (words.kind === 'figures') waiting.get(words.id)?.(words.figures);
    if (words.kind === 'figures?') void answerFigures(words.id);
  });
  process.once('disconnect', () => lost.resolve());
  return {
    say,
    lost: lost.promise,
    async figuresOfAll() {
      // Ids of several workers meet in one process: each counts in steps of its own.
      const id = process.pid * ID_STEP + ((asked += 1) % ID_STEP);
      const answer = Promise.withResolvers<readonly MetricSnapshot[]>();
      const timer = setTimeout(() => answer.resolve([]), ALL_WITHIN_MS);
      waiting.set(id, answer.resolve);
      say({ kind: 'figures?', id });
      const all = await answer.promise;
      clearTimeout(timer);
      waiting.delete(id);
      // Better one process's figures than none.
      return all.length === 0 ? [await figures()] : all;
    },
  };
}

function say(words: WorkerSays): void {
  // The other end may go at any moment; `lost` is what tells.
  if (process.connected) process.send?.(words, undefined, undefined, () => {});
}
