import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { assertInTime } from '../in-time.ts';
import { until } from '../until.ts';

/** A replay store to judge, through three clients of it, where it can have so many. */
export interface ReplayUnderTest {
  readonly stores: readonly [ReplayStore, ReplayStore, ReplayStore];
  /** The time by the clock of the store, in seconds since the epoch. */
  readonly now: () => number;
  /** Lets time pass: at least this long. */
  readonly pass: (seconds: number) => Promise<void>;
}

/** Makes an empty store for one test and sees to it that it is closed afterwards. */
export type OpenReplay = (t: TestContext) => ReplayUnderTest | Promise<ReplayUnderTest>;

const RACERS = 200;

/** Registers the suite that every replay store has to pass. */
export function replayContract(name: string, options: { readonly skip: string | false }, open: OpenReplay): void {
  describe(`replay store ${name}`, options, () => {
    claims(open);
    keys(open);
    limits(open);
  });
}

/** How many of 200 callers at once, from three clients, are told that they are first. */
export async function raceFor(
  stores: readonly ReplayStore[],
  key: string,
  expiresAt: number,
): Promise<{ readonly fresh: number; readonly seen: number }> {
  const racers = Array.from({ length: RACERS }, (_each, index) => clientOf(stores, index));
  const told = await Promise.all(racers.map((store) => store.claim(key, expiresAt)));
  return { fresh: told.filter((one) => one === 'fresh').length, seen: told.filter((one) => one === 'seen').length };
}

function clientOf(stores: readonly ReplayStore[], index: number): ReplayStore {
  const store = stores[index % stores.length];
  if (store === undefined) throw new Error('no client');
  return store;
}

/** Resolves once a store that connects in the background does. */
export async function connected(...stores: readonly ReplayStore[]): Promise<void> {
  for (const store of stores) await until(() => works(store));
}

/** A store that works, closed after the test. */
export async function connect(t: TestContext, make: () => ReplayStore): Promise<ReplayStore> {
  const store = make();
  t.after(() => store.close());
  await connected(store);
  return store;
}

/** Whether claims are remembered now. */
export async function works(store: ReplayStore): Promise<boolean> {
  try {
    await store.check();
    return true;
  } catch {
    return false;
  }
}

/** Asks again until it holds; fails when that takes far longer than it may, in milliseconds. */
export async function soon(holds: () => Promise<boolean>, mayTakeMs: number): Promise<void> {
  const startedAt = performance.now();
  await until(holds);
  assertInTime(performance.now() - startedAt, mayTakeMs);
}

function claims(open: OpenReplay): void {
  it('N09: a claim is fresh for exactly one of 200 callers through three clients, in every round', async (t) => {
    const { stores, now } = await open(t);
    for (let round = 0; round < 20; round += 1) {
      assert.deepEqual(await raceFor(stores, `jti ${round}`, now() + 60), { fresh: 1, seen: RACERS - 1 });
    }
  });

  it('Y1: a key is seen until it expires, and then fresh for one again', async (t) => {
    const { stores, now, pass } = await open(t);
    const [first, second, third] = stores;
    const expiresAt = now() + 3;
    assert.equal(await first.claim('jti', expiresAt), 'fresh');
    assert.equal(await second.claim('jti', expiresAt + 60), 'seen');
    await pass(1.5);
    if (now() < expiresAt - 0.1) assert.equal(await third.claim('jti', expiresAt + 60), 'seen');
    await pass(1.6);
    assert.deepEqual(await raceFor(stores, 'jti', now() + 60), { fresh: 1, seen: RACERS - 1 });
  });

  it('a claim that was seen does not change how long the first is remembered', async (t) => {
    const { stores, now, pass } = await open(t);
    const [first, second] = stores;
    assert.equal(await first.claim('short', now() + 3), 'fresh');
    assert.equal(await second.claim('short', now() + 600), 'seen');
    await pass(3.2);
    assert.equal(await first.claim('short', now() + 60), 'fresh');
  });

  it('what has expired already is never fresh: it would be forgotten at once', async (t) => {
    const { stores, now } = await open(t);
    const [first, second] = stores;
    await assert.rejects(first.claim('late', now() - 1), StoreUnavailable);
    assert.equal(await second.claim('late', now() + 60), 'fresh');
    await assert.rejects(first.claim('late', now() - 1), StoreUnavailable);
  });

  it('Y3: it says since when it remembers, the same to all', async (t) => {
    const { stores, now } = await open(t);
    for (const store of stores) await store.claim(`known ${stores.indexOf(store)}`, now() + 60);
    const since = stores.map((store) => store.rememberedSince());
    assert.equal(new Set(since).size, 1);
    assert.ok((since[0] ?? 0) <= now() && (since[0] ?? 0) > now() - 60);
  });
}

const HOSTILE = [
  'a\0b',
  'a',
  'a\0',
  'A',
  "'; DROP TABLE assertion_ids; --",
  '{1,2}',
  '{"a","b"}',
  '\\x00',
  '\\',
  '"',
  ' ',
  '  ',
  'a\r\nFLUSHALL\r\n',
  '$1',
  '%s',
  'æ',
  'a\u0308',
  'ä',
  '\u{1f511}',
  '__proto__',
  'constructor',
  'fullmakt:replay:epoch',
  'k'.repeat(1024),
  'k'.repeat(1023),
];

function keys(open: OpenReplay): void {
  it('keys are told apart by every one of their characters, whatever they are', async (t) => {
    const { stores, now } = await open(t);
    const [first, second] = stores;
    const claimAll = (store: ReplayStore): Promise<readonly string[]> =>
      Promise.all(HOSTILE.map((key) => store.claim(key, now() + 60)));
    assert.deepEqual(new Set(await claimAll(first)), new Set(['fresh']));
    assert.deepEqual(new Set(await claimAll(second)), new Set(['seen']));
  });

  it('of any keys, each is fresh once, also when all are claimed at once', async (t) => {
    const { stores, now } = await open(t);
    const seen = new Set<string>();
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 40 }), async (some) => {
        const told = await Promise.all(some.map((one, index) => clientOf(stores, index).claim(one, now() + 60)));
        const expected = new Set(some.filter((one) => !seen.has(one)));
        for (const one of some) seen.add(one);
        assert.equal(told.filter((one) => one === 'fresh').length, expected.size);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('a key of no or too many bytes, one that is no Unicode, and an end that is no time are mistakes of the caller', async (t) => {
    const { stores, now } = await open(t);
    const [store] = stores;
    for (const key of ['', 'k'.repeat(1025), 'æ'.repeat(513), '\ud800', 'a\udc00b']) {
      await assert.rejects(store.claim(key, now() + 60), RangeError, JSON.stringify(key.slice(0, 10)));
    }
    for (const end of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      await assert.rejects(store.claim('a', end), RangeError);
    }
  });
}

function limits(open: OpenReplay): void {
  it('L7: a check passes while claims would be remembered, as often as it is asked', async (t) => {
    const { stores } = await open(t);
    for (const store of stores) await Promise.all([store.check(), store.check()]);
  });

  it('a closed store remembers nothing more, and can be closed again', async (t) => {
    const { stores, now } = await open(t);
    const [first] = stores;
    await first.claim('a', now() + 60);
    await first.close();
    await first.close();
    await assert.rejects(first.claim('b', now() + 60), StoreUnavailable);
    await assert.rejects(first.check(), StoreUnavailable);
  });
}
