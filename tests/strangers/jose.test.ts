import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, RemoteJWKSet } from 'jose';
import { API, DESK, issueEverything, MIDDLE, OTHER_ALGORITHMS, RESOURCE } from './issued.ts';
import type { EveryToken, Issued } from './issued.ts';
import { PID } from './person.ts';
import { app } from './rows.ts';

type IssuerName = keyof Issued['issuers'];

interface Row {
  readonly kind: string;
  readonly token: Exclude<keyof EveryToken, 'tokenxIn'>;
  readonly by: IssuerName;
  readonly audience: string;
  readonly claims: JWTPayload;
}

const ROWS: readonly Row[] = [
  { kind: 'ID token', token: 'idportenId', by: 'idporten', audience: 'portal-id', claims: { pid: PID } },
  {
    kind: 'access token',
    token: 'idportenAccess',
    by: 'idporten',
    audience: RESOURCE,
    claims: { client_id: 'portal-id' },
  },
  { kind: 'ID token', token: 'entraId', by: 'entra', audience: DESK, claims: { name: 'Rolig Fjord' } },
  { kind: 'access token', token: 'entraAccess', by: 'entra', audience: MIDDLE, claims: { azp: DESK } },
  { kind: 'On-Behalf-Of token', token: 'entraOnBehalfOf', by: 'entra', audience: API, claims: { azp: MIDDLE } },
  { kind: 'application token', token: 'entraApplication', by: 'entra', audience: API, claims: { idtyp: 'app' } },
  { kind: 'token', token: 'maskinporten', by: 'maskinporten', audience: RESOURCE, claims: { scope: 'demo:feed' } },
  { kind: 'token', token: 'tokenx', by: 'tokenx', audience: app('api'), claims: { pid: PID, acr: 'Level4' } },
  {
    kind: 'token of the second hop',
    token: 'tokenxSecondHop',
    by: 'tokenx',
    audience: app('store'),
    claims: { pid: PID },
  },
];

let issued: Issued;

before(async () => {
  issued = await issueEverything();
});
after(() => issued.close());

describe('judges-jose: jose, with the key set that the issuer publishes,', () => {
  for (const { kind, token, by, audience, claims } of ROWS) {
    test(`verifies the ${kind} of ${by}`, async () => {
      const { payload } = await jwtVerify(issued.tokens[token], await keysOf(by), {
        issuer: issued.issuers[by],
        audience,
        algorithms: ['RS256'],
        requiredClaims: ['iat', 'exp'],
      });
      assert.partialDeepStrictEqual(payload, claims);
    });
  }

  for (const algorithm of OTHER_ALGORITHMS) {
    test(`verifies the token of tokenx that its audience wants signed in ${algorithm}, typed at+jwt (RFC 9068 2.1)`, async () => {
      const { payload } = await jwtVerify(issued.tokens.tokenxIn[algorithm], await keysOf('tokenx'), {
        issuer: issued.issuers.tokenx,
        audience: app(algorithm.toLowerCase()),
        algorithms: [algorithm],
        typ: 'at+jwt',
      });
      assert.equal(payload['pid'], PID);
    });
  }

  test('finds no key for a token at any other issuer', async () => {
    for (const { token, by } of ROWS) {
      for (const other of ['idporten', 'entra', 'maskinporten', 'tokenx'] as const) {
        if (other === by) continue;
        await assert.rejects(jwtVerify(issued.tokens[token], await keysOf(other)), errors.JWKSNoMatchingKey);
      }
    }
  });

  test('is told which key to use by every token (RFC 7515 4.1.4)', () => {
    for (const { token } of ROWS) assert.ok(decodeProtectedHeader(issued.tokens[token]).kid, token);
  });
});

/** The keys are found as any validator finds them: through the metadata. */
async function keysOf(name: IssuerName): Promise<RemoteJWKSet> {
  const issuer = issued.issuers[name];
  const path = name === 'maskinporten' ? 'oauth-authorization-server' : 'openid-configuration';
  const response = await issued.fetch(`${issuer.replace(/\/$/, '')}/.well-known/${path}`);
  const { jwks_uri: jwksUri } = (await response.json()) as { readonly jwks_uri: string };
  return createRemoteJWKSet(new URL(jwksUri), { [customFetch]: issued.fetch });
}
