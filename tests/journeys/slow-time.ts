import { once } from 'node:events';
import type { TestContext } from 'node:test';

/**
 * Time in which slow answers take none: when a provider is to wait longer than the call under way may take, that call's time is up at
 * once. So a test meets the client's real limits without waiting for them.
 */
export interface SlowTime {
  /** How slow answers wait, in milliseconds. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** From here to the end of the test `AbortSignal.timeout` counts this time. */
  rule(t: TestContext): void;
}

interface Limit {
  readonly milliseconds: number;
  readonly controller: AbortController;
}

/** A call has two: its own, and that of the way out. */
const LIMITS_OF_A_CALL = 2;

/** Nobody has a limit yet. */
export function createSlowTime(): SlowTime {
  let limits: readonly Limit[] = [];
  return {
    wait: async (milliseconds, signal) => {
      // The call that is being answered is the one that was begun last.
      const passed = limits.slice(-LIMITS_OF_A_CALL).filter((limit) => limit.milliseconds <= milliseconds);
      for (const { controller } of passed) controller.abort(new DOMException('the time is up', 'TimeoutError'));
      if (passed.length > 0 && !signal.aborted) await once(signal, 'abort');
    },
    rule: (t) => {
      limits = [];
      t.after(() => {
        limits = [];
      });
      t.mock.method(AbortSignal, 'timeout', (milliseconds: number) => {
        const controller = new AbortController();
        limits = [...limits, { milliseconds, controller }];
        return controller.signal;
      });
    },
  };
}
