import assert from 'node:assert/strict';
import { test } from 'node:test';
import { away, cacheBench, keyOf } from '../testing/token-cache-bench.ts';
import type { CacheBench } from '../testing/token-cache-bench.ts';
import type { LoadedToken } from './cached-token.ts';
import { createTokenCache } from './token-cache.ts';
import type { TokenKey } from './token-key.ts';

/** 80 % of the window of a token that lives 3600 s. */
const MARK = 0.8 * 3480;
const EXCHANGE: Partial<TokenKey> = { grant: 'exchange', userToken: 'user' };

function eventsOf({ events }: CacheBench): readonly string[] {
  return events.map(({ event }) => event);
}

test('a token in use is fetched anew at 80 % of its window, in the background, by the tick (2.7)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  await it.get({});
  await it.get({});
  await it.pass(MARK - 1);
  assert.equal(it.loads, 1);
  await it.pass(1);
  assert.equal(it.loads, 2);
  assert.equal(await it.get({}), 't2 3600 hit');
  assert.deepEqual(eventsOf(it), ['refreshed']);
});

test('the mark lies between 75 % and 85 % of the window (2.7)', async (t) => {
  for (const [random, share] of [
    [0, 0.75],
    [0.999_999, 0.85],
  ] as const) {
    const it = cacheBench(t, { refreshAhead: true, random: () => random });
    await it.get({});
    await it.get({});
    await it.pass(3480 * share - 2);
    assert.equal(it.loads, 1);
    await it.pass(3);
    assert.equal(it.loads, 2);
  }
});

test('what nobody used since it came is not fetched anew, until it is used past the mark (2.7)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  await it.get({});
  await it.pass(MARK + 10);
  await it.pass(10);
  assert.equal(it.loads, 1);
  assert.match(await it.get({}), /^t1 .* hit$/);
  await it.pass(1);
  assert.equal(it.loads, 2);
  await it.pass(MARK + 1);
  await it.pass(1);
  assert.equal(it.loads, 2);
});

test('an exchanged token is fetched anew by the first hit past the mark, which brings the user token (2.7)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  await it.get(EXCHANGE);
  await it.get(EXCHANGE);
  await it.pass(MARK + 1);
  assert.equal(it.loads, 1);
  const gate = Promise.withResolvers<object>();
  it.issue = () => gate.promise;
  assert.match(await it.get(EXCHANGE), /^t1 .* hit$/);
  assert.match(await it.get(EXCHANGE), /^t1 .* hit$/);
  gate.resolve({});
  await it.pass(0);
  assert.equal(it.loads, 2);
  assert.equal(await it.get(EXCHANGE), 't2 3600 hit');
  assert.deepEqual(eventsOf(it), ['refreshed'], 'told once for one fetch');
});

test('a token is fetched anew in the way it was asked for last: the client may have another key by then (2.7)', async (t) => {
  const ticks: (() => void)[] = [];
  const clock = { now: 1000 };
  const everySecond = (work: () => void): (() => void) => {
    ticks.push(work);
    return () => ticks.splice(0);
  };
  const cache = createTokenCache<string>({ now: () => clock.now, random: () => 0.5, refreshAhead: true, everySecond });
  t.after(() => cache.close());
  const ways: string[] = [];
  const by = (way: string) => async (): Promise<LoadedToken<string>> => {
    ways.push(way);
    return { value: way, expiresIn: 3600, bytes: 10 };
  };
  for (const way of ['first', 'second']) await cache.get(keyOf(), by(way));
  clock.now += MARK;
  for (const tick of ticks) tick();
  assert.deepEqual(ways, ['first', 'second']);
});

test('an exchanged token whose user token ends before the mark is not fetched anew', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  it.issue = () => ({ until: 1000 + 600 });
  await it.get(EXCHANGE);
  it.time += 599;
  assert.match(await it.get(EXCHANGE), /hit$/);
  await it.pass(0);
  assert.equal(it.loads, 1);
});

test('without the setting nothing is fetched anew', async (t) => {
  const it = cacheBench(t);
  await it.get({});
  await it.get({});
  await it.pass(MARK + 100);
  await it.get({});
  await it.pass(10);
  assert.equal(it.loads, 1);
});

