/** Work behind answers: revocations, and deletions repeated while the store is down. */
import type { Background } from './context.ts';

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 15_000;
const INSIST_MILLISECONDS = 600_000;
const MAX_WAITING = 1000;
/** How many may wait when one more comes that anybody can ask for. */
const MAX_WAITING_BEFORE_ANYBODY = 500;

/** A background; `close` waits for what runs and gives up what only waits for its next try. */
export function createBackground(): Background {
  const running = new Set<Promise<unknown>>();
  const timers = new Set<NodeJS.Timeout>();
  const closing = new AbortController();

  function track(work: Promise<unknown>): void {
    running.add(work);
    // Never a rejection that nobody handles: it would end the process.
    void work.catch(() => undefined).finally(() => running.delete(work));
  }

  function again(
    task: () => Promise<unknown>,
    state: { readonly pause: number; readonly until: number; readonly most: number },
  ): void {
    if (closing.signal.aborted || timers.size >= state.most || performance.now() > state.until) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      const pause = Math.min(state.pause * 2, LONGEST_PAUSE_MILLISECONDS);
      track(task().catch(() => again(task, { ...state, pause })));
    }, state.pause);
    timer.unref();
    timers.add(timer);
  }

  return {
    closing: closing.signal,
    run: (task, onFailure) => track(task().catch(onFailure)),
    insist(task, { by = 'us' } = {}) {
      const most = by === 'anybody' ? MAX_WAITING_BEFORE_ANYBODY : MAX_WAITING;
      again(task, { pause: FIRST_PAUSE_MILLISECONDS, until: performance.now() + INSIST_MILLISECONDS, most });
    },
    async close() {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      // What runs may leave something behind it to run: a lease that is given back when its tokens are stored.
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
