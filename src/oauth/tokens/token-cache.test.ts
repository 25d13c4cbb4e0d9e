import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cacheBench, keyOf } from '../testing/token-cache-bench.ts';
import type { LoadedToken } from './cached-token.ts';
import { createTokenCache } from './token-cache.ts';
import type { TokenKey } from './token-key.ts';

const WINDOWS: readonly [expiresIn: number, windowSeconds: number][] = [
  [1, 0.5],
  [119, 59.5],
  [120, 60],
  [121, 1],
  [3600, 3480],
];

for (const [expiresIn, window] of WINDOWS) {
  test(`a token that lives ${expiresIn} s is served for ${window} s, and its remaining life shrinks (2.7)`, async (t) => {
    const it = cacheBench(t);
    it.issue = () => ({ expiresIn });
    assert.equal(await it.get({}), `t1 ${expiresIn} miss`);
    it.time += window - 0.25;
    assert.equal(await it.get({}), `t1 ${Math.floor(expiresIn - window + 0.25)} hit`);
    it.time += 0.25;
    assert.equal(await it.get({}), `t2 ${expiresIn} miss`);
  });
}

for (const expiresIn of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
  test(`a token that says it lives ${expiresIn} s is handed on but not kept (2.7)`, async (t) => {
    const it = cacheBench(t);
    it.issue = () => ({ expiresIn });
    await it.get({});
    assert.deepEqual(it.cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
  });
}

test('an entry ends with the user token it came from (2.7)', async (t) => {
  const it = cacheBench(t);
  const user = { grant: 'exchange', userToken: 'u' } as const;
  it.issue = () => ({ until: 1060 });
  await it.get(user);
  it.time = 1059;
  assert.equal(await it.get(user), 't1 3541 hit');
  it.time = 1060;
  assert.equal(await it.get(user), 't2 3600 miss');
  assert.equal(await it.get(user), 't3 3600 miss');
});

test('a token whose end cannot be told is handed on but not kept (2.7)', async (t) => {
  const it = cacheBench(t);
  it.issue = () => ({ until: Number.NaN });
  assert.equal(await it.get({}), 't1 3600 miss');
  assert.deepEqual(it.cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
});

test('T35 a clock that is set back makes no token live longer (2.7)', async (t) => {
  const it = cacheBench(t);
  assert.equal(await it.get({}), 't1 3600 miss');
  it.time -= 600;
  assert.equal(await it.get({}), 't1 3600 hit');
  it.time += 3479;
  assert.equal(await it.get({}), 't1 121 hit');
  it.time += 1;
  assert.equal(await it.get({}), 't2 3600 miss');
});

test('L3 bounded-constant: 64 MiB are the most unless something else is said, and what an entry takes beside its token counts (2.7)', async (t) => {
  const it = cacheBench(t);
  it.issue = () => ({ bytes: 8 * 1024 * 1024 });
  for (let at = 0; at < 10; at += 1) await it.get({ target: `t${at}` });
  const { entries, bytes } = it.cache.size();
  assert.equal(entries, 7, 'eight of them would be 64 MiB, and more with what is kept beside');
  assert.ok(bytes >= 7 * (8 * 1024 * 1024 + 512) && bytes <= 64 * 1024 * 1024);
});

test('L2 single-flight: many who ask at once share one load', async (t) => {
  const it = cacheBench(t);
  const results = await Promise.all(Array.from({ length: 200 }, () => it.get({})));
  assert.equal(it.loads, 1);
  const outcomes = results.map((text) => text.split(' ')[2]);
  assert.equal(outcomes.filter((outcome) => outcome === 'miss').length, 1);
  assert.equal(outcomes.filter((outcome) => outcome === 'joined').length, 199);
});

test('L2 single-flight: one of 200 that stops waiting leaves 199 with the token, and gets its own reason', async (t) => {
  const it = cacheBench(t);
  const gate = Promise.withResolvers<object>();
  it.issue = () => gate.promise;
  const controller = new AbortController();
  const quitter = it.get({}, { signal: controller.signal });
  const others = Array.from({ length: 199 }, () => it.get({}, { signal: new AbortController().signal }));
  controller.abort(new Error('enough'));
  await assert.rejects(quitter, /enough/);
  gate.resolve({});
  assert.ok((await Promise.all(others)).every((text) => text.startsWith('t1 ')));
  assert.equal(it.loads, 1);
  await assert.rejects(it.get({}, { signal: AbortSignal.abort(new Error('before')) }), /before/);
});

test('L2 single-flight: when all stop waiting the load still ends, and is kept', async (t) => {
  const it = cacheBench(t);
  const gate = Promise.withResolvers<object>();
  it.issue = () => gate.promise;
  const signal = AbortSignal.timeout(1);
  await assert.rejects(it.get({}, { signal }));
  gate.resolve({});
  assert.match(await it.get({}), /^t1 3600 (?:hit|joined)$/);
});

test('L2 single-flight: a failure reaches all who wait, once, and is gone', async (t) => {
  const it = cacheBench(t);
  it.issue = () => Promise.reject(new Error('refused'));
  const results = await Promise.allSettled(Array.from({ length: 200 }, () => it.get({})));
  assert.ok(results.every(({ status }) => status === 'rejected'));
  assert.equal(it.loads, 1);
  assert.deepEqual(it.cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
  it.issue = () => ({});
  assert.equal(await it.get({}), 't2 3600 miss');
});

test('skip drops what is kept, loads, and keeps the new one (3.2)', async (t) => {
  const it = cacheBench(t);
  await it.get({});
  assert.equal(await it.get({}, { skip: true }), 't2 3600 skipped');
  assert.equal(await it.get({}), 't2 3600 hit');
  it.issue = () => Promise.reject(new Error('refused'));
  await assert.rejects(it.get({}, { skip: true }), /refused/);
  assert.equal(it.cache.size().entries, 0);
});

test('skip joins a load that is under way (3.2)', async (t) => {
  const it = cacheBench(t);
  const [one, other] = await Promise.all([it.get({}), it.get({}, { skip: true })]);
  assert.deepEqual([one, other], ['t1 3600 miss', 't1 3600 skipped']);
});

test('what was asked for before clear is not kept after it', async (t) => {
  const it = cacheBench(t);
  const early = it.get({});
  it.cache.clear();
  await early;
  assert.equal(it.cache.size().entries, 0);
});

test('what is forgotten is of one client exactly, and what is on its way for it is not kept', async (t) => {
  const it = cacheBench(t);
  await it.get({ clientId: 'client' });
  await it.get({ clientId: 'client-2' });
  await it.get({ clientId: 'client', issuer: 'other' });
  const late = Promise.withResolvers<LoadedToken<string>>();
  const underWay = it.cache.get(keyOf({ clientId: 'client', target: 'b' }), () => late.promise);
  it.cache.forget({ provider: 'p', issuer: 'https://op.test', clientId: 'client' });
  late.resolve({ value: 'late', expiresIn: 3600, bytes: 10 });
  assert.equal((await underWay).value, 'late');
  assert.equal(await it.get({ clientId: 'client-2' }), 't2 3600 hit');
  assert.equal(await it.get({ clientId: 'client', issuer: 'other' }), 't3 3600 hit');
  assert.equal(await it.get({ clientId: 'client' }), 't4 3600 miss');
  assert.equal(await it.get({ clientId: 'client', target: 'b' }), 't5 3600 miss');
});

test('the expired are dropped every second though nobody asks (2.7)', async (t) => {
  const it = cacheBench(t);
  it.issue = () => ({ expiresIn: 10 });
  await it.get({ target: 'short' });
  it.issue = () => ({});
  await it.get({ target: 'long' });
  await it.pass(5);
  assert.equal(it.cache.size().entries, 1);
  await it.pass(4000);
  assert.deepEqual(it.cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
});

test('the timer of a cache keeps no process awake', (t) => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const cache = createTokenCache<string>({ now: () => 0 });
  t.after(() => {
    cache.close();
  });
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before);
});

test('P8: what is remembered of keys beside the tokens is short, however long targets are', async (t) => {
  const hashed: number[] = [];
  const digest = (tuple: string): string => {
    hashed.push(tuple.length);
    return tuple;
  };
  const it = cacheBench(t, { digest });
  for (const target of ['t', 't', 'x'.repeat(2000), 'x'.repeat(2000)]) await it.get({ target });
  assert.equal(hashed.filter((length) => length < 1024).length, 1);
  assert.equal(hashed.filter((length) => length > 1024).length, 2);
});

test('of what was asked for a user nothing is held once it has come: not the way to ask, and so not the token (2.7)', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  const cache = createTokenCache<string>({ now: () => 1000, refreshAhead: true, staleOnError: true });
  t.after(() => cache.close());
  const ask = async (key: Partial<TokenKey>): Promise<WeakRef<object>> => {
    const load = async (): Promise<LoadedToken<string>> => ({ value: key.grant ?? '', expiresIn: 3600, bytes: 1 });
    await cache.get(keyOf(key), load);
    return new WeakRef(load);
  };
  const held = [await ask({}), await ask({ grant: 'exchange', userToken: 'u' })];
  await new Promise((resolve) => setImmediate(resolve));
  Reflect.apply(collect, undefined, []);
  assert.deepEqual(
    held.map((each) => each.deref() !== undefined),
    [true, false],
  );
});
