/** Waiting, so that tests need not. */
export interface Timers {
  /** Runs this once, so many milliseconds from now; not if the function it returns is called before. */
  after(milliseconds: number, run: () => void): () => void;
  /** Runs this again and again. */
  every(milliseconds: number, run: () => void): () => void;
}

/** Timers that keep no process alive. */
export const realTimers: Timers = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds).unref();
    return () => clearTimeout(timer);
  },
  every(milliseconds, run) {
    const timer = setInterval(run, milliseconds).unref();
    return () => clearInterval(timer);
  },
};
