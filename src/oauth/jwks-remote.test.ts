import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RemoteKeySetOptions } from './jwks.ts';
import { createKeySetBench, settle, threeKeys } from './testing/key-set-bench.ts';
import type { KeySetBench } from './testing/key-set-bench.ts';
import { MINUTE } from './time.ts';

const [a, b, c] = await threeKeys();
const provider = (options: Partial<RemoteKeySetOptions> = {}): KeySetBench => createKeySetBench([a], options);

describe('remote key set (sidecar-sdk.md 2.5)', () => {
  test('fetches when first asked, once for all who ask at the same time', async () => {
    const it = provider();
    assert.equal(it.fetches, 0);
    assert.deepEqual(await Promise.all(['a', 'a', 'zz', 'a'].map(it.finds)), [true, true, false, true]);
    // The one unknown kid has no second fetch: the cool-down of the first still runs.
    assert.equal(it.fetches, 1);
  });

  test('after ten minutes it refreshes in the background while the old set answers', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [b];
    it.time += 10 * MINUTE;
    assert.equal(await it.finds('a'), true);
    await settle();
    assert.equal(it.fetches, 2);
    assert.equal(await it.finds('a'), false);
    assert.equal(await it.finds('b'), true);
  });

  test('an unknown kid causes one fetch that all askers share, and finds a key that is new', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [a, b];
    it.time += 6;
    assert.deepEqual(await Promise.all([it.finds('b'), it.finds('b'), it.finds('b')]), [true, true, true]);
    assert.equal(it.fetches, 2);
  });

  test('unknown kids cannot drive fetches: 5 s, then 10, 20, 30 s between them', async () => {
    const it = provider();
    await it.finds('a');
    const fetchedAt: number[] = [];
    const start = it.time;
    for (; it.time < start + 130; it.time += 1) {
      const fetchesBefore = it.fetches;
      await it.finds(`unknown-${it.time}`);
      if (it.fetches > fetchesBefore) fetchedAt.push(it.time - start);
    }
    assert.deepEqual(fetchedAt, [5, 15, 35, 65, 95, 125]);
  });

  test('a fetch that brought a key puts the cool-down back to 5 s', async () => {
    const it = provider();
    await it.finds('a');
    it.time += 5;
    await it.finds('x');
    it.time += 10;
    it.keys = [a, b];
    assert.equal(await it.finds('b'), true);
    it.time += 5;
    it.keys = [a, b, c];
    assert.equal(await it.finds('c'), true);
  });

  test('a kid that was not found is not looked for again for 5 s, then 10 s, but is valid as soon as it arrives', async () => {
    const it = provider();
    await it.finds('a');
    const asked: number[] = [];
    it.time += 100;
    const start = it.time;
    for (; it.time < start + 60; it.time += 1) {
      const fetchesBefore = it.fetches;
      await it.finds('missing');
      if (it.fetches > fetchesBefore) asked.push(it.time - start);
    }
    assert.deepEqual(asked, [0, 10, 30]);
    it.keys = [{ ...b, kid: 'missing' }];
    await it.keySet.refresh();
    assert.equal(await it.finds('missing'), true);
  });

  test('a key id that is missing stays missing for its pause though the cool-down would allow a fetch', async () => {
    const it = provider();
    await it.finds('a');
    for (let times = 0; times < 4; times += 1) {
      it.time += 60;
      await it.finds('missing');
    }
    it.keys = [a, b];
    it.time += 30;
    assert.equal(await it.finds('b'), true);
    it.time += 6;
    const fetchesBefore = it.fetches;
    assert.equal(await it.finds('missing'), false);
    assert.equal(it.fetches, fetchesBefore);
    assert.equal(await it.finds('another'), false);
    assert.equal(it.fetches, fetchesBefore + 1);
  });

  test('the background refresh is spread over nine to eleven minutes', async () => {
    for (const [random, seconds] of [
      [0, 540],
      [1, 660],
    ] as const) {
      const it = provider({ random: () => random });
      await it.finds('a');
      it.time += seconds - 1;
      await it.finds('a');
      assert.equal(it.fetches, 1);
      it.time += 1;
      await it.finds('a');
      assert.equal(it.fetches, 2);
      await settle();
    }
  });

  test('a removed key is gone with the next fetch, and the generation says so; an added one does not', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [a, b];
    it.time += 6;
    await it.keySet.refresh();
    assert.equal(it.keySet.state().generation, 0);
    it.keys = [b];
    it.time += 6;
    assert.equal(await it.keySet.refresh(), true);
    assert.equal(it.keySet.state().generation, 1);
    assert.equal(await it.finds('a'), false);
  });
});
