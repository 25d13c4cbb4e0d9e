import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeySet } from './jwks.ts';
import { createStaticKeySet } from './jwks.ts';
import type { VerifiedCache, VerifiedCacheOptions } from './verified-cache.ts';
import { createVerifiedCache, policyFingerprint } from './verified-cache.ts';

const NOW = 1_000_000;
const POLICY = policyFingerprint({ issuer: 'a' });

interface Bench {
  readonly clock: { now: number };
  readonly cache: VerifiedCache<string>;
  /** Whether a kept verdict of this token is found. */
  finds(token: string, policy?: string): boolean;
  keep(token: string, claims?: object, bytes?: number): void;
  standing: object | undefined;
}

function createBench(options: Partial<VerifiedCacheOptions> = {}): Bench {
  const clock = { now: NOW };
  const cache = createVerifiedCache<string>({ now: () => clock.now, ...options });
  const keySet: KeySet = { ...createStaticKeySet([]), standing: () => bench.standing };
  const keyOf = (token: string, policy: string): string => cache.keyOf(policy, token) ?? assert.fail('no key');
  const bench: Bench = {
    clock,
    cache,
    standing: {},
    finds: (token, policy = POLICY) => cache.find(keyOf(token, policy)) === token,
    keep(token, claims = {}, bytes = 1000) {
      const all = { iat: NOW, exp: NOW + 3600, ...claims };
      cache.keep(keyOf(token, POLICY), { value: token, claims: all, keySet, bytes });
    },
  };
  return bench;
}

test('a verdict is found for the same token and policy only (2.6)', () => {
  const bench = createBench();
  bench.keep('a.b.c');
  assert.equal(bench.finds('a.b.c'), true);
  assert.equal(bench.finds('a.b.d'), false);
  assert.equal(bench.finds('a.b.c', policyFingerprint({ issuer: 'b' })), false);
  assert.equal(bench.finds('a.b.c'), true, 'asking under another policy changes nothing');
});

test('no text but the token itself has its key: neither wider characters nor a longer or moved text (2.6)', () => {
  const { cache } = createBench();
  const key = cache.keyOf(POLICY, 'A.b.c');
  assert.equal(cache.keyOf(POLICY, '\u0141.b.c'), undefined);
  assert.equal(cache.keyOf(POLICY, '\u{1f600}.b.c'), undefined);
  assert.equal(cache.keyOf(POLICY, '\ud800'), undefined);
  assert.equal(cache.keyOf(POLICY, 'x'.repeat(16_385)), undefined);
  assert.equal(cache.keyOf(POLICY, 'é'.repeat(16_384)), undefined);
  assert.equal(cache.keyOf('short', 'A.b.c'), undefined);
  for (const other of ['A.b.c\0', 'A.b.', 'A.b.cc', '\0A.b.c', '']) assert.notEqual(cache.keyOf(POLICY, other), key);
  assert.equal(cache.keyOf(POLICY, 'A.b.c'), key);
  assert.notEqual(cache.keyOf(POLICY, 'x'.repeat(16_384)), undefined);
});

test('L4 cached-verdict: nothing is found from exp on or before nbf, with or without iat', () => {
  for (const iat of [{ iat: NOW - 10 }, { iat: undefined }]) {
    const bench = createBench();
    bench.keep('t', { ...iat, nbf: NOW - 5, exp: NOW + 20 });
    bench.clock.now = NOW + 19.9;
    assert.equal(bench.finds('t'), true);
    bench.clock.now = NOW + 20;
    assert.equal(bench.finds('t'), false);
    bench.clock.now = NOW;
    bench.keep('t', { ...iat, nbf: NOW + 5 });
    assert.equal(bench.finds('t'), false, 'not before nbf, whatever leeway once let it in');
  }
});

test('L4 cached-verdict: a clock that was set back to before nbf or before the verdict finds nothing', () => {
  const bench = createBench();
  bench.keep('t', { nbf: NOW, iat: undefined });
  bench.clock.now = NOW - 1;
  assert.equal(bench.finds('t'), false);
});

test('L4 cached-verdict: nothing is found before iat, nor before it was kept however long ago that began', () => {
  const bench = createBench();
  bench.keep('t', { iat: NOW + 10 });
  assert.equal(bench.finds('t'), false);
  bench.keep('u', { iat: NOW - 100 });
  bench.clock.now = NOW - 1;
  assert.equal(bench.finds('u'), false);
});

test('L4 cached-verdict: once a key has gone, or there is no usable set, nothing is found', () => {
  const bench = createBench();
  bench.keep('t');
  bench.keep('u');
  const before = bench.standing;
  bench.standing = undefined;
  assert.equal(bench.finds('t'), false);
  bench.standing = {};
  assert.equal(bench.finds('u'), false);
  bench.standing = before;
  assert.equal(bench.finds('u'), false, 'and it does not come back');
  bench.standing = undefined;
  bench.keep('v');
  assert.equal(bench.cache.size().entries, 0, 'nothing is kept that stands on no keys');
});

test('a verdict serves for 60 seconds, or for as long as was asked (2.6)', () => {
  for (const [options, age] of [
    [{}, 60],
    [{ maxAgeSeconds: 300 }, 300],
  ] as const) {
    const bench = createBench(options);
    bench.keep('t');
    bench.clock.now += age;
    assert.equal(bench.finds('t'), true);
    bench.clock.now += 1;
    assert.equal(bench.finds('t'), false);
    assert.deepEqual(bench.cache.size(), { entries: 0, bytes: 0 });
  }
});

test('L3 bounded-constant: 10,000 verdicts and a number of bytes are the most, the oldest leaves first, one token takes one place', () => {
  const bench = createBench();
  for (let at = 0; at < 10_001; at += 1) bench.keep(`t${at}`);
  assert.equal(bench.cache.size().entries, 10_000);
  assert.deepEqual([bench.finds('t0'), bench.finds('t1'), bench.finds('t10000')], [false, true, true]);
  const { bytes } = bench.cache.size();
  for (let again = 0; again < 3; again += 1) bench.keep('t1');
  assert.deepEqual(bench.cache.size(), { entries: 10_000, bytes });

  const small = createBench({ maxBytes: 4096 });
  for (let at = 0; at < 9; at += 1) small.keep(`t${at}`, {}, 1000);
  assert.deepEqual([small.finds('t5'), small.finds('t6'), small.finds('t8')], [false, true, true]);
  assert.ok(small.cache.size().bytes <= 4096);
  small.keep('huge', {}, 5000);
  assert.deepEqual(small.cache.size(), { entries: 0, bytes: 0 }, 'what alone is too much is not kept');
});

test('L3 bounded-constant: 32 MiB are the most unless something else is said, and one byte more is not kept', () => {
  const most = 32 * 1024 * 1024;
  const bench = createBench();
  bench.keep('empty', {}, 0);
  const own = bench.cache.size().bytes;
  bench.cache.close();
  bench.keep('t', {}, most - own);
  assert.deepEqual(bench.cache.size(), { entries: 1, bytes: most });
  bench.keep('t', {}, most - own + 1);
  assert.deepEqual(bench.cache.size(), { entries: 0, bytes: 0 });
});

test('what is past its age makes room by itself, and close forgets everything', () => {
  const bench = createBench();
  for (let at = 0; at < 100; at += 1) bench.keep(`t${at}`);
  bench.clock.now += 61;
  bench.keep('new', { exp: NOW + 3600 });
  assert.equal(bench.cache.size().entries, 1);
  bench.cache.close();
  assert.deepEqual(bench.cache.size(), { entries: 0, bytes: 0 });
});
