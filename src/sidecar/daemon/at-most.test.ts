import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { atMost } from './at-most.ts';

interface Held {
  readonly url: string;
  readonly end: (error?: Error) => void;
}

function held(): { readonly calls: Held[]; readonly fetch: (url: string, init?: RequestInit) => Promise<Response> } {
  const calls: Held[] = [];
  return {
    calls,
    fetch: (url) =>
      new Promise((resolve, reject) => {
        calls.push({ url, end: (error) => (error === undefined ? resolve(new Response()) : reject(error)) });
      }),
  };
}

test('so many calls at one time and no more; the others follow in order, whether those before end well or badly', async () => {
  const { calls, fetch } = held();
  const few = atMost(fetch, 2);
  const answers = ['a', 'b', 'c', 'd'].map((url) =>
    few(url).then(
      () => url,
      () => `no ${url}`,
    ),
  );
  await setImmediate();
  assert.deepEqual(
    calls.map(({ url }) => url),
    ['a', 'b'],
  );
  calls[1]?.end(new Error('bad'));
  await setImmediate();
  assert.deepEqual(
    calls.map(({ url }) => url),
    ['a', 'b', 'c'],
  );
  calls[0]?.end();
  await setImmediate();
  calls[2]?.end();
  calls[3]?.end();
  assert.deepEqual(await Promise.all(answers), ['a', 'no b', 'c', 'd']);
  const again = few('e');
  await setImmediate();
  calls.at(-1)?.end();
  await again;
});

test('whoever leaves while waiting is told why, is never called, and keeps nobody from the place', async () => {
  const { calls, fetch } = held();
  const one = atMost(fetch, 1);
  const first = one('a');
  const leaving = new AbortController();
  const left = one('b', { signal: leaving.signal });
  const last = one('c');
  leaving.abort(new Error('enough'));
  await assert.rejects(left, /enough/);
  await assert.rejects(one('d', { signal: leaving.signal }), /enough/);
  calls[0]?.end();
  await first;
  await setImmediate();
  calls[1]?.end();
  await last;
  assert.deepEqual(
    calls.map(({ url }) => url),
    ['a', 'c'],
  );
});
