import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodeBase64Url } from './base64url.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from './jwk.ts';
import { createStaticKeySet } from './jwks.ts';
import { JoseError, signJws } from './jws.ts';
import type { Claims } from './jwt.ts';
import { type LogoutTokenRules, verifyLogoutToken } from './logout-token.ts';

const NOW = 1_700_000_000;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const CLAIMS: Claims = { iss: 'https://idp.test', aud: 'me', iat: NOW, jti: 'j', sid: 's', events: { [EVENT]: {} } };
const jwk = await generatePrivateJwk('RS256', 'k');
const key = importSigningKey(jwk);
const RULES: LogoutTokenRules = {
  keySet: createStaticKeySet([publicJwk(jwk)]),
  algorithms: ['RS256'],
  issuerFor: () => 'https://idp.test',
  clientId: 'me',
  now: NOW,
  skewSeconds: 60,
  maxAgeSeconds: 300,
};

async function judge(change: Claims, header: Record<string, unknown> = { typ: 'logout+jwt' }): Promise<string> {
  const payload: Record<string, unknown> = JSON.parse(JSON.stringify({ ...CLAIMS, ...change }));
  return judgeToken(await signJws(header, payload, key));
}

async function judgeToken(token: unknown, rules: LogoutTokenRules = RULES): Promise<string> {
  try {
    await verifyLogoutToken(token, rules);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof JoseError, String(error));
    return error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
  }
}

test('LO-6: a logout token says whom it is about, and when', async () => {
  const token = await signJws({ typ: 'logout+jwt' }, { ...CLAIMS, sub: 'u' }, key);
  assert.deepEqual(await verifyLogoutToken(token, RULES), { jti: 'j', issuedAt: NOW, sid: 's', subject: 'u' });
});

const JUDGED: readonly (readonly [string, Claims, string])[] = [
  ['by session', {}, 'ok'],
  ['by user alone', { sid: undefined, sub: 'u' }, 'ok'],
  ['of a list with us in it', { aud: ['other', 'me'] }, 'ok'],
  ['five minutes old', { iat: NOW - 300 }, 'ok'],
  ['five minutes and the skew old', { iat: NOW - 360 }, 'ok'],
  ['older', { iat: NOW - 361 }, 'token_expired iat'],
  ['from the future', { iat: NOW + 61 }, 'token_not_yet_valid iat'],
  ['without a time', { iat: undefined }, 'claim_missing iat'],
  ['that still lives', { exp: NOW + 1 }, 'ok'],
  ['that has expired', { iat: NOW - 200, exp: NOW - 61 }, 'token_expired exp'],
  ['of another issuer', { iss: 'https://other.test' }, 'issuer_unknown'],
  ['for somebody else', { aud: 'other' }, 'audience_mismatch'],
  ['for nobody', { aud: undefined }, 'claim_missing aud'],
  ['without events', { events: undefined }, 'claim_missing events'],
  ['with another event', { events: { other: {} } }, 'claim_invalid events'],
  ['with an event that is no object', { events: { [EVENT]: true } }, 'claim_invalid events'],
  ['with a list of events', { events: [EVENT] }, 'claim_invalid events'],
  ['with a nonce', { nonce: 'n' }, 'claim_invalid nonce'],
  ['without jti', { jti: undefined }, 'claim_missing jti'],
  ['with a jti that is no text', { jti: 7 }, 'claim_invalid jti'],
  ['with an endless jti', { jti: 'j'.repeat(129) }, 'claim_invalid jti'],
  ['about nobody', { sid: undefined }, 'claim_missing sid'],
  ['about an empty session', { sid: '' }, 'claim_invalid sid'],
  ['about a session that is no text', { sid: 7, sub: 'u' }, 'claim_invalid sid'],
];
test('LO-6: what a logout token may say and what not', async () => {
  for (const [what, change, verdict] of JUDGED) assert.equal(await judge(change), verdict, what);
});

test('LO-6: the type is logout+jwt, JWT or absent, nothing else', async () => {
  for (const header of [{}, { typ: 'JWT' }, { typ: 'logout+jwt' }]) assert.equal(await judge({}, header), 'ok');
  for (const typ of ['at+jwt', 'dpop+jwt', 'secevent+jwt']) assert.notEqual(await judge({}, { typ }), 'ok', typ);
});

test('LO-6: no algorithm but those of the issuer, no key but its own', async () => {
  const payload = encodeBase64Url(Buffer.from(JSON.stringify(CLAIMS)));
  for (const alg of ['none', 'None', 'HS256']) {
    const header = encodeBase64Url(Buffer.from(JSON.stringify({ alg, kid: 'k' })));
    assert.equal(await judgeToken(`${header}.${payload}.AAAA`), 'algorithm_refused', alg);
  }
  const other = importSigningKey(await generatePrivateJwk('ES256', 'k'));
  assert.equal(await judgeToken(await signJws({}, CLAIMS, other)), 'algorithm_refused');
  const unknown = importSigningKey(await generatePrivateJwk('ES256', 'k2'));
  assert.equal(await judgeToken(await signJws({}, CLAIMS, unknown)), 'key_unknown');
});

test('LO-6: a tenant that is none of ours ends nothing', async () => {
  assert.equal(
    await judgeToken(await signJws({}, CLAIMS, key), { ...RULES, issuerFor: () => undefined }),
    'claim_invalid tid',
  );
});

test('LO-6: whatever is sent as a logout token is refused with a reason (property)', async () => {
  const text = fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}$/));
  await fc.assert(
    fc.asyncProperty(text, async (token) => (await judgeToken(token)) !== 'ok'),
    { numRuns: 300 },
  );
});
