import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAlgorithm } from './algorithms.ts';
import { POLICIES, policyFault } from './policy.ts';

test('the sidecar judges as those before it did, the library more strictly (sidecar-sdk.md 2.2, 2.3)', () => {
  const { texas, sdk } = POLICIES;
  assert.deepEqual([texas.leewaySeconds, sdk.leewaySeconds], [60, 30]);
  assert.deepEqual(texas.algorithms, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
  assert.deepEqual(sdk.algorithms, ['RS256']);
  assert.deepEqual([texas.maxLifetimeSeconds, sdk.maxLifetimeSeconds], [undefined, 87_000]);
  for (const { verifiedEntries, verifiedAgeSeconds } of [texas, sdk]) {
    assert.deepEqual([verifiedEntries, verifiedAgeSeconds], [10_000, 60]);
  }
  assert.ok([...texas.algorithms, ...sdk.algorithms].every(isAlgorithm));
});

test('L7 time-claims: a number of a policy is finite and in range, or it is named for what it is not', () => {
  const rows: readonly [Parameters<typeof policyFault>[0], readonly number[], readonly unknown[]][] = [
    ['leewaySeconds', [0, 0.5, 120], [-1, 120.5, Number.NaN, Number.POSITIVE_INFINITY, '60', undefined]],
    ['maxLifetimeSeconds', [1, 87_000, 1e9], [0, -1, Number.POSITIVE_INFINITY, Number.NaN, '1']],
    ['verifiedEntries', [1, 1_000_000], [0, 1.5, 1_000_001, Number.NaN, '10']],
    ['verifiedAgeSeconds', [1, 60, 300], [0, 300.5, -1, Number.POSITIVE_INFINITY, null]],
  ];
  for (const [member, good, bad] of rows) {
    for (const value of good) assert.equal(policyFault(member, value), undefined, `${member} ${value}`);
    for (const value of bad) assert.match(policyFault(member, value) ?? '', /^has to be/, `${member} ${String(value)}`);
  }
});
