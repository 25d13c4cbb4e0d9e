import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.ts';

test('random ids have the length asked for, are base64url, and none is given out twice', () => {
  const random = createRandom();
  const given = new Set<string>();
  for (let turn = 0; turn < 2000; turn += 1) {
    const text = random(16);
    assert.match(text, /^[A-Za-z0-9_-]{22}$/);
    given.add(text);
  }
  assert.equal(given.size, 2000);
});

test('a stock that runs out in the middle of an id is filled anew first', () => {
  const random = createRandom();
  for (const bytes of [4090, 96, 4096, 1]) {
    const text = random(bytes);
    assert.equal(Buffer.from(text, 'base64url').length, bytes);
    // Sixteen bytes of zero would be the stock after it was given out.
    assert.doesNotMatch(text, /A{22}/);
  }
  assert.throws(() => random(4097), RangeError);
});
