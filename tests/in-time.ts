import assert from 'node:assert/strict';

/** How many times as long a machine with much else to do may take. */
const LOADED = 6;

/**
 * Fails when something took far longer than it may, both in milliseconds: not by a bit, as on a busy machine it does, but by so much that
 * nobody kept the time. What is promised exactly is measured by the benchmarks.
 */
export function assertInTime(tookMs: number, mayTakeMs: number, said: string = 'it'): void {
  assert.ok(tookMs < LOADED * mayTakeMs, `${said} took ${Math.round(tookMs)} ms and may take ${mayTakeMs}`);
}
