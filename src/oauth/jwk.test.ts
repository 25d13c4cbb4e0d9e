import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { signBytes, verifyBytes } from './algorithms.ts';
import { generatePrivateJwk, importSigningKey, importVerificationKey, type PrivateJwk, publicJwk } from './jwk.ts';
import { KeyRefused } from './key-material.ts';

function refused(jwk: unknown): void {
  assert.throws(() => importVerificationKey(jwk), KeyRefused);
}

function algorithmsOfHalf(jwk: object): readonly string[] {
  return importVerificationKey(publicJwk(jwk as PrivateJwk)).algorithms;
}

describe('JWK import (RFC 7517, RFC 8725 3.5)', () => {
  let rsa: PrivateJwk;
  let ec: PrivateJwk;
  let ed: PrivateJwk;

  before(async () => {
    [rsa, ec, ed] = await Promise.all([
      generatePrivateJwk('RS256'),
      generatePrivateJwk('ES256'),
      generatePrivateJwk('EdDSA'),
    ]);
  });

  test('generated keys have a UUID as kid, say what they are for, and import both ways', () => {
    for (const jwk of [rsa, ec, ed]) {
      assert.match(jwk.kid, /^[0-9a-f-]{36}$/);
      assert.equal(jwk.use, 'sig');
      assert.equal(importSigningKey(jwk).alg, jwk.alg);
      assert.deepEqual(importVerificationKey(publicJwk(jwk)).algorithms, [jwk.alg]);
    }
  });

  test('the public half holds no private member', () => {
    for (const jwk of [rsa, ec, ed]) {
      const names = Object.keys(publicJwk(jwk));
      assert.deepEqual(
        names.filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].includes(name)),
        [],
      );
      assert.deepEqual(importSigningKey(jwk).publicJwk, publicJwk(jwk));
    }
  });

  test('Ed25519 is a name of EdDSA (RFC 9864 2.2), and of no algorithm of another key', () => {
    const named = { ...ed, alg: 'Ed25519' };
    assert.deepEqual(importVerificationKey(publicJwk(named)).algorithms, ['EdDSA']);
    assert.equal(importSigningKey(named).alg, 'EdDSA');
    for (const jwk of [rsa, ec]) {
      assert.throws(() => importVerificationKey(publicJwk({ ...jwk, alg: 'Ed25519' })), KeyRefused);
      assert.throws(() => importSigningKey({ ...jwk, alg: 'Ed25519' }), KeyRefused);
    }
  });

  test('a key without alg is for what its type and curve can do, and signs with the usual one', () => {
    const { alg: _rsaAlg, ...plainRsa } = rsa;
    const { alg: _ecAlg, ...plainEc } = ec;
    const { alg: _edAlg, ...plainEd } = ed;
    assert.deepEqual(algorithmsOfHalf(plainRsa), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
    assert.deepEqual(algorithmsOfHalf(plainEc), ['ES256']);
    assert.deepEqual(algorithmsOfHalf(plainEd), ['EdDSA']);
    assert.deepEqual(
      [plainRsa, plainEc, plainEd].map((jwk) => importSigningKey(jwk).alg),
      ['RS256', 'ES256', 'EdDSA'],
    );
  });

  test('a public key must not hold a private or symmetric member', () => {
    refused(rsa);
    refused(ec);
    refused({ ...publicJwk(ec), k: 'AAAA' });
    refused({ kty: 'oct', kid: 'k', k: 'AAAA', alg: 'HS256' });
  });

  test('alg must be known and fit type and curve', () => {
    for (const alg of ['HS256', 'none', 'ES512', 'ES256K', 'RS256', 'RSA-OAEP', 7, '', null, 'constructor']) {
      refused({ ...publicJwk(ec), alg });
    }
  });

  test('use and key_ops must allow verifying', () => {
    refused({ ...publicJwk(ec), use: 'enc' });
    refused({ ...publicJwk(ec), key_ops: ['sign'] });
    refused({ ...publicJwk(ec), key_ops: 'verify' });
    assert.ok(importVerificationKey({ ...publicJwk(ec), key_ops: ['verify'] }));
  });

  test('a point off its curve, a short coordinate and a foreign curve are refused', () => {
    const jwk = publicJwk(ec);
    const x = Buffer.from(String(jwk['x']), 'base64url');
    const moved = Buffer.from(x);
    moved[31] = (moved[31] ?? 0) ^ 1;
    refused({ ...jwk, x: moved.toString('base64url') });
    refused({ ...jwk, x: x.subarray(1).toString('base64url') });
    refused({ ...jwk, crv: 'P-384' });
    refused({ ...jwk, crv: 'secp256k1' });
    refused({ ...publicJwk(ed), crv: 'X25519' });
    refused({ ...publicJwk(ed), crv: 'Ed448' });
  });

  test('each curve has its one algorithm, for signing and for verifying (RFC 7518 3.4)', async () => {
    for (const [namedCurve, alg, bytes] of [
      ['P-256', 'ES256', 64],
      ['P-384', 'ES384', 96],
      ['P-521', 'ES512', 132],
    ] as const) {
      const jwk = { ...generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }), kid: 'k' };
      const { d: _, ...half } = jwk;
      const verifier = importVerificationKey(half);
      assert.deepEqual([verifier.algorithms, importSigningKey(jwk).alg], [[alg], alg]);
      const signature = await signBytes(alg, importSigningKey(jwk).key, Buffer.from('x'));
      assert.equal(signature.length, bytes);
      assert.equal(verifyBytes(alg, verifier.key, Buffer.from('x'), signature), true);
    }
  });

  test('a coordinate has the full size of its curve, leading zeros and no more (RFC 7518 6.2.1.2)', () => {
    const y = 'Taz0hP2wC2gLjzWP6TgSURIgkiutyUMGt-6nOHGcTIY';
    const x = Buffer.from('AGTAodnxthvl-55MIZchkKw-ewLaS1oAaQGWduR3E2c', 'base64url');
    const key = (coordinate: Uint8Array): object => ({
      kty: 'EC',
      crv: 'P-256',
      x: Buffer.from(coordinate).toString('base64url'),
      y,
    });
    assert.ok(importVerificationKey(key(x)));
    assert.equal(x[0], 0);
    // The same point to whoever reads numbers.
    refused(key(x.subarray(1)));
    refused(key(Buffer.concat([Buffer.of(0), x])));
  });

  test('kid is absent or a string of 1 to 256 characters', () => {
    assert.equal(importVerificationKey({ ...publicJwk(ec), kid: 'k'.repeat(256) }).kid?.length, 256);
    assert.equal(importVerificationKey({ ...publicJwk(ec), kid: undefined }).kid, undefined);
    for (const kid of ['', 'k'.repeat(257), 7, null, ['k']]) refused({ ...publicJwk(ec), kid });
  });

  test('what is no key object is refused, never anything but a refusal', () => {
    const pem = createPublicKey({ key: { ...publicJwk(ec) }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const input of [null, undefined, 7, 'x', pem, [], {}, { kty: 'RSA' }, { kty: 'EC', crv: '__proto__' }])
      refused(input);
  });

  test('a signing key needs kid, d and a public half that belongs to it', async () => {
    const [other, otherEd] = await Promise.all([generatePrivateJwk('ES256'), generatePrivateJwk('EdDSA')]);
    const { kid: _kid, ...nameless } = ec;
    for (const jwk of [
      nameless,
      publicJwk(ec),
      { ...ec, x: other['x'], y: other['y'] },
      { ...ec, alg: 'ES384' },
      { ...rsa, p: rsa['q'] },
      { ...ed, x: otherEd['x'] },
    ]) {
      assert.throws(() => importSigningKey(jwk), KeyRefused);
    }
  });

  test('a refusal never quotes the key', () => {
    assert.throws(
      () => importSigningKey({ ...rsa, alg: 'ES256' }),
      (error: Error) => !error.message.includes(rsa.d) && error.cause === undefined,
    );
  });
});
