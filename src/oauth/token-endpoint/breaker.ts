import { neverBack } from '../time.ts';
import type { Clock } from '../time.ts';

const FAILURES_TO_OPEN = 5;
const FIRST_PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 30;

/** Keeps traffic from a provider that is down (sidecar-sdk.md 3.3). Times in seconds. */
export interface Breaker {
  /** May this request go out? When open, the seconds until a trial; when the pause is over, exactly one gets through, as the trial. */
  enter():
    | { readonly pass: true; readonly isTrial: boolean }
    | { readonly pass: false; readonly retryAfterSeconds: number };
  succeeded(): void;
  failed(isTrial: boolean): void;
  /** The request ended without a word about the provider (it was never sent): after a trial, another may be made. */
  abandoned(isTrial: boolean): void;
  isOpen(): boolean;
}

/** Five retryable failures in a row open it for 2 s, doubling to 30 s; one trial at a time closes it again. */
export function createBreaker(clock: Clock): Breaker {
  // A clock that is set back must not make the pause longer.
  const now = neverBack(clock);
  let failures = 0;
  let pauseSeconds = 0;
  let openUntil = 0;
  let trialRunning = false;

  return {
    enter() {
      if (pauseSeconds === 0) return { pass: true, isTrial: false };
      const left = openUntil - now();
      if (left > 0) return { pass: false, retryAfterSeconds: Math.ceil(left) };
      if (trialRunning) return { pass: false, retryAfterSeconds: 1 };
      trialRunning = true;
      return { pass: true, isTrial: true };
    },
    succeeded() {
      failures = 0;
      pauseSeconds = 0;
      trialRunning = false;
    },
    failed(isTrial) {
      // Answers to requests sent before it opened say nothing new: the pause grows by trials only.
      if (pauseSeconds > 0 && !isTrial) return;
      if (isTrial) trialRunning = false;
      failures += 1;
      if (failures < FAILURES_TO_OPEN) return;
      pauseSeconds = pauseSeconds === 0 ? FIRST_PAUSE_SECONDS : Math.min(pauseSeconds * 2, LONGEST_PAUSE_SECONDS);
      openUntil = now() + pauseSeconds;
    },
    abandoned(isTrial) {
      if (isTrial) trialRunning = false;
    },
    isOpen: () => pauseSeconds > 0,
  };
}
