import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchCause } from './jwks.ts';
import { createKeySetBench, settle, threeKeys } from './testing/key-set-bench.ts';
import { MINUTE } from './time.ts';

const [a, b] = await threeKeys();

test('tells why a set was fetched: there was none, it had its age, a token named a key that was not in it (3.9)', async () => {
  const it = createKeySetBench([a]);
  await it.finds('a');
  it.time += 10 * MINUTE;
  await it.finds('a');
  await settle();
  it.time += 6;
  it.keys = [a, b];
  await it.finds('b');
  it.time += 10 * MINUTE;
  it.broken = 'network';
  await it.finds('a');
  await settle();
  const told = it.events.map((event) => `${event.event} ${'because' in event ? event.because : ''}`);
  assert.deepEqual(told, ['jwks.fetched first', 'jwks.fetched age', 'jwks.fetched unknown_kid', 'jwks.failed age']);
});

test('tells of every fetch that the cool-down forbade, and counts the keys that were left out (3.9)', async () => {
  const suppressed: FetchCause[] = [];
  const it = createKeySetBench([a, { kty: 'RSA', kid: 'bad' }], {
    onSuppressed: (because) => suppressed.push(because),
  });
  await it.finds('a');
  assert.equal(suppressed.length, 0);
  await it.finds('x');
  it.time += 6;
  await it.finds('x');
  await it.finds('x');
  assert.deepEqual(suppressed, ['unknown_kid', 'unknown_kid']);
  assert.equal(it.keySet.state().skipped, 1);
  const early: FetchCause[] = [];
  const never = createKeySetBench([a], { onSuppressed: (because) => early.push(because) });
  never.broken = 'status';
  await never.finds('a');
  await never.finds('a');
  assert.deepEqual(early, ['first']);
});