test('a window of a second is refreshed by whoever is served past its mark, not only by the tick (2.7)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  it.issue = () => ({ expiresIn: 121 });
  await it.get({});
  it.time += 0.9;
  assert.match(await it.get({}), /hit$/);
  await it.pass(0);
  assert.equal(it.loads, 2);
  it.time += 0.5;
  assert.equal(await it.get({}), 't2 120 hit');
});

test('at most 8 are fetched anew at once for a provider, and every other provider has its own 8 (2.7)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  const keys = Array.from({ length: 40 }, (_, at) => ({ target: `t${at}`, provider: at % 2 === 0 ? 'p' : 'q' }));
  for (const key of [...keys, ...keys]) await it.get(key);
  const gate = Promise.withResolvers<object>();
  it.issue = () => gate.promise;
  await it.pass(MARK + 1);
  assert.equal(it.loads, 40 + 16);
  await it.pass(1);
  assert.equal(it.cache.size().inFlight, 16);
  gate.resolve({});
  await it.pass(0);
  assert.equal(it.loads, 80);
});

test('after a failure it waits 5 seconds or 5 % of the window, the longer, and the old token serves on (2.7)', async (t) => {
  for (const [expiresIn, mark, pause] of [
    [3600, MARK, 174],
    [170, 40, 5],
  ] as const) {
    const it = cacheBench(t, { refreshAhead: true });
    it.issue = () => ({ expiresIn });
    await it.get({});
    await it.get({});
    it.issue = () => Promise.reject(new Error('refused'));
    await it.pass(mark);
    assert.deepEqual(eventsOf(it), ['refresh_failed']);
    await it.pass(pause - 1);
    assert.match(await it.get({}), /^t1 .* hit$/);
    assert.equal(it.loads, 2);
    await it.pass(1);
    assert.equal(it.loads, 3);
  }
});

test('after a failure an exchange is fetched anew by no hit before the wait is over (2.7)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  await it.get(EXCHANGE);
  it.issue = () => Promise.reject(new Error('refused'));
  it.time += MARK;
  await it.get(EXCHANGE);
  await it.pass(0);
  await it.pass(173);
  await it.get(EXCHANGE);
  assert.equal(it.loads, 2);
  await it.pass(1);
  await it.get(EXCHANGE);
  assert.equal(it.loads, 3);
});

test("a provider's Retry-After pauses all that is fetched ahead from it, and nothing of another's (3.4)", async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  const keys = [{ target: 'a' }, { target: 'b' }, { provider: 'q' }, EXCHANGE];
  for (const key of [...keys, ...keys]) await it.get(key);
  await it.pass(MARK - 1);
  it.issue = () => Promise.reject(away(60));
  await assert.rejects(it.get({ target: 'unknown' }));
  it.issue = () => ({});
  await it.pass(1);
  assert.equal(it.loads, 4 + 1 + 1);
  await it.get(EXCHANGE);
  await it.pass(58);
  assert.equal(it.loads, 6);
  await it.pass(1);
  assert.equal(it.loads, 8);
  await it.get(EXCHANGE);
  assert.equal(it.loads, 9);
});

test('a shorter Retry-After ends no longer one (3.4)', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  await it.get({});
  await it.get({});
  await it.pass(MARK - 1);
  for (const seconds of [60, 5]) {
    it.issue = () => Promise.reject(away(seconds));
    await assert.rejects(it.get({ target: 'unknown' }));
  }
  it.issue = () => ({});
  await it.pass(59);
  assert.equal(it.loads, 3);
  await it.pass(1);
  assert.equal(it.loads, 4);
});

test('whoever asks for what is just fetched anew joins that: never two at once for a key', async (t) => {
  const it = cacheBench(t, { refreshAhead: true });
  await it.get({});
  await it.get({});
  const gate = Promise.withResolvers<object>();
  it.issue = () => gate.promise;
  await it.pass(MARK);
  it.time += 3600;
  const late = it.get({});
  const skipping = it.get({}, { skip: true });
  gate.resolve({ expiresIn: 7200 });
  assert.deepEqual(await Promise.all([late, skipping]), ['t2 3600 joined', 't2 3600 skipped']);
  assert.equal(it.loads, 2);
});

test('thousands of tokens that end at once go in portions, so that nobody waits for all of them', async (t) => {
  const it = cacheBench(t);
  for (let at = 0; at < 5000; at += 1) await it.get({ target: `t${at}` });
  for (const left of [3000, 1000, 0]) {
    await it.pass(3600);
    assert.equal(it.cache.size().entries, left);
  }
  assert.deepEqual(it.cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
});
