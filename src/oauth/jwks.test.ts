import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { DocumentUnavailable } from './document.ts';
import { generatePrivateJwk, type PublicJwk, publicJwk } from './jwk.ts';
import { createStaticKeySet, parseJwks } from './jwks.ts';
import { KeyRefused } from './key-material.ts';

let a: PublicJwk;
let b: PublicJwk;
let c: PublicJwk;

before(async () => {
  [a, b, c] = (await Promise.all(['a', 'b', 'c'].map((kid) => generatePrivateJwk('ES256', kid)))).map(publicJwk) as [
    PublicJwk,
    PublicJwk,
    PublicJwk,
  ];
});

function algorithmsOf(jwk: PublicJwk, fallbackAlgorithm?: 'PS256' | 'RS256'): string | undefined {
  return parseJwks({ keys: [jwk] }, { fallbackAlgorithm }).keys[0]?.algorithms.join();
}

describe('JWK Set (RFC 7517 section 5)', () => {
  test('a key without alg is for the fallback alone if it can do it, else for what its type can; alg is never overruled', async () => {
    const rsa = publicJwk(await generatePrivateJwk('RS256', 'rsa'));
    const { alg: _alg, ...silent } = rsa;
    assert.equal(algorithmsOf(silent, 'PS256'), 'PS256');
    assert.equal(algorithmsOf(rsa, 'PS256'), 'RS256');
    const { alg: _other, ...curve } = a;
    assert.equal(algorithmsOf(curve, 'RS256'), 'ES256');
    assert.match(algorithmsOf(silent) ?? '', /RS256.*PS256/);
  });

  test('unusable keys are left out one by one, with a reason each', () => {
    const { keys, skipped } = parseJwks({
      keys: [
        a,
        { ...b, use: 'enc' },
        { ...b, kid: undefined },
        { ...b, d: 'AAAA' },
        { kty: 'oct', k: 'AA', kid: 'x' },
        null,
        c,
      ],
    });
    assert.deepEqual(
      keys.map((key) => key.kid),
      ['a', 'c'],
    );
    assert.equal(skipped.length, 5);
  });

  test('two different keys under one kid are both left out, the same key twice is one', () => {
    const { keys, skipped } = parseJwks({ keys: [a, { ...b, kid: 'a' }, c, c] });
    assert.deepEqual(
      keys.map((key) => key.kid),
      ['c'],
    );
    assert.equal(skipped.length, 2);
  });

  test('one key under one kid for two algorithms is two different keys', async () => {
    const rsa = publicJwk(await generatePrivateJwk('RS256', 'a'));
    const { keys, skipped } = parseJwks({ keys: [rsa, { ...rsa, alg: 'PS256' }] });
    assert.deepEqual([keys.length, skipped.length], [0, 2]);
    assert.equal(parseJwks({ keys: [rsa, { ...rsa, x5t: 'x' }] }).keys.length, 1);
  });

  test('keys without kid stay where that is allowed', () => {
    const nameless = [a, b].map((jwk) => ({ ...jwk, kid: undefined }));
    assert.equal(parseJwks({ keys: nameless }, { allowMissingKid: true }).keys.length, 2);
  });

  test('takes 100 keys and refuses 101', () => {
    assert.ok(parseJwks({ keys: Array.from({ length: 100 }, () => a) }));
    assert.throws(() => parseJwks({ keys: Array.from({ length: 101 }, () => a) }), DocumentUnavailable);
  });

  test('any JSON is either a set whose every member is accounted for, or refused', () => {
    const member = fc.oneof(
      fc.jsonValue(),
      fc.record({
        kty: fc.constantFrom('RSA', 'EC', 'OKP', 'oct'),
        kid: fc.string(),
        n: fc.string(),
        e: fc.string(),
        x: fc.string(),
        crv: fc.constantFrom('P-256', 'Ed25519'),
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ keys: fc.array(member, { maxLength: 5 }) })), (document) => {
        try {
          const { keys, skipped } = parseJwks(document);
          assert.ok(keys.length + skipped.length <= 5);
        } catch (error) {
          assert.ok(error instanceof DocumentUnavailable);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('static key set', () => {
  test('finds by kid, and without kid by algorithm; a bad key is an error at once', async () => {
    const set = createStaticKeySet([a, b]);
    assert.deepEqual(
      (await set.keysFor('b', 'RS256')).map((key) => key.kid),
      ['b'],
    );
    assert.equal((await set.keysFor(undefined, 'ES256')).length, 2);
    assert.equal((await set.keysFor(undefined, 'RS256')).length, 0);
    assert.equal((await set.keysFor(undefined, 'none')).length, 0);
    assert.throws(() => createStaticKeySet([{ ...a, use: 'enc' }]), KeyRefused);
  });

  test('two different keys under one kid are refused, for neither could be told from the other (security.md 3.4, 38)', () => {
    assert.throws(() => createStaticKeySet([a, { ...b, kid: 'a' }]), KeyRefused);
    assert.equal(createStaticKeySet([a, a]).state().keys, 1);
  });
});
