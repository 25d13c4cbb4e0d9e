import type { Fetch } from '../../oauth/fetch.ts';

/** The same calls, at most so many at one time; the others wait in the order they came, each for as long as its signal lets it. */
export function atMost(fetch: Fetch, most: number): Fetch {
  let running = 0;
  const waiting = new Set<() => void>();
  const turn = (signal: AbortSignal | null | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(go);
        reject(signal?.reason);
      };
      const go = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      if (signal?.aborted === true) return leave();
      signal?.addEventListener('abort', leave, { once: true });
      waiting.add(go);
    });
  return async (url, init) => {
    if (running < most) running += 1;
    else await turn(init?.signal);
    try {
      return await fetch(url, init);
    } finally {
      // Whoever waits takes over the place itself, so that nobody who comes just now is faster.
      const [next] = waiting;
      if (next === undefined) running -= 1;
      else {
        waiting.delete(next);
        next();
      }
    }
  };
}
