import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { createTokenCache, type LoadedToken, type TokenCache } from './token-cache.ts';

interface Bench {
  time: number;
  loads: number;
  readonly cache: TokenCache<string>;
  /** Loads a token that says how many were loaded before. */
  get(parts: readonly (string | undefined)[], token?: Partial<LoadedToken<string>>, skip?: boolean): Promise<string>;
}

function bench(t: TestContext, bounds = { maxEntries: 100, maxBytes: 1_000_000 }): Bench {
  const state: Bench = {
    time: 1000,
    loads: 0,
    cache: createTokenCache<string>({ now: () => state.time, ...bounds }),
    get: async (parts, token = {}, skip = false) => {
      const load = async (): Promise<LoadedToken<string>> => {
        state.loads += 1;
        return { value: `t${state.loads}`, expiresIn: 3600, bytes: 10, ...token };
      };
      const { value, secondsLeft, result } = await state.cache.get(parts, load, { skip });
      return `${value} ${secondsLeft} ${result}`;
    },
  };
  t.after(() => state.cache.close());
  return state;
}

test('a token is kept until 120 s before its end, and its remaining life shrinks', async (t) => {
  const it = bench(t);
  assert.equal(await it.get(['k']), 't1 3600 miss');
  it.time += 3479.5;
  assert.equal(await it.get(['k']), 't1 120 hit');
  it.time += 0.5;
  assert.equal(await it.get(['k']), 't2 3600 miss');
});

test('a token that lives 120 s or less is kept for half its life', async (t) => {
  const it = bench(t);
  await it.get(['k'], { expiresIn: 120 });
  it.time += 59;
  assert.equal(await it.get(['k']), 't1 61 hit');
  it.time += 1;
  assert.equal(await it.get(['k']), 't2 3600 miss');
});

for (const expiresIn of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
  test(`a token that says it lives ${expiresIn} s is handed on but not kept`, async (t) => {
    const it = bench(t);
    await it.get(['k'], { expiresIn });
    assert.equal(it.cache.size().entries, 0);
  });
}

test('an entry ends with the user token it came from', async (t) => {
  const it = bench(t);
  await it.get(['k'], { until: 1060 });
  it.time = 1059;
  assert.equal(await it.get(['k']), 't1 3541 hit');
  it.time = 1060;
  assert.equal(await it.get(['k']), 't2 3600 miss');
  await it.get(['past'], { until: 1 });
  assert.equal(it.cache.size().entries, 1);
});

test('any two different keys have different tokens; absent differs from empty, and borders count', async (t) => {
  const it = bench(t);
  const part = fc.option(fc.constantFrom('', 'a', 'b', 'ab', '1:a', '-', '0:'), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), async (one, other) => {
      it.cache.clear();
      const first = await it.get(one);
      const second = await it.get(other);
      const same = one.length === other.length && one.every((value, at) => value === other[at]);
      assert.equal(second.endsWith('hit'), same);
      if (same) assert.equal(second.split(' ')[0], first.split(' ')[0]);
    }),
  );
});

test('many who ask at once share one load', async (t) => {
  const it = bench(t);
  const results = await Promise.all(Array.from({ length: 50 }, () => it.get(['k'])));
  assert.equal(it.loads, 1);
  const outcomes = results.map((text) => text.split(' ')[2]);
  assert.equal(outcomes.filter((outcome) => outcome === 'miss').length, 1);
  assert.equal(outcomes.filter((outcome) => outcome === 'joined').length, 49);
});

test('a failure reaches all who wait, once, and is not kept', async (t) => {
  const it = bench(t);
  const failing = async (): Promise<never> => {
    it.loads += 1;
    throw new Error('refused');
  };
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => it.cache.get(['k'], failing)));
  assert.deepEqual(
    results.map((result) => result.status),
    Array.from({ length: 5 }, () => 'rejected'),
  );
  assert.equal(it.loads, 1);
  assert.equal(it.cache.size().inFlight, 0);
  assert.equal(await it.get(['k']), 't2 3600 miss');
});

test('skip drops what is kept, loads, and keeps the new one', async (t) => {
  const it = bench(t);
  await it.get(['k']);
  assert.equal(await it.get(['k'], {}, true), 't2 3600 skipped');
  assert.equal(await it.get(['k']), 't2 3600 hit');
});

test('skip joins a load that is under way', async (t) => {
  const it = bench(t);
  const [one, other] = await Promise.all([it.get(['k']), it.get(['k'], {}, true)]);
  assert.deepEqual([one, other], ['t1 3600 miss', 't1 3600 skipped']);
});

test('what was asked for before clear is not kept after it', async (t) => {
  const it = bench(t);
  const early = it.get(['k']);
  it.cache.clear();
  await early;
  assert.equal(it.cache.size().entries, 0);
});

test('neither entries nor bytes exceed their bounds, and what is used stays', async (t) => {
  const it = bench(t, { maxEntries: 5, maxBytes: 1_000_000 });
  await it.get(['used']);
  await it.get(['used']);
  for (let at = 0; at < 50; at += 1) await it.get([`other ${at}`]);
  assert.equal(it.cache.size().entries, 5);
  assert.match(await it.get(['used']), /hit$/);
  const small = bench(t, { maxEntries: 100, maxBytes: 2000 });
  for (let at = 0; at < 20; at += 1) await small.get([`k${at}`], { bytes: 500 });
  assert.ok(small.cache.size().bytes <= 2000);
  await small.get(['huge'], { bytes: 5000 });
  assert.equal(small.cache.size().bytes <= 2000, true);
});

test('the expired are dropped every second though nobody asks', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const it = bench(t);
  await it.get(['short'], { expiresIn: 10 });
  await it.get(['long']);
  it.time += 5;
  t.mock.timers.tick(1000);
  assert.equal(it.cache.size().entries, 1);
  it.time += 4000;
  t.mock.timers.tick(1000);
  assert.deepEqual(it.cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
});

test('what is forgotten is what keys begin with, part by part, and what is on its way is not kept', async (t) => {
  const it = bench(t);
  await it.get(['entra', 'client', 'a']);
  await it.get(['entra', 'client-2', 'a']);
  await it.get(['entra', undefined, 'a']);
  const late = Promise.withResolvers<LoadedToken<string>>();
  const underWay = it.cache.get(['entra', 'client', 'b'], () => late.promise);
  it.cache.forget(['entra', 'client']);
  late.resolve({ value: 'late', expiresIn: 3600, bytes: 10 });
  assert.equal((await underWay).value, 'late');
  assert.equal(await it.get(['entra', 'client-2', 'a']), 't2 3600 hit');
  assert.equal(await it.get(['entra', undefined, 'a']), 't3 3600 hit');
  assert.equal(await it.get(['entra', 'client', 'a']), 't4 3600 miss');
  assert.equal(await it.get(['entra', 'client', 'b']), 't5 3600 miss');
});
