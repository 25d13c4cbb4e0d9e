import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import test from 'node:test';
import type { AuthErrorCode } from '../auth-error.ts';
import { CLAIMS, makeKeys, mint, START, withHeader } from '../testing/fixtures.ts';
import { create } from '../index.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import { codeOf, KINDS, makeAuth } from '../testing/auth.ts';

const keys = await makeKeys();

for (const kind of KINDS) {
  test(`every refusal of the table for ${kind}, in its order (2.2)`, async (t) => {
    const { auth, clock } = makeAuth(t, keys);
    const claims = CLAIMS[kind];
    const good = await mint(claims, keys.issuer);
    assert.equal(typeof (await codeOf(auth, good)), 'object');
    const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' };
    const changed = (changes: object): Promise<string> => mint({ ...claims, ...changes }, keys.issuer);
    const rows: readonly [token: string, code: AuthErrorCode][] = [
      ['', 'token_missing'],
      ['x'.repeat(16_385), 'token_too_large'],
      ['a.b', 'token_malformed'],
      [`${good}.`, 'token_malformed'],
      [`${good}=`, 'token_malformed'],
      [withHeader(good, { ...header, crit: ['x'] }), 'header_refused'],
      [withHeader(good, { ...header, b64: false }), 'header_refused'],
      [withHeader(good, { ...header, jwk: publicJwk(keys.issuerJwk) }), 'header_refused'],
      [withHeader(good, { ...header, jku: 'https://evil.example' }), 'header_refused'],
      [withHeader(good, { ...header, typ: 'logout+jwt' }), 'type_refused'],
      [withHeader(good, { ...header, alg: 'none' }), 'algorithm_refused'],
      [withHeader(good, { ...header, alg: 'HS256' }), 'algorithm_refused'],
      [withHeader(good, { ...header, alg: 'rs256' }), 'algorithm_refused'],
      [await mint([], keys.issuer), 'token_malformed'],
      [await changed({ iss: 'https://other.example' }), 'issuer_unknown'],
      [await changed({ iss: `${String(claims['iss'])}/` }), 'issuer_unknown'],
      [withHeader(good, { alg: 'RS256' }), 'key_id_missing'],
      [withHeader(good, { ...header, kid: 'k2' }), 'key_unknown'],
      [withHeader(good, { ...header, kid: '../k1' }), 'key_unknown'],
      [await mint(claims, keys.ec), 'algorithm_refused'],
      [withHeader(good, { ...header, alg: 'RS512' }), 'algorithm_refused'],
      [await mint(claims, keys.stranger), 'signature_invalid'],
      [await changed({ exp: undefined }), 'claim_missing'],
      [await changed({ iat: undefined }), 'claim_missing'],
      [await changed({ exp: 'x' }), 'claim_invalid'],
      [await changed({ exp: START }), 'claim_invalid'],
      [await changed({ iat: -1 }), 'claim_invalid'],
      [await changed({ nbf: null }), 'claim_invalid'],
      [await changed({ sub: 1 }), 'claim_invalid'],
      [await changed({ nbf: START + 31 }), 'token_not_yet_valid'],
      [await changed({ iat: START + 31 }), 'token_not_yet_valid'],
      [await changed({ exp: START + 87_001 }), 'lifetime_exceeded'],
    ];
    const audience: readonly [token: string, code: AuthErrorCode][] = [
      [await changed({ aud: undefined }), 'claim_missing'],
      [await changed({ aud: 'other' }), 'audience_mismatch'],
      [await changed({ aud: [] }), 'audience_mismatch'],
      [await changed({ aud: [1] }), 'claim_invalid'],
    ];
    for (const [token, code] of kind === 'maskinporten' ? [] : audience) {
      assert.equal(await codeOf(auth, token), code);
    }
    for (const [token, code] of rows) assert.equal(await codeOf(auth, token), code, token.slice(0, 60));
    clock.now = START + 629;
    assert.equal(typeof (await codeOf(auth, good)), 'object');
    clock.now = START + 630;
    assert.equal(await codeOf(auth, good), 'token_expired');
  });

  test(`each claim of ${kind} that is promised has to be there and of its type (5.1)`, async (t) => {
    const { auth } = makeAuth(t, keys);
    const claims = CLAIMS[kind];
    const judged = new Set(['iss', 'aud', 'exp', 'iat']);
    const optional = new Set(['groups', 'roles', 'acr', 'pid', 'idtyp', 'scope', 'nbf']);
    for (const name of Object.keys(claims)) {
      if (judged.has(name) || (optional.has(name) && kind !== 'idporten')) continue;
      const missing = await codeOf(auth, await mint({ ...claims, [name]: undefined }, keys.issuer));
      assert.ok(missing === 'claim_missing' || missing === 'type_refused', `${name} missing`);
    }
    for (const name of Object.keys(claims)) {
      if (judged.has(name) || name === 'idtyp') continue;
      const wrong = await codeOf(auth, await mint({ ...claims, [name]: { not: 'this' } }, keys.issuer));
      assert.equal(wrong, 'claim_invalid', name);
    }
  });
}

