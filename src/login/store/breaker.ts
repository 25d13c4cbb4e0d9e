/** Turns work away while it keeps failing, so that nobody waits for a store that is away. */
const FAILURES_TO_OPEN = 5;
const FAILING_MILLISECONDS = 1000;
const PROBE_MILLISECONDS = 500;

/** A breaker for one kind of work. */
export interface Breaker {
  /** Whether work may begin now; while open that is one piece every half second, the probe. */
  admit(): boolean;
  succeeded(): void;
  failed(): void;
  isOpen(): boolean;
  /** As if nothing had failed yet. */
  reset(): void;
}

/** Closed. Opens after five failures in a row, or when failures have gone on for a second. `clock` is in milliseconds. */
export function createBreaker(clock: () => number): Breaker {
  let failures = 0;
  let failingSince = 0;
  let open = false;
  let probeAt = 0;

  const reset = (): void => {
    failures = 0;
    open = false;
  };
  return {
    admit() {
      if (!open) return true;
      if (clock() < probeAt) return false;
      probeAt = clock() + PROBE_MILLISECONDS;
      return true;
    },
    succeeded: reset,
    failed() {
      const now = clock();
      if (failures === 0) failingSince = now;
      failures += 1;
      if (open || (failures < FAILURES_TO_OPEN && now - failingSince < FAILING_MILLISECONDS)) return;
      open = true;
      probeAt = now + PROBE_MILLISECONDS;
    },
    isOpen: () => open,
    reset,
  };
}
