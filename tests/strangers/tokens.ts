import * as openid from 'openid-client';
import type { Fetch } from '../../src/oauth/fetch.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import type { TestFetch } from '../local-fetch.ts';
import { cryptoKey } from './keys.ts';
import { browserUpTo, signInFor } from './person.ts';

/** A client of openid-client at some issuer, and how it asks. */
export interface ForeignClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly jwk: PrivateJwk;
  readonly fetch: Fetch;
  /** `oauth2` for issuers that publish RFC 8414 metadata only. */
  readonly algorithm?: 'oidc' | 'oauth2';
}

/** Discovers the issuer; the client authenticates by private_key_jwt. */
export async function discover(client: ForeignClient): Promise<openid.Configuration> {
  const { issuer, clientId, jwk, algorithm = 'oidc' } = client;
  const authentication = openid.PrivateKeyJwt({ key: await cryptoKey(jwk), kid: jwk.kid });
  return openid.discovery(new URL(issuer), clientId, undefined, authentication, {
    algorithm,
    execute: [openid.allowInsecureRequests],
    [openid.customFetch]: (url, init) => client.fetch(url, { ...init, body: init.body ?? null }),
  });
}

/** Signs a person in at the issuer by the code flow and gives the token answer. */
export async function userTokens(
  config: openid.Configuration,
  login: {
    readonly redirectUri: string;
    readonly scope: string;
    readonly resource?: string;
    readonly browse: TestFetch;
  },
): ReturnType<typeof openid.authorizationCodeGrant> {
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  };
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: login.redirectUri,
    scope: login.scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...(login.resource === undefined ? {} : { resource: login.resource }),
  });
  const callback = await signInFor(browserUpTo(login.redirectUri, login.browse), url);
  return openid.authorizationCodeGrant(config, callback, checks);
}
