import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFetchPacing, type FetchPacing } from './key-set-pacing.ts';

interface Bench {
  time: number;
  readonly it: FetchPacing;
}

function pacing(random: number): Bench {
  const now = (): number => bench.time;
  const bench: Bench = { time: 0, it: createFetchPacing(now, () => random) };
  return bench;
}

/** Whole seconds until fetching is allowed again. */
function waitOf(state: Bench): number {
  const start = state.time;
  while (!state.it.allowed()) state.time += 1;
  return state.time - start;
}

for (const [random, afterSuccess, afterFailure] of [
  [0, 4, 24],
  [0.5, 5, 30],
  [0.999, 6, 36],
] as const) {
  test(`waits are spread by a fifth either way: ${afterSuccess} s and ${afterFailure} s for ${random}`, () => {
    const state = pacing(random);
    state.it.succeeded('fresh');
    assert.equal(waitOf(state), afterSuccess);
    state.it.failed();
    assert.equal(waitOf(state), afterFailure);
  });
}

test('pauses after fetches that bring nothing new double to 30 s, or to what is given', () => {
  for (const [longestPauseSeconds, expected] of [
    [undefined, [10, 20, 30, 30]],
    [5, [5, 5, 5, 5]],
  ] as const) {
    const state: Bench = {
      time: 0,
      it: createFetchPacing(
        () => state.time,
        () => 0.5,
        { longestPauseSeconds },
      ),
    };
    const waits = expected.map(() => {
      state.it.succeeded('fruitless');
      return waitOf(state);
    });
    assert.deepEqual(waits, expected);
  }
});

test('a success ends the doubling of failures', () => {
  const state = pacing(0.5);
  state.it.succeeded('fresh');
  const waits = ['failed', 'failed', 'succeeded', 'failed'].map((what) => {
    if (what === 'failed') state.it.failed();
    else state.it.succeeded('fresh');
    return waitOf(state);
  });
  assert.deepEqual(waits, [30, 60, 5, 30]);
});

test('the pause for a key id that is missing doubles from 5 s to 60 s', () => {
  const state = pacing(0.5);
  const pauses = Array.from({ length: 6 }, () => {
    state.it.missed('k');
    const start = state.time;
    while (state.it.isKnownMiss('k')) state.time += 1;
    return state.time - start;
  });
  assert.deepEqual(pauses, [5, 10, 20, 40, 60, 60]);
});

test('remembers 256 missing key ids, and the one asked for least lately goes first (2.5)', () => {
  const { it } = pacing(0.5);
  for (let at = 0; at < 256; at += 1) it.missed(`k${at}`);
  assert.equal(it.isKnownMiss('k0'), true);
  it.missed('one more');
  assert.deepEqual(
    ['k0', 'k1', 'k2', 'one more'].map((kid) => it.isKnownMiss(kid)),
    [true, false, true, true],
  );
});

test('J9 with a cool-down of its own it waits that long from the start of an attempt, and remembers as many ids as told', () => {
  const time = { now: 0 };
  const it = createFetchPacing(
    () => time.now,
    () => 0.5,
    { coolDownSeconds: 30, maxMisses: 1000 },
  );
  assert.equal(it.allowed(), true);
  for (const end of ['failed', 'failed', 'succeeded'] as const) {
    it.started();
    time.now += 4;
    if (end === 'failed') it.failed();
    else it.succeeded('fruitless');
    time.now += 25.9;
    assert.equal(it.allowed(), false);
    time.now += 0.1;
    assert.equal(it.allowed(), true);
  }
  for (let at = 0; at <= 1000; at += 1) it.missed(`k${at}`);
  assert.deepEqual(
    ['k0', 'k1', 'k1000'].map((kid) => it.isKnownMiss(kid)),
    [false, true, true],
  );
});
