import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { signBytes } from './algorithms.ts';
import { type IdTokenRules, verifyIdToken } from './id-token.ts';
import { generatePrivateJwk, importSigningKey, type PrivateJwk, publicJwk, type SigningKey } from './jwk.ts';
import { createStaticKeySet, type KeySet } from './jwks.ts';
import { JoseError, signJws } from './jws.ts';
import type { Claims } from './jwt.ts';

const NOW = 1_700_000_000;
const claims: Claims = {
  iss: 'https://idp.test',
  sub: 'someone',
  aud: 'me',
  iat: NOW - 5,
  exp: NOW + 60,
  nonce: 'n',
  sid: 's',
  acr: 'high',
  auth_time: NOW - 100,
};

describe('ID token (OpenID Connect Core 3.1.3.7, login-proxy.md 4)', () => {
  let jwk: PrivateJwk;
  let key: SigningKey;
  let rules: IdTokenRules;

  before(async () => {
    jwk = await generatePrivateJwk('RS256', 'k');
    key = importSigningKey(jwk);
    rules = {
      keySet: createStaticKeySet([publicJwk(jwk)]),
      issuer: 'https://idp.test',
      clientId: 'me',
      nonce: 'n',
      algorithms: ['RS256'],
      now: NOW,
      skewSeconds: 60,
    };
  });

  async function judge(change: Claims = {}, changedRules: Partial<IdTokenRules> = {}, typ?: string): Promise<string> {
    const payload = Object.fromEntries(
      Object.entries({ ...claims, ...change }).filter(([, value]) => value !== undefined),
    );
    const token = await signJws(typ === undefined ? {} : { typ }, payload, key);
    try {
      await verifyIdToken(token, { ...rules, ...changedRules });
      return 'ok';
    } catch (error) {
      assert.ok(error instanceof JoseError, String(error));
      return error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
    }
  }

  test('gives what it says once all checks passed, and the token as it was sent', async () => {
    const token = await signJws({ typ: 'JWT' }, claims, key);
    const verified = await verifyIdToken(token, rules);
    assert.equal(verified.token, token);
    assert.deepEqual(
      [
        verified.issuer,
        verified.subject,
        verified.issuedAt,
        verified.expiresAt,
        verified.authTime,
        verified.sid,
        verified.acr,
      ],
      ['https://idp.test', 'someone', NOW - 5, NOW + 60, NOW - 100, 's', 'high'],
    );
  });

  test('iss, aud, nonce and times must be right', async () => {
    assert.equal(await judge({ iss: 'https://idp.test/' }), 'issuer_unknown');
    assert.equal(await judge({ aud: 'other' }), 'audience_mismatch');
    assert.equal(await judge({ nonce: 'm' }), 'claim_invalid nonce');
    assert.equal(await judge({ nonce: undefined }), 'claim_invalid nonce');
    assert.equal(await judge({ exp: NOW - 60, iat: NOW - 70 }), 'token_expired exp');
    assert.equal(await judge({ iat: NOW + 59 }), 'ok');
    assert.equal(await judge({ iat: NOW + 61, exp: NOW + 100 }), 'token_not_yet_valid iat');
  });

  for (const name of ['iss', 'sub', 'aud', 'exp', 'iat']) {
    test(`${name} must be there`, async () =>
      assert.equal(await judge({ [name]: undefined }), `claim_missing ${name}`));
  }

  test('every audience must be trusted, and several need azp; azp is always us', async () => {
    assert.equal(await judge({ aud: ['me', 'friend'], azp: 'me' }), 'audience_mismatch aud');
    assert.equal(await judge({ aud: ['me', 'friend'], azp: 'me' }, { trustedAudiences: ['friend'] }), 'ok');
    assert.equal(await judge({ aud: ['me', 'friend'] }, { trustedAudiences: ['friend'] }), 'claim_missing azp');
    assert.equal(await judge({ azp: 'friend' }), 'claim_invalid azp');
    assert.equal(await judge({ azp: null }), 'claim_invalid azp');
  });

  test('at_hash, if there, fits the access token', async () => {
    const half = createHash('sha256').update('access').digest().subarray(0, 16).toString('base64url');
    assert.equal(await judge({ at_hash: half }, { accessToken: 'access' }), 'ok');
    assert.equal(await judge({ at_hash: half }, { accessToken: 'other' }), 'claim_invalid at_hash');
    assert.equal(await judge({}, { accessToken: 'access' }), 'ok');
  });

  test('auth_time obeys max_age, is required only where the kind says so, and must be a number', async () => {
    assert.equal(await judge({}, { maxAge: 40 }), 'ok');
    assert.equal(await judge({}, { maxAge: 39 }), 'claim_invalid auth_time');
    assert.equal(await judge({ auth_time: undefined }, { maxAge: 0 }), 'ok');
    assert.equal(
      await judge({ auth_time: undefined }, { maxAge: 0, authTimeRequired: true }),
      'claim_missing auth_time',
    );
    assert.equal(await judge({ auth_time: 'now' }), 'claim_invalid auth_time');
  });

  test('sid is required where logout needs it; acr is judged by the caller', async () => {
    assert.equal(await judge({ sid: undefined }), 'ok');
    assert.equal(await judge({ sid: undefined }, { sidRequired: true }), 'claim_missing sid');
    assert.equal(await judge({ sid: 7 }), 'claim_invalid sid');
    assert.equal(await judge({}, { acrSatisfied: (acr) => acr === 'high' }), 'ok');
    assert.equal(await judge({ acr: undefined }, { acrSatisfied: (acr) => acr === 'high' }), 'claim_invalid acr');
  });

  test('an access token or a logout token is no ID token, by its type (RFC 8725 3.12)', async () => {
    for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt']) assert.equal(await judge({}, {}, typ), 'type_refused');
    assert.equal(await judge({}, { algorithms: ['ES256'] }), 'algorithm_refused');
  });

  test('a bad signature is tried again with fresh keys only if the token names no key', async () => {
    const other = publicJwk(await generatePrivateJwk('RS256', 'k'));
    const { kid: _kid, ...nameless } = publicJwk(jwk);
    let refreshes = 0;
    const rolling = (first: unknown, then: unknown): KeySet => ({
      ...createStaticKeySet([]),
      keysFor: (kid, alg) => createStaticKeySet([refreshes === 0 ? first : then]).keysFor(kid, alg),
      refresh: async () => {
        refreshes += 1;
        return true;
      },
    });
    assert.equal(await judge({}, { keySet: rolling(other, publicJwk(jwk)) }), 'signature_invalid');
    assert.equal(refreshes, 0);
    const [, payload] = (await signJws({}, claims, key)).split('.');
    const header = Buffer.from('{"alg":"RS256"}').toString('base64url');
    const signature = await signBytes('RS256', key.key, Buffer.from(`${header}.${payload}`));
    const token = `${header}.${payload}.${signature.toString('base64url')}`;
    const { kid: _other, ...namelessOther } = other;
    assert.equal(
      (await verifyIdToken(token, { ...rules, keySet: rolling(namelessOther, nameless) })).subject,
      'someone',
    );
    assert.equal(refreshes, 1);
  });
});
