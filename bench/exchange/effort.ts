import type { Bulk } from './store.ts';

/** How much is measured. */
export interface Effort {
  readonly requests: number;
  readonly rounds: number;
  readonly fewRounds: number;
  readonly warmUp: number;
  readonly bulk: Bulk;
  /** Durations are seconds. */
  readonly pressure: {
    readonly rounds: number;
    readonly steadySeconds: number;
    readonly overloadSeconds: number;
    readonly recoverySeconds: number;
  };
}

export const FULL: Effort = {
  requests: 2000,
  rounds: 9,
  fewRounds: 5,
  warmUp: 3,
  bulk: { apps: 99_000, grantsEach: 10 },
  pressure: { rounds: 5, steadySeconds: 4, overloadSeconds: 5, recoverySeconds: 6 },
};

/** Below a minute and a half: the registry is smaller, and its figure says so. */
export const QUICK: Effort = {
  requests: 400,
  rounds: 5,
  fewRounds: 2,
  warmUp: 1,
  bulk: { apps: 4000, grantsEach: 10 },
  pressure: { rounds: 2, steadySeconds: 1.5, overloadSeconds: 2, recoverySeconds: 2 },
};