test('an ID token is no access token, at Entra and at ID-porten (2.4)', async (t) => {
  const { auth } = makeAuth(t, keys);
  assert.equal(await codeOf(auth, await mint({ ...CLAIMS['entra-user'], nonce: 'n' }, keys.issuer)), 'type_refused');
  assert.equal(await codeOf(auth, await mint({ ...CLAIMS['entra-user'], scp: '' }, keys.issuer)), 'type_refused');
  assert.equal(await codeOf(auth, await mint({ ...CLAIMS.idporten, nonce: 'n' }, keys.issuer)), 'type_refused');
});

test('an ID token of a generic issuer is no access token, unless its type says that it is one (security.md 5, 3)', async (t) => {
  const { auth } = makeAuth(t, keys);
  for (const claim of ['nonce', 'at_hash', 'c_hash']) {
    const claims = { ...CLAIMS.oidc, [claim]: 'x' };
    assert.equal(await codeOf(auth, await mint(claims, keys.issuer)), 'type_refused', claim);
    assert.equal(typeof (await codeOf(auth, await mint(claims, keys.issuer, { typ: 'at+jwt' }))), 'object', claim);
  }
});

test('Maskinporten tokens need the scope that stands in for the audience, and are refused without it configured', async (t) => {
  const token = await mint(CLAIMS.maskinporten, keys.issuer);
  assert.equal(
    await codeOf(makeAuth(t, keys, { maskinporten: { requiredScope: 'fleet:write' } }).auth, token),
    'scope_missing',
  );
  const { auth, events } = makeAuth(t, keys, { maskinporten: undefined });
  assert.equal(await codeOf(auth, token), 'issuer_unknown');
  const [refused] = events;
  assert.ok(refused?.event === 'token.refused');
  assert.match(refused.explanation ?? '', /option maskinporten: \{ requiredScope \}/, 'what would help is told');
});

test('L8 skew: one leeway on exp, nbf and iat, at each limit and one beyond', async (t) => {
  const { auth } = makeAuth(t, keys);
  const ok = async (changes: object): Promise<boolean> =>
    (await auth.validate(await mint({ ...CLAIMS.oidc, iat: START - 900, exp: START + 900, ...changes }, keys.issuer)))
      .ok;
  assert.deepEqual([await ok({ exp: START - 29 }), await ok({ exp: START - 30 })], [true, false]);
  assert.deepEqual([await ok({ nbf: START + 30 }), await ok({ nbf: START + 31 })], [true, false]);
  assert.deepEqual([await ok({ iat: START + 30 }), await ok({ iat: START + 31 })], [true, false]);
});

test('L5 algorithm: a public RSA key used as an HMAC secret, and a PEM where a key is expected, get nowhere', async (t) => {
  const { auth } = makeAuth(t, keys);
  const { createHmac } = await import('node:crypto');
  const good = await mint(CLAIMS.oidc, keys.issuer);
  const input = withHeader(good, { alg: 'HS256', kid: 'k1' }).split('.').slice(0, 2).join('.');
  const pem = createPublicKey(keys.issuer.key).export({ format: 'pem', type: 'spki' });
  const forged = `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
  assert.equal(await codeOf(auth, forged), 'algorithm_refused');
  const issuer = { provider: 'oidc:x', issuer: 'https://op.example', audience: ['me'] } as const;
  assert.throws(() => create([{ ...issuer, keys: { jwks: { keys: [pem] } } }], { env: {} }));
});

test('L12 strict-jose: two claims of one name, __proto__ and trailing text are refused before anything is believed', async (t) => {
  const { auth } = makeAuth(t, keys);
  const good = await mint(CLAIMS.oidc, keys.issuer);
  const claims = JSON.stringify(CLAIMS.oidc);
  const payloads = [
    claims.replace('{', '{"iss":"x",'),
    claims.replace('{', '{"__proto__":{},'),
    `${claims} x`,
    `\uFEFF${claims}`,
  ];
  for (const payload of payloads) {
    const [header, , signature] = good.split('.');
    const token = [header, Buffer.from(payload).toString('base64url'), signature].join('.');
    assert.equal(await codeOf(auth, token), 'token_malformed');
  }
});

test('a token that names nobody is refused: the claim behind the id may not be empty (5)', async (t) => {
  const { auth } = makeAuth(t, keys);
  const organisation = { authority: 'iso6523-actorid-upis', ID: '0192:' };
  for (const [kind, nobody] of [
    ['entra-user', { oid: '' }],
    ['tokenx-user', { sub: '' }],
    ['maskinporten', { consumer: organisation }],
  ] as const) {
    assert.equal(await codeOf(auth, await mint({ ...CLAIMS[kind], ...nobody }, keys.issuer)), 'claim_invalid', kind);
  }
});
