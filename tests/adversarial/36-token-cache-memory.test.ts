import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTokenCache } from '../../src/oauth/tokens/token-cache.ts';
import { createHeapMeter } from './36-floods.ts';

const ROUNDS = 6;
const TOKENS = 10_000;
/** Less than three tenths of what the tokens of one round take; what a program itself takes goes up and down by half of it. */
const GROWTH_BYTES = 2 * 1024 * 1024;

test(`T36 tokens whose time is over leave nothing in memory, however many came and went while the cache was never full: ${ROUNDS} times ${TOKENS}`, async (t) => {
  const heap = createHeapMeter();
  const clock = { now: 1_800_000_000 };
  const timer: { work: () => void } = { work: () => undefined };
  const cache = createTokenCache<string>({
    now: () => clock.now,
    everySecond: (work) => {
      timer.work = work;
      return () => undefined;
    },
  });
  t.after(() => cache.close());
  const key = { provider: 'tokenx', grant: 'exchange', issuer: 'x', clientId: 'a' } as const;
  const after: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let n = 0; n < TOKENS; n += 1) {
      const value = `${'x'.repeat(800)}${round}-${n}`;
      const load = (): Promise<{ value: string; expiresIn: number; bytes: number }> =>
        Promise.resolve({ value, expiresIn: 30, bytes: value.length });
      await cache.get({ ...key, target: `t-${n}`, userToken: `u-${round}-${n}` }, load);
      if (n % 100 !== 99) continue;
      clock.now += 1;
      timer.work();
    }
    clock.now += 60;
    for (let tick = 0; tick < 20; tick += 1) timer.work();
    assert.equal(cache.size().entries, 0);
    after.push(heap());
  }
  const [early, late] = [after.slice(0, ROUNDS / 2), after.slice(ROUNDS / 2)].map((heaps) => Math.min(...heaps));
  assert.ok((late ?? 0) - (early ?? 0) < GROWTH_BYTES, after.join(' '));
});
