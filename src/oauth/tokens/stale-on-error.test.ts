import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenRequestFailed } from '../token-endpoint/token-failure.ts';
import { away, cacheBench } from '../testing/token-cache-bench.ts';
import type { TokenCacheEvent } from './cached-token.ts';

const REFUSED = new TokenRequestFailed({
  failure: 'refused',
  kind: 'request',
  status: 400,
  error: 'invalid_scope',
  description: '',
});

test('past its window a token serves on until 30 s before its end while its provider is not there (2.7)', async (t) => {
  const it = cacheBench(t, { staleOnError: true });
  await it.get({});
  it.issue = () => Promise.reject(away());
  it.time += 3480;
  assert.equal(await it.get({}), 't1 120 stale');
  await it.pass(89.75);
  assert.equal(await it.get({}), 't1 30 stale');
  it.time += 0.25;
  await assert.rejects(it.get({}), TokenRequestFailed);
  assert.equal(it.loads, 4);
  await it.pass(1);
  assert.equal(it.cache.size().entries, 0);
});

test('it is told once for each failed attempt, whoever waited for that (2.7)', async (t) => {
  const it = cacheBench(t, { staleOnError: true });
  await it.get({});
  it.issue = () => Promise.reject(away());
  it.time += 3480;
  const all = await Promise.all(Array.from({ length: 20 }, () => it.get({})));
  assert.deepEqual(new Set(all), new Set(['t1 120 stale']));
  assert.deepEqual(
    it.events.map(({ event, target }) => [event, target]),
    [['stale', 't']],
  );
});

test('a refusal is told as it is, and when the provider is back its token takes the place of the old one (2.7)', async (t) => {
  const it = cacheBench(t, { staleOnError: true });
  await it.get({});
  it.time += 3480;
  it.issue = () => Promise.reject(REFUSED);
  await assert.rejects(it.get({}), REFUSED);
  it.issue = () => Promise.reject(away());
  assert.match(await it.get({}), /stale$/);
  it.issue = () => ({});
  assert.equal(await it.get({}), 't4 3600 miss');
  assert.equal(await it.get({}), 't4 3600 hit');
});

test('never for an exchange, never under skip, never without the setting (2.7)', async (t) => {
  const it = cacheBench(t, { staleOnError: true });
  const off = cacheBench(t);
  const exchange = { grant: 'exchange', userToken: 'u' } as const;
  await it.get({});
  await it.get(exchange);
  await off.get({});
  for (const each of [it, off]) {
    each.time += 3480;
    each.issue = () => Promise.reject(away());
  }
  await assert.rejects(it.get(exchange), TokenRequestFailed);
  await assert.rejects(off.get({}), TokenRequestFailed);
  await assert.rejects(it.get({}, { skip: true }), TokenRequestFailed);
  // What was passed by is gone: it did not serve.
  await assert.rejects(it.get({}), TokenRequestFailed);
});

test('a token that lives a minute or less has no time in which it could be stale (2.7)', async (t) => {
  const it = cacheBench(t, { staleOnError: true });
  it.issue = () => ({ expiresIn: 60 });
  await it.get({});
  it.issue = () => Promise.reject(away());
  it.time += 30;
  await assert.rejects(it.get({}), TokenRequestFailed);
});

test('a token that lives a minute or less is kept for its whole window all the same (2.7)', async (t) => {
  const it = cacheBench(t, { staleOnError: true });
  it.issue = () => ({ expiresIn: 40 });
  assert.equal(await it.get({}), 't1 40 miss');
  await it.pass(19);
  assert.equal(await it.get({}), 't1 21 hit');
});

test('the token of another key with the same digest is never the last resort', async (t) => {
  const it = cacheBench(t, { staleOnError: true, digest: () => 'same' });
  await it.get({ target: 'a' });
  it.time += 3480;
  it.issue = () => Promise.reject(away());
  await assert.rejects(it.get({ target: 'b' }), TokenRequestFailed);
  assert.match(await it.get({ target: 'a' }), /^t1 .* stale$/);
});

test('a listener that throws costs nobody a token and ends no process', async (t) => {
  const told: string[] = [];
  const onEvent = ({ event }: TokenCacheEvent): void => {
    told.push(event);
    throw new Error('the listener');
  };
  const it = cacheBench(t, { staleOnError: true, refreshAhead: true, onEvent });
  await it.get({});
  await it.get({});
  await it.pass(2784);
  it.issue = () => Promise.reject(away());
  await it.get({});
  await it.pass(2784);
  it.time += 3480 - 2784;
  assert.match(await it.get({}), /^t2 .* stale$/);
  assert.deepEqual(told, ['refreshed', 'refresh_failed', 'stale']);
});
