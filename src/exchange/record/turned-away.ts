import type { Recorder } from '../../observe/events.ts';
import type { Situation } from '../errors.ts';
import type { ExchangeEvent } from './events.ts';

/** Requests that were refused before anyone claimed to be a client: summed, so that a flood cannot fill the audit log. */
export interface TurnedAway {
  add(src: string, reason: Situation): void;
  /** Puts the sums so far on record, and stops; those that cannot be recorded are kept. */
  close(): Promise<void>;
}

const WINDOW_MS = 10_000;
const MAX_SUMS = 1000;

/** Sums by source and reason, put on record every 10 s. */
export function createTurnedAway(record: Recorder<ExchangeEvent>): TurnedAway {
  const sums = new Map<string, { readonly src: string; readonly reason: Situation; readonly count: number }>();
  const add = (src: string, reason: Situation, count: number): void => {
    const source = sums.size < MAX_SUMS ? src : 'other';
    const key = `${source} ${reason}`;
    sums.set(key, { src: source, reason, count: (sums.get(key)?.count ?? 0) + count });
  };
  const flush = async (): Promise<void> => {
    const told = [...sums.values()];
    sums.clear();
    await Promise.all(
      told.map(async (sum) => {
        try {
          await record({ event: 'exchange.turned_away_sum', ...sum });
        } catch {
          // No decision can be recorded now, so every request is answered 503; the sums wait for the next time.
          add(sum.src, sum.reason, sum.count);
        }
      }),
    );
  };
  const timer = setInterval(() => void flush(), WINDOW_MS).unref();
  return {
    add: (src, reason) => add(src, reason, 1),
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
