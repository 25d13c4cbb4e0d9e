/** Notices when the process could not answer anybody for a while. */
export interface StallWatch {
  /** Whether that happened lately: whoever balances load should send less here until it is over. */
  stalled(): boolean;
  close(): void;
}

const TICK_MS = 500;
/** So late is no tick of a process that is well. */
const LATE_MS = 2000;
const REMEMBERED_MS = 10_000;

/** Watches the event loop of this process. `elapsed` is a clock that never goes back, in milliseconds. */
export function watchStalls(elapsed: () => number = () => performance.now()): StallWatch {
  let tickedAt = elapsed();
  let stalledAt = Number.NEGATIVE_INFINITY;
  const look = (): number => {
    const time = elapsed();
    if (time - tickedAt > TICK_MS + LATE_MS) stalledAt = time;
    return time;
  };
  const timer = setInterval(() => (tickedAt = look()), TICK_MS).unref();
  return {
    // Asked before the late tick has come: the question itself shows how late it is.
    stalled: () => look() - stalledAt < REMEMBERED_MS,
    close: () => clearInterval(timer),
  };
}
