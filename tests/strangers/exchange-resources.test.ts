import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromEnv } from '@fullmakt/sdk';
import type { Fullmakt } from '@fullmakt/sdk';
import { decodeProtectedHeader } from 'jose';
import * as oauth from 'oauth4webapi';
import { issueEverything, OTHER_ALGORITHMS } from './issued.ts';
import type { Issued } from './issued.ts';
import { PID } from './person.ts';
import { now } from './providers.ts';
import { app } from './rows.ts';

const HTTP = { [oauth.allowInsecureRequests]: true } as const;

let issued: Issued;

before(async () => {
  issued = await issueEverything();
});
after(() => issued.close());

/** The issuers' own fetch, as libraries call it. */
const asked = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
  issued.fetch(url instanceof Request ? url.url : String(url), init);

/** The SDK in an application of this name, as its environment sets it up. */
function sdkOf(name: string): Fullmakt {
  const issuer = issued.issuers.tokenx;
  const env = {
    TOKEN_X_CLIENT_ID: app(name),
    TOKEN_X_ISSUER: issuer,
    TOKEN_X_JWKS_URI: `${issuer}/jwks`,
    TOKEN_X_WELL_KNOWN_URL: `${issuer}/.well-known/oauth-authorization-server`,
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
  };
  return fromEnv({ env, fetch: asked, clock: now });
}

test('I02: the SDK accepts a token of TokenX at its audience, in RS256, and at no other application', async () => {
  const [api, store] = [sdkOf('api'), sdkOf('store')];
  const result = await api.validate(issued.tokens.tokenx);
  assert.ok(result.ok, JSON.stringify(result));
  assert.partialDeepStrictEqual(result.principal, { provider: 'tokenx', claims: { pid: PID } });
  assert.ok(!(await store.validate(issued.tokens.tokenx)).ok);
  assert.ok((await store.validate(issued.tokens.tokenxSecondHop)).ok);
  for (const each of [api, store]) each.close();
});

for (const alg of OTHER_ALGORITHMS) {
  test(`I02: oauth4webapi accepts the at+jwt that an audience wants in ${alg} (RFC 9068 4)`, async () => {
    const token = issued.tokens.tokenxIn[alg];
    assert.deepEqual([decodeProtectedHeader(token).alg, decodeProtectedHeader(token).typ], [alg, 'at+jwt']);
    const issuer = new URL(issued.issuers.tokenx);
    const found = await oauth.discoveryRequest(issuer, { ...HTTP, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(issuer, found);
    const request = new Request('https://api.example.test/', { headers: { authorization: `Bearer ${token}` } });
    const claims = await oauth.validateJwtAccessToken(server, request, app(alg.toLowerCase()), {
      ...HTTP,
      signingAlgorithms: [alg],
    });
    assert.equal(claims['pid'], PID);
  });
}
