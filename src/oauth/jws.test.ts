import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { signBytes } from './algorithms.ts';
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
import {
  JoseError,
  type JoseErrorCode,
  type ParseOptions,
  parseCompactJws,
  signJws,
  verifySignature,
  verifySignatureOffThread,
} from './jws.ts';

function compact(header: unknown, payload = '{}', signature = 'AAAA'): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return `${encodeBase64Url(text)}.${encodeBase64Url(payload)}.${signature}`;
}

function refuses(token: unknown, code: JoseErrorCode, options?: ParseOptions): void {
  assert.throws(
    () => parseCompactJws(token, options),
    (error) => error instanceof JoseError && error.code === code,
    `expected ${code}`,
  );
}

describe('compact JWS, taken apart (RFC 7515 sections 3.1, 7.1)', () => {
  test('refuses what is no token and what is too long, before any other work', () => {
    for (const token of [undefined, null, '', 7, {}, ['a.b.c']]) refuses(token, 'token_missing');
    const fitting = `${compact({ alg: 'RS256' }, '{}', '')}${'A'.repeat(16_384)}`.slice(0, 16_384);
    assert.equal(parseCompactJws(fitting).header.alg, 'RS256');
    refuses(`${fitting}AAAA`, 'token_too_large');
    refuses('a.b.c', 'token_too_large', { maxBytes: 4 });
  });

  test('refuses any number of segments but three, and an empty header or signature', () => {
    const [header, payload, signature] = compact({ alg: 'RS256' }).split('.');
    for (const token of [
      'a',
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      '..',
      `${header}.${payload}.AA.AA.AA`,
    ]) {
      refuses(token, 'token_malformed');
    }
  });

  test('refuses base64url faults in every segment', () => {
    const segments = compact({ alg: 'RS256' }).split('.');
    for (const at of [0, 1, 2]) {
      for (const fault of ['=', ' ', '+', '\n', 'A', '\u0141']) {
        const broken = segments.map((segment, index) => (index === at ? `${segment}${fault}` : segment)).join('.');
        if (Buffer.from(broken.split('.')[at] ?? '', 'base64url').toString('base64url') !== broken.split('.')[at]) {
          refuses(broken, 'token_malformed');
        }
      }
    }
  });

  test('refuses a header that is not strict JSON, no object, or names no algorithm', () => {
    refuses(compact('{"alg":"RS256","alg":"none"}'), 'token_malformed');
    refuses(compact('{"alg":"RS256"'), 'token_malformed');
    refuses(compact('\ufeff{"alg":"RS256"}'), 'token_malformed');
    for (const header of [[], 'null', '"RS256"', {}, { alg: 7 }, { alg: '' }, { alg: null }])
      refuses(compact(header), 'header_refused');
  });

  test('refuses every header member that changes what is signed or names a key (RFC 8725 3.10)', () => {
    for (const name of ['crit', 'b64', 'zip', 'jku', 'x5u', 'cty', 'jwk']) {
      for (const value of [null, false, [], 'x', {}])
        refuses(compact({ alg: 'RS256', [name]: value }), 'header_refused');
    }
    assert.deepEqual(parseCompactJws(compact({ alg: 'RS256', jwk: {} }), { allow: ['jwk'] }).header['jwk'], {});
  });

  test('drops x5c unless the kind of token allows it', () => {
    const token = compact({ alg: 'RS256', x5c: ['a'], x5t: 'b' });
    assert.equal(parseCompactJws(token).header['x5c'], undefined);
    assert.deepEqual(parseCompactJws(token, { allow: ['x5c'] }).header['x5c'], ['a']);
  });

  test('kid is a string of 1 to 256 characters', () => {
    assert.equal(parseCompactJws(compact({ alg: 'RS256', kid: 'k'.repeat(256) })).header.kid?.length, 256);
    for (const kid of ['', 'k'.repeat(257), 7, null, ['k'], { k: 1 }])
      refuses(compact({ alg: 'RS256', kid }), 'header_refused');
  });

  test('typ fits the kind of token, without case and application/ (RFC 8725 3.11)', () => {
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'APPLICATION/JWT']) {
      assert.equal(parseCompactJws(compact({ alg: 'RS256', typ })).header.typ, typ);
    }
    for (const typ of ['', 'dpop+jwt', 'logout+jwt', 'JOSE', 'application/', 'application/application/jwt']) {
      refuses(compact({ alg: 'RS256', typ }), 'type_refused');
    }
    refuses(compact({ alg: 'RS256', typ: 7 }), 'header_refused');
    assert.ok(parseCompactJws(compact({ alg: 'RS256', typ: 'dpop+jwt' }), { types: ['dpop+jwt'] }));
    refuses(compact({ alg: 'RS256' }), 'type_refused', { types: ['dpop+jwt'] });
  });

  test('any text is either taken apart or refused, and what is taken apart is the text again', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '.',
        '..',
        'e30',
        encodeBase64Url('{"alg":"RS256"}'),
        encodeBase64Url('{"alg":"none"}'),
        '=',
        ' ',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        (text) => {
          try {
            const jws = parseCompactJws(text);
            assert.equal(`${jws.signingInput}.${encodeBase64Url(jws.signature)}`, text);
          } catch (error) {
            assert.ok(error instanceof JoseError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

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

describe('header memo (sidecar-sdk.md 2.1)', () => {
  const token = compact({ alg: 'RS256', kid: 'k', typ: 'at+jwt' });

  test('keeps what a header says and no verdict: every rule is applied to it again', () => {
    const memo = createHeaderMemo();
    const { header } = parseCompactJws(token, { memo });
    assert.equal(parseCompactJws(token, { memo }).header, header);
    refuses(token, 'type_refused', { memo, types: ['JWT'] });
    const critical = compact({ alg: 'RS256', crit: 'exp' });
    for (let round = 0; round < 2; round += 1) refuses(critical, 'header_refused', { memo });
    refuses(`${token}=`, 'token_malformed', { memo });
  });

  test('what one caller gets no other can have changed', () => {
    const memo = createHeaderMemo();
    assert.ok(Object.isFrozen(parseCompactJws(token, { memo }).header));
    const nested = compact({ alg: 'RS256', extra: { a: 1 } });
    assert.notEqual(parseCompactJws(nested, { memo }).header, parseCompactJws(nested, { memo }).header);
  });

  test('holds 256 headers and none that is long', () => {
    const memo = createHeaderMemo();
    const texts = Array.from({ length: 257 }, (_, at) => compact({ alg: 'RS256', kid: `k${at}` }));
    for (const text of texts) parseCompactJws(text, { memo });
    const kept = texts.filter((text) => memo.get(text.slice(0, text.indexOf('.'))) !== undefined);
    assert.equal(kept.length, 256);
    assert.equal(kept[0], texts[1]);
    const long = compact({ alg: 'RS256', extra: 'x'.repeat(1024) });
    parseCompactJws(long, { memo });
    assert.equal(memo.get(long.slice(0, long.indexOf('.'))), undefined);
  });
});
