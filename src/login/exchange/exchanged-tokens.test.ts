import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { createExchangedTokens } from './exchanged-tokens.ts';

const TOKEN = { accessToken: 'a', expiresIn: 300 };

function keyOf(number: number): { readonly session: string; readonly network: string; readonly audience: string } {
  return { session: `s${number}`, network: 'tokenx', audience: 'a' };
}

test('no two of session, network and audience share a token (EX-2, property)', async () => {
  const part = fc.string({ maxLength: 6 });
  const key = fc.record({ session: part, network: part, audience: part });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 2, maxLength: 6 }), async (keys) => {
      const tokens = createExchangedTokens(() => 0);
      for (const one of keys) await tokens.get(one, async () => ({ accessToken: JSON.stringify(one), expiresIn: 300 }));
      for (const one of keys)
        assert.equal(
          (await tokens.get(one, () => Promise.reject(new Error('asked again')))).accessToken,
          JSON.stringify(one),
        );
    }),
  );
});

test('at most 5,000 tokens are kept, and those unused for longest go first (EX-2)', async () => {
  const tokens = createExchangedTokens(() => 0);
  for (let number = 0; number < 5000; number += 1) await tokens.get(keyOf(number), async () => TOKEN);
  await tokens.get(keyOf(0), async () => TOKEN);
  await tokens.get(keyOf(5000), async () => TOKEN);
  assert.equal(tokens.size, 5000);
  assert.equal((await tokens.get(keyOf(0), async () => TOKEN)).kept, true);
  assert.equal((await tokens.get(keyOf(1), async () => TOKEN)).kept, false);
});

test('what is under way when its session ends is answered but not kept (EX-2)', async () => {
  const tokens = createExchangedTokens(() => 0);
  const key = { session: 's', network: 'tokenx', audience: 'a' };
  let finish = (_token: typeof TOKEN): void => undefined;
  const asked = tokens.get(
    key,
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  tokens.forget('s');
  finish(TOKEN);
  assert.equal((await asked).accessToken, 'a');
  assert.equal(tokens.size, 0);
  await tokens.get(key, async () => TOKEN);
  assert.equal(tokens.size, 1);
  tokens.forget('s');
  assert.equal(tokens.size, 0);
});

test('a failure is said again for one second without asking, then asked anew (EX-2)', async () => {
  let now = 100;
  let calls = 0;
  const tokens = createExchangedTokens(() => now);
  const key = { session: 's', network: 'tokenx', audience: 'a' };
  const fail = (): Promise<never> => {
    calls += 1;
    return Promise.reject(new Error('no'));
  };
  for (let time = 0; time < 3; time += 1) await assert.rejects(tokens.get(key, fail), /no/);
  assert.equal(calls, 1);
  now += 1;
  await assert.rejects(tokens.get(key, fail), /no/);
  assert.equal(calls, 2);
});
