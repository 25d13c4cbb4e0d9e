import assert from 'node:assert/strict';
import test from 'node:test';
import {
  cooldownEnd,
  createTimes,
  isRefreshDue,
  isRefreshPossible,
  nextRefresh,
  refreshTimes,
  sessionPhase,
} from './times.ts';

/** life, inactivity (s) → expire, cooldown end, next (s) */
const TABLE: readonly (readonly [number, number | undefined, number, number, number])[] = [
  [3600, undefined, 3600, 60, 3570],
  [300, undefined, 300, 60, 270],
  [121, undefined, 121, 60, 91],
  [120, undefined, 120, 60, 90],
  [60, undefined, 60, 30, 30],
  [20, undefined, 20, 10, 10],
  [3600, 3600, 3600, 60, 1800],
  [3600, 1800, 1800, 60, 900],
  [3600, 60, 60, 30, 30],
  [600, 3600, 600, 60, 570],
  [86_400, 7200, 7200, 60, 3600],
  [10, undefined, 10, 5, 5],
];

for (const [life, inactivity, expire, cooldown, next] of TABLE) {
  test(`a token of ${life} s with inactivity ${inactivity ?? 'off'} expires, cools down and refreshes on time (6)`, () => {
    const lifetimes = {
      maxLifetime: 36_000_000,
      inactivityTimeout: inactivity === undefined ? undefined : inactivity * 1000,
    };
    const times = createTimes(0, life * 1000, lifetimes);
    assert.deepEqual(
      [times.expireAt, cooldownEnd(times), nextRefresh(times)],
      [expire * 1000, cooldown * 1000, next * 1000],
    );
  });
}

const HOUR = 3_600_000;

test('no refresh moves the end of a session (LT-1)', () => {
  const lifetimes = { maxLifetime: 10 * HOUR, inactivityTimeout: HOUR };
  const times = createTimes(0, HOUR, lifetimes);
  const later = refreshTimes(times, { now: HOUR / 2, tokenLifetime: HOUR, lifetimes });
  assert.equal(later.endsAt, 10 * HOUR);
  assert.equal(later.createdAt, 0);
  assert.equal(later.timeoutAt, HOUR / 2 + HOUR);
});

test('a session is inactive after its timeout and ended after its end (LT-2)', () => {
  const times = createTimes(0, HOUR, { maxLifetime: 2 * HOUR, inactivityTimeout: HOUR });
  assert.equal(sessionPhase(times, HOUR), 'active');
  assert.equal(sessionPhase(times, HOUR + 1), 'inactive');
  assert.equal(sessionPhase(times, 2 * HOUR + 1), 'ended');
});

test('a refresh is due after its moment, and possible only with a refresh token and after the cooldown (6)', () => {
  const times = createTimes(0, HOUR, { maxLifetime: 10 * HOUR, inactivityTimeout: undefined });
  assert.equal(isRefreshDue(times, nextRefresh(times)), false);
  assert.equal(isRefreshDue(times, nextRefresh(times) + 1), true);
  assert.equal(isRefreshPossible(times, true, 59_999), false);
  assert.equal(isRefreshPossible(times, true, 60_000), true);
  assert.equal(isRefreshPossible(times, false, 60_000), false);
});
