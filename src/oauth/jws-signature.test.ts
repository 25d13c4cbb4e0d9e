import assert from 'node:assert/strict';
import { constants, createHmac, sign } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { signBytes, verifyBytes } from './algorithms.ts';
import { encodeBase64Url } from './base64url.ts';
import {
  generatePrivateJwk,
  importSigningKey,
  importVerificationKey,
  type PrivateJwk,
  publicJwk,
  type SigningKey,
} from './jwk.ts';
import { createHeaderMemo } from './jws-header.ts';
import { parseCompactJws, signJws, verifySignature, verifySignatureOffThread } from './jws.ts';

describe('JWS signatures (RFC 7515 section 5.2)', () => {
  let jwks: readonly PrivateJwk[];
  let keys: readonly SigningKey[];

  before(async () => {
    jwks = await Promise.all((['RS256', 'PS256', 'ES256', 'EdDSA'] as const).map((alg) => generatePrivateJwk(alg)));
    keys = jwks.map(importSigningKey);
  });

  test('what is signed verifies with its own key and no other', async () => {
    const publicKeys = jwks.map((jwk) => importVerificationKey(publicJwk(jwk)));
    for (const [index, key] of keys.entries()) {
      const jws = parseCompactJws(await signJws({ typ: 'JWT' }, { sub: 'x' }, key));
      assert.deepEqual(
        publicKeys.map((candidate) => verifySignature(jws, candidate)),
        publicKeys.map((_, at) => at === index),
      );
      assert.deepEqual(
        await Promise.all(publicKeys.map((candidate) => verifySignatureOffThread(jws, candidate))),
        publicKeys.map((_, at) => at === index),
      );
    }
  });

  test('a token that says Ed25519 is one that says EdDSA (RFC 9864 2.2): right under that key, wrong under any other', async () => {
    const publicKeys = jwks.map((jwk) => importVerificationKey(publicJwk(jwk)));
    for (const { alg, key } of keys) {
      const input = `${encodeBase64Url('{"alg":"Ed25519"}')}.${encodeBase64Url('{}')}`;
      const token = `${input}.${encodeBase64Url(await signBytes(alg, key, Buffer.from(input)))}`;
      for (const memo of [undefined, createHeaderMemo()]) {
        const jws = parseCompactJws(token, memo && { memo });
        assert.equal(jws.header.alg, 'EdDSA');
        assert.deepEqual(
          publicKeys.map((candidate) => verifySignature(jws, candidate)),
          keys.map((other) => alg === 'EdDSA' && other.alg === 'EdDSA'),
        );
        const again = parseCompactJws(token, memo && { memo });
        assert.equal(again.header.alg, 'EdDSA');
      }
    }
  });

  test('alg and kid come from the key, whatever the header asked for', async () => {
    const [key] = keys;
    assert.ok(key);
    const { header } = parseCompactJws(await signJws({ typ: 'at+jwt', alg: 'none', kid: 'other' }, {}, key));
    assert.deepEqual(header, { typ: 'at+jwt', alg: 'RS256', kid: key.kid });
  });

  test('an HMAC made with a public key as secret does not verify (RFC 8725 2.1)', () => {
    for (const jwk of jwks) {
      const key = importVerificationKey(publicJwk(jwk));
      const pem = key.key.export({ type: 'spki', format: 'pem' });
      for (const secret of [pem, ` ${pem}`, JSON.stringify(publicJwk(jwk))]) {
        for (const alg of ['HS256', 'hs256', 'none', 'None']) {
          const input = `${encodeBase64Url(JSON.stringify({ alg, kid: jwk.kid }))}.${encodeBase64Url('{}')}`;
          const mac = createHmac('sha256', secret).update(input).digest('base64url');
          assert.equal(verifySignature(parseCompactJws(`${input}.${mac}`), key), false);
        }
      }
    }
  });

  test('a private key verifies nothing, even what it signed', async () => {
    for (const key of keys) {
      const jws = parseCompactJws(await signJws({}, {}, key));
      const asVerifier = { kid: key.kid, algorithms: [key.alg], key: key.key };
      assert.equal(verifySignature(jws, asVerifier), false);
      assert.equal(await verifySignatureOffThread(jws, asVerifier), false);
    }
  });

  test('a token for another algorithm of the same key type does not verify: RS256 is not PS256', async () => {
    const [rsa] = jwks;
    assert.ok(rsa);
    const { alg: _alg, ...plain } = rsa;
    const asPss = importSigningKey({ ...plain, alg: 'PS256' });
    const jws = parseCompactJws(await signJws({}, {}, asPss));
    assert.equal(verifySignature(jws, importVerificationKey(publicJwk(rsa))), false);
    assert.equal(verifySignature(jws, importVerificationKey({ ...publicJwk(rsa), alg: 'PS256' })), true);
  });

  test('each RSA algorithm has its own digest and padding, and verifies nothing of another (RFC 7518 3.3, 3.5)', () => {
    const rsa = jwks[0];
    assert.ok(rsa);
    const { key } = importSigningKey(rsa);
    const verifier = importVerificationKey(publicJwk(rsa));
    const data = Buffer.from('x');
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const names = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
    for (const made of names) {
      const signature = sign(`sha${made.slice(2)}`, data, made.startsWith('PS') ? { key, ...pss } : key);
      assert.deepEqual(
        names.filter((name) => verifyBytes(name, verifier.key, data, signature)),
        [made],
      );
    }
  });

  test('the salt of a PSS signature is as long as the digest, no other (RFC 7518 3.5)', () => {
    const pss = jwks[1];
    assert.ok(pss);
    const verifier = importVerificationKey(publicJwk(pss));
    const { key } = importSigningKey(pss);
    const data = Buffer.from('x');
    const verdicts = [0, 20, 31, 32, 33, constants.RSA_PSS_SALTLEN_MAX_SIGN].map((saltLength) => {
      const signature = sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
      return verifyBytes('PS256', verifier.key, data, signature);
    });
    assert.deepEqual(verdicts, [false, false, false, true, false, false]);
  });

  test('a flipped, shortened, lengthened, DER or zero signature does not verify', async () => {
    for (const [index, key] of keys.entries()) {
      const jwk = jwks[index];
      assert.ok(jwk);
      const verifier = importVerificationKey(publicJwk(jwk));
      const jws = parseCompactJws(await signJws({}, { sub: 'x' }, key));
      const { signature } = jws;
      const flipped = Buffer.from(signature);
      flipped[3] = (flipped[3] ?? 0) ^ 1;
      const der = Buffer.concat([
        Buffer.from([0x30, 0x44, 0x02, 0x20]),
        signature.subarray(0, 32),
        Buffer.from([0x02, 0x20]),
        signature.subarray(32),
      ]);
      const bad = [
        flipped,
        signature.subarray(1),
        signature.subarray(0, -1),
        Buffer.concat([signature, Buffer.alloc(1)]),
        Buffer.concat([Buffer.alloc(1), signature]),
        der,
        Buffer.alloc(signature.length),
        Buffer.alloc(1),
      ];
      assert.equal(verifySignature(jws, verifier), true);
      for (const one of bad) {
        assert.equal(verifySignature({ ...jws, signature: one }, verifier), false);
        assert.equal(await verifySignatureOffThread({ ...jws, signature: one }, verifier), false);
      }
    }
  });
});
