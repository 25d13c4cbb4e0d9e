import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { signBytes } from './algorithms.ts';
import { encodeBase64Url } from './base64url.ts';
import {
  generatePrivateJwk,
  importSigningKey,
  importVerificationKey,
  type PrivateJwk,
  publicJwk,
  type VerificationKey,
} from './jwk.ts';
import { JoseError, type JoseErrorCode, signJws } from './jws.ts';
import {
  type ClaimRules,
  type Claims,
  checkClaims,
  numberClaim,
  parseJwt,
  stringClaim,
  stringListClaim,
  verifyJwtSignature,
} from './jwt.ts';

const NOW = 1_700_000_000;
const good: Claims = {
  iss: 'https://issuer.test/',
  aud: 'me',
  sub: 'someone',
  iat: NOW - 10,
  exp: NOW + 50,
  nbf: NOW - 10,
};
const rules: ClaimRules = { now: NOW, skewSeconds: 30, issuer: 'https://issuer.test/', audience: ['me'] };

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof JoseError, String(error));
    return error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
  }
}

function judge(change: Claims, changedRules: Partial<ClaimRules> = {}): string {
  const claims = Object.fromEntries(Object.entries({ ...good, ...change }).filter(([, value]) => value !== undefined));
  return codeOf(() => checkClaims(claims, { ...rules, ...changedRules }));
}

describe('claims (RFC 7519 section 4.1)', () => {
  test('a good token passes', () => {
    assert.equal(judge({}), 'ok');
    assert.equal(judge({ aud: ['other', 'me'] }), 'ok');
    assert.equal(judge({ sub: undefined, nbf: undefined }), 'ok');
  });

  for (const name of ['iss', 'exp', 'iat', 'aud']) {
    test(`${name} must be there`, () => assert.equal(judge({ [name]: undefined }), `claim_missing ${name}`));
  }

  test('other claims can be required, and required ones lifted by name', () => {
    assert.equal(judge({}, { required: ['jti'] }), 'claim_missing jti');
    assert.equal(judge({ iat: undefined }, { optional: ['iat'] }), 'ok');
  });

  test('aud is neither required nor compared when the rules name none', () => {
    const { audience: _, ...noAudience } = rules;
    assert.equal(
      codeOf(() => checkClaims({ ...good, aud: 'someone else' }, noAudience)),
      'ok',
    );
  });

  for (const value of ['1', null, Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53, true, [NOW]]) {
    test(`times must be finite numbers of sensible size, not ${JSON.stringify(value)}`, () => {
      for (const name of ['exp', 'iat', 'nbf']) assert.equal(judge({ [name]: value }), `claim_invalid ${name}`);
    });
  }

  test('times reach from 0 up to, not including, 2^53', () => {
    assert.equal(judge({ iat: 0, nbf: 0 }), 'ok');
    assert.equal(judge({ exp: 2 ** 53 - 1 }), 'ok');
  });

  test('exp comes after iat; aud, iss and sub have their types', () => {
    assert.equal(judge({ exp: NOW - 10 }), 'claim_invalid exp');
    for (const aud of [7, null, {}, ['me', 7]]) assert.equal(judge({ aud }), 'claim_invalid aud');
    for (const value of [7, null, ['x'], {}]) {
      assert.equal(judge({ sub: value }), 'claim_invalid sub');
      assert.equal(judge({ iss: value }), 'claim_invalid iss');
    }
  });

  test('the leeway counts on exp, nbf and iat alike, to the second', () => {
    assert.equal(judge({ iat: NOW - 100, exp: NOW - 29 }), 'ok');
    assert.equal(judge({ iat: NOW - 100, exp: NOW - 30 }), 'token_expired exp');
    assert.equal(judge({ nbf: NOW + 30 }), 'ok');
    assert.equal(judge({ nbf: NOW + 31 }), 'token_not_yet_valid nbf');
    assert.equal(judge({ iat: NOW + 30 }), 'ok');
    assert.equal(judge({ iat: NOW + 31 }), 'token_not_yet_valid iat');
  });

  test('iss is compared byte for byte and aud by whole strings', () => {
    for (const iss of ['https://issuer.test', 'https://ISSUER.test/', 'https://issuer.test/#'])
      assert.equal(judge({ iss }), 'issuer_unknown');
    for (const aud of ['m', 'me ', 'ME', [], ['m', 'e']]) assert.equal(judge({ aud }), 'audience_mismatch');
    assert.equal(judge({}, { audience: [] }), 'audience_mismatch');
  });

  test('a token may not live longer than the cap, measured from iat, else from now', () => {
    assert.equal(judge({}, { maxLifetimeSeconds: 60 }), 'ok');
    assert.equal(judge({}, { maxLifetimeSeconds: 59 }), 'lifetime_exceeded');
    assert.equal(judge({ iat: undefined }, { optional: ['iat'], maxLifetimeSeconds: 50 }), 'ok');
    assert.equal(judge({ iat: undefined }, { optional: ['iat'], maxLifetimeSeconds: 49 }), 'lifetime_exceeded');
  });

  test('the first failure in the order of the checks wins', () => {
    const broken: Claims = { iss: 'other', aud: 'other', exp: NOW - 100, nbf: NOW + 100, iat: NOW - 200 };
    assert.equal(judge({ ...broken, iat: undefined }), 'claim_missing iat');
    assert.equal(judge({ ...broken, exp: 'soon', sub: 7, aud: undefined }), 'claim_missing aud');
    assert.equal(judge({ ...broken, sub: 7 }), 'claim_invalid sub');
    assert.equal(judge(broken), 'token_expired exp');
    assert.equal(judge({ ...broken, exp: NOW + 10 }), 'token_not_yet_valid nbf');
    assert.equal(judge({ ...broken, exp: NOW + 10, nbf: NOW }), 'issuer_unknown');
    const othersOnly = { ...broken, exp: NOW + 10, nbf: NOW, iss: rules.issuer };
    assert.equal(judge(othersOnly, { maxLifetimeSeconds: 60 }), 'audience_mismatch');
    assert.equal(judge({ ...othersOnly, aud: 'me' }, { maxLifetimeSeconds: 60 }), 'lifetime_exceeded');
  });

  test('typed readers give nothing for a value of another type, or one that is inherited', () => {
    assert.equal(stringClaim({ a: 7 }, 'a'), undefined);
    assert.equal(stringClaim({}, 'constructor'), undefined);
    assert.equal(numberClaim({ a: '7' }, 'a'), undefined);
    assert.deepEqual(
      [
        stringListClaim({ a: 'x' }, 'a'),
        stringListClaim({ a: ['x', 'y'] }, 'a'),
        stringListClaim({ a: ['x', 7] }, 'a'),
      ],
      [['x'], ['x', 'y'], undefined],
    );
  });
});

