import type { Emit } from '../observe/events.ts';
import type { Situation } from './errors.ts';
import type { ExchangeEvent } from './events.ts';

/** Requests that were refused before anyone claimed to be a client: summed, so that a flood cannot fill the audit log. */
export interface TurnedAway {
  add(src: string, reason: Situation): void;
  /** Tells the sums so far; those that cannot be told are kept. */
  flush(): void;
  close(): void;
}

const WINDOW_MS = 10_000;
const MAX_SUMS = 1000;

/** Sums by source and reason, told every 10 s. */
export function createTurnedAway(emit: Emit<ExchangeEvent>): TurnedAway {
  const sums = new Map<string, { readonly src: string; readonly reason: Situation; readonly count: number }>();
  const flush = (): void => {
    try {
      for (const [key, sum] of sums) {
        emit({ event: 'exchange.turned_away_sum', ...sum });
        sums.delete(key);
      }
    } catch {
      // The audit log cannot be written: every request is answered 503 meanwhile, and the sums wait for the next time.
    }
  };
  const timer = setInterval(flush, WINDOW_MS).unref();
  return {
    add(src, reason) {
      const source = sums.size < MAX_SUMS ? src : 'other';
      const key = `${source} ${reason}`;
      sums.set(key, { src: source, reason, count: (sums.get(key)?.count ?? 0) + 1 });
    },
    flush,
    close() {
      clearInterval(timer);
      flush();
    },
  };
}
