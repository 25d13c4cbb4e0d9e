import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RemoteKeySetOptions } from './jwks.ts';
import { createKeySetBench, answerOf, settle, threeKeys } from './testing/key-set-bench.ts';
import type { KeySetBench } from './testing/key-set-bench.ts';
import { MINUTE } from './time.ts';

const [a, b, c] = await threeKeys();
const provider = (options: Partial<RemoteKeySetOptions> = {}): KeySetBench => createKeySetBench([a], options);

const PACE = {
  coolDownSeconds: 30,
  maxMisses: 1000,
  maxAgeSeconds: { least: MINUTE, most: 60 * MINUTE },
  totalSeconds: 5,
};

describe('remote key set with a pace of its own (tokenx.md J9)', () => {
  test('J9 thirty seconds from one attempt to the next, whatever came of it', async () => {
    for (const broken of ['no', 'status', 'network'] as const) {
      const it = provider({ pace: PACE });
      it.broken = broken;
      const start = it.time;
      const fetchedAt: number[] = [];
      for (; it.time < start + 120; it.time += 1) {
        const fetchesBefore = it.fetches;
        await it.finds(`unknown-${it.time}`);
        if (it.fetches > fetchesBefore) fetchedAt.push(it.time - start);
        assert.ok(it.fetches - fetchesBefore <= 1, 'a failure is not tried again at once');
      }
      assert.deepEqual(fetchedAt, [0, 30, 60, 90], broken);
    }
  });

  for (const [header, seconds] of [
    [undefined, 600],
    ['max-age=1200', 1200],
    ['max-age=5', 60],
    ['no-store', 60],
    ['max-age=86400', 3600],
    ['public', 600],
  ] as const) {
    test(`J9 with ${header ?? 'no Cache-Control'} a removed key is gone after ${seconds} s`, async () => {
      for (const random of [0, 0.999]) {
        const it = provider({
          pace: PACE,
          random: () => random,
          fetch: async () => {
            const answer = answerOf(it);
            if (header !== undefined) answer.headers.set('Cache-Control', header);
            return answer;
          },
        });
        await it.finds('a');
        it.keys = [b];
        it.time += seconds * 0.8 - 1;
        assert.equal(await it.keySet.ready(), true);
        assert.equal(it.fetches, 1, 'not much earlier');
        it.time += seconds * 0.1 + 1;
        assert.equal(await it.keySet.ready(), true);
        await settle();
        assert.equal(it.fetches, 2);
        assert.equal(await it.finds('a'), false);
      }
    });
  }

  test('T35 after the clock was set back an hour new keys are found and removed ones go as soon as ever', async () => {
    const it = provider({ pace: PACE });
    await it.finds('a');
    assert.equal(await it.finds('c'), false);
    it.time -= 60 * MINUTE;
    assert.equal(await it.finds('c'), false);
    it.keys = [b, c];
    it.time += 61;
    assert.equal(await it.finds('c'), true, 'found');
    it.keys = [c];
    it.time += 10 * MINUTE;
    assert.equal(await it.keySet.ready(), true);
    await settle();
    assert.equal(await it.finds('b'), false, 'gone');
    assert.equal(it.keySet.state().fetchedAt, it.time);
  });

  test('J9 a thousand unknown key ids are remembered, and good keys stay however many come', async () => {
    const it = provider({ pace: PACE });
    await it.finds('a');
    for (let kid = 0; kid < 3000; kid += 1) {
      it.time += 0.01;
      assert.equal(await it.finds(`bad-${kid}`), false);
    }
    assert.equal(await it.finds('a'), true);
    assert.equal(it.fetches, 2);
  });
});