function keyOf(jwk: PrivateJwk): VerificationKey {
  return importVerificationKey(publicJwk(jwk));
}

describe('JWT signature and key choice (security.md 5)', () => {
  let one: PrivateJwk;
  let two: PrivateJwk;
  let token: string;
  let nameless: string;

  before(async () => {
    [one, two] = await Promise.all([generatePrivateJwk('ES256', 'one'), generatePrivateJwk('ES256', 'two')]);
    token = await signJws({ typ: 'JWT' }, good, importSigningKey(one));
    const key = importSigningKey(one);
    const input = `${encodeBase64Url('{"alg":"ES256"}')}.${encodeBase64Url(JSON.stringify(good))}`;
    nameless = `${input}.${encodeBase64Url(await signBytes('ES256', key.key, Buffer.from(input)))}`;
  });

  const algorithms = ['ES256'] as const;

  test('gives the claims of a token signed by the key it names', () => {
    const jwt = verifyJwtSignature(parseJwt(token), [keyOf(two), keyOf(one)], { algorithms });
    assert.deepEqual(jwt.claims, good);
  });

  test('says why not: unknown key, refused algorithm, wrong signature', () => {
    const jwt = parseJwt(token);
    const wrong = (keys: readonly VerificationKey[], allowed: readonly ('ES256' | 'RS256')[]): string =>
      codeOf(() => verifyJwtSignature(jwt, keys, { algorithms: allowed }));
    assert.equal(wrong([keyOf(two)], algorithms), 'key_unknown');
    assert.equal(wrong([], algorithms), 'key_unknown');
    assert.equal(wrong([keyOf(one)], ['RS256']), 'algorithm_refused');
    assert.equal(wrong([keyOf(one)], []), 'algorithm_refused');
    assert.equal(wrong([{ ...keyOf(one), algorithms: ['ES384'] }], algorithms), 'algorithm_refused');
    assert.equal(wrong([{ ...keyOf(two), kid: 'one' }], algorithms), 'signature_invalid');
  });

  test('without kid every fitting key is tried, at most five, unless kid is required', () => {
    const jwt = parseJwt(nameless);
    const run = (keys: readonly VerificationKey[], kidRequired = false): string =>
      codeOf(() => verifyJwtSignature(jwt, keys, { algorithms, kidRequired }));
    assert.equal(run([keyOf(two), keyOf(one)]), 'ok');
    assert.equal(run([keyOf(two)]), 'signature_invalid');
    assert.equal(run([...Array.from({ length: 4 }, () => keyOf(two)), keyOf(one)]), 'ok');
    assert.equal(run([...Array.from({ length: 5 }, () => keyOf(two)), keyOf(one)]), 'key_id_missing');
    assert.equal(run([keyOf(one)], true), 'key_id_missing');
  });

  test('an algorithm we do not know is refused before anything else is read', () => {
    for (const alg of [
      'none',
      'None',
      'NONE',
      'HS256',
      'HS512',
      'ES256K',
      'RSA1_5',
      'dir',
      'A128KW',
      'toString',
      'EDDSA',
      'ED25519',
      'Ed448',
      'ESP256',
      'es256',
    ]) {
      const forged = `${encodeBase64Url(JSON.stringify({ alg, kid: 'one' }))}.!.AAAA`.replace(
        '!',
        encodeBase64Url('{}'),
      );
      assert.equal(
        codeOf(() => parseJwt(forged)),
        'algorithm_refused' satisfies JoseErrorCode,
      );
    }
  });

  test('the payload is a strict JSON object', () => {
    for (const payload of [
      '[]',
      'null',
      '"x"',
      '',
      '{"a":1,"a":2}',
      '{"__proto__":{}}',
      '{"a":1}x',
      '{"a":"\\ud800"}',
    ]) {
      const broken = `${encodeBase64Url('{"alg":"ES256"}')}.${encodeBase64Url(payload)}.AAAA`;
      assert.equal(
        codeOf(() => parseJwt(broken)),
        'token_malformed',
      );
    }
  });
});
