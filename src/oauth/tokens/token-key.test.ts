import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { cacheBench, keyOf } from '../testing/token-cache-bench.ts';
import { encodeTokenKey } from './token-key.ts';
import type { TokenKey } from './token-key.ts';

const FULL: TokenKey = {
  provider: 'maskinporten',
  issuer: 'https://op.test',
  clientId: 'client',
  grant: 'machine',
  target: 'a:b',
  resource: 'https://api.test',
  authorizationDetails: [{ type: 'x', right: 1 }],
  userToken: 'user',
};

const OTHERS: Readonly<Record<keyof TokenKey, readonly unknown[]>> = {
  provider: ['maskinporte', 'entra_id', ''],
  issuer: ['https://op.test/', 'https://op.tes', ''],
  clientId: ['Client', 'client ', ''],
  grant: ['exchange'],
  target: ['a:B', 'a:b ', 'a', ''],
  resource: ['https://api.test/', '', undefined],
  authorizationDetails: [[], undefined, [{ type: 'x', right: '1' }], [{ type: 'x' }, { right: 1 }], [[]]],
  userToken: ['User', '', undefined],
};

test('L1 key-mixup: any member that differs makes another key, absent and empty included', async (t) => {
  const it = cacheBench(t);
  await it.get(FULL);
  for (const [member, values] of Object.entries(OTHERS)) {
    for (const value of values) {
      assert.match(await it.get({ ...FULL, [member]: value }), /miss$/, `${member} ${JSON.stringify(value)}`);
    }
  }
  assert.match(await it.get(FULL), /^t1 .* hit$/);
  assert.match(await it.get({ ...FULL, authorizationDetails: [{ right: 1, type: 'x' }] }), /^t1 .* hit$/);
});

test('L1 key-mixup: characters moved between neighbours make another key', async (t) => {
  const it = cacheBench(t);
  const texts = ['provider', 'issuer', 'clientId', 'target', 'resource', 'userToken'] as const;
  for (const [at, one] of texts.entries()) {
    const next = texts[at + 1];
    if (next === undefined) continue;
    for (const [left, right] of [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc', ''],
      ['1:a', '2:bc'],
      ['', '1:a2:bc'],
      // Whatever stood between two members could stand in one of them.
      ...[':', '-', '|', ',', ' ', '/', '\n', '\0'].flatMap((mark) => [
        [`a${mark}b`, 'c'],
        ['a', `b${mark}c`],
      ]),
    ] as const) {
      assert.match(await it.get(keyOf({ [one]: left, [next]: right })), /miss$/, `${one} ${left}, ${next} ${right}`);
    }
  }
});

test('L1 key-mixup: two keys of one digest never share a token, kept or on its way', async (t) => {
  const it = cacheBench(t, { digest: () => 'always the same' });
  const [a, b] = await Promise.all([it.get({ target: 'a' }), it.get({ target: 'b' })]);
  assert.deepEqual([a, b], ['t1 3600 miss', 't2 3600 miss']);
  assert.equal(await it.get({ target: 'b' }), 't2 3600 hit');
  assert.equal(await it.get({ target: 'a' }), 't3 3600 miss');
  assert.equal(it.cache.size().entries, 1);
});

test('L1 key-mixup: no two different requests share a key', () => {
  const text = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', '1:a', '-', '0:', '2:a-'), fc.string({ unit: 'binary' }));
  const maybe = fc.option(text, { nil: undefined });
  const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
  const details = fc.option(fc.array(fc.dictionary(fc.constantFrom('a', 'b', '"', '__proto__'), value)), {
    nil: undefined,
  });
  const key = fc.record({
    provider: text,
    issuer: text,
    clientId: text,
    grant: fc.constantFrom('machine', 'exchange'),
    target: text,
    resource: maybe,
    authorizationDetails: details,
    userToken: maybe,
  });
  fc.assert(
    fc.property(key, key, fc.subarray(Object.keys(FULL)), (one, other, shared) => {
      const mixed: TokenKey = {
        ...other,
        ...Object.fromEntries(Object.entries(one).filter(([name]) => shared.includes(name))),
      };
      const same = isDeepStrictEqual(plain(one), plain(mixed));
      assert.equal(encodeTokenKey(one) === encodeTokenKey(mixed), same);
    }),
    { numRuns: 500 },
  );
});

/** As it would arrive: without prototypes and without what JSON leaves out. */
function plain(key: TokenKey): unknown {
  return Object.entries(key).map(([name, value]) => [
    name,
    value === undefined ? 'absent' : JSON.parse(JSON.stringify(value)),
  ]);
}

test('a key holds no user token', () => {
  assert.ok(!encodeTokenKey(keyOf({ userToken: 'a-secret-user-token' })).includes('secret'));
});
