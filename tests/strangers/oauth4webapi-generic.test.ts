import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { newBrowser, startClub } from './club.ts';
import type { Club } from './club.ts';
import { signInFor } from './person.ts';
import { SECRET } from './rows.ts';

const CALLBACK = 'https://club.example.test/callback';
const API = 'https://api.example.test/';
const MAX_AGE_SECONDS = 60;

interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

interface Options {
  [oauth.customFetch]: (url: string, init: Sent) => Promise<Response>;
  [oauth.allowInsecureRequests]?: true;
}

interface Party {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  readonly options: Options;
}

let club: Club;
let key: oauth.PrivateKey;
let jwks: Readonly<Record<string, unknown>>;
let registered = 0;
before(async () => {
  club = await startClub();
  const jwk = await generatePrivateJwk('ES256', 'webapi-key');
  const imported = await importJWK({ ...jwk }, 'ES256');
  assert.ok(imported instanceof CryptoKey);
  key = { key: imported, kid: jwk.kid };
  jwks = { keys: [publicJwk(jwk)] };
});
after(() => club.providers.close());

async function partyAt(
  persona: 'openid' | 'oidf-basic' | 'oidf-fapi2' | 'oidf-cc',
  method: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt',
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<Party> {
  const { providers } = club;
  const { openid, oidfBasic, oidfFapi2, oidfCc } = providers.origins;
  const issuer = new URL({ openid, 'oidf-basic': oidfBasic, 'oidf-fapi2': oidfFapi2, 'oidf-cc': oidfCc }[persona]);
  const id = `webapi-${(registered += 1)}`;
  providers.register(persona, {
    client_id: id,
    token_endpoint_auth_method: method,
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    ...(method === 'private_key_jwt' ? { jwks } : {}),
    ...(method.startsWith('client_secret') ? { client_secret: SECRET } : {}),
    ...metadata,
  });
  const options: Options = {
    [oauth.customFetch]: (url: string, { method: verb, headers, body }: Sent) =>
      providers.fetch(url, { method: verb, headers, body: bodyOf(body), redirect: 'manual' }),
    // Plain http is for `openid` alone; what is wrong with TLS elsewhere is to fail.
    ...(issuer.protocol === 'http:' ? { [oauth.allowInsecureRequests]: true } : {}),
  };
  const algorithm = persona === 'oidf-cc' ? 'oauth2' : 'oidc';
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm, ...options }),
  );
  const proofs = {
    none: () => oauth.None(),
    client_secret_basic: () => oauth.ClientSecretBasic(SECRET),
    client_secret_post: () => oauth.ClientSecretPost(SECRET),
    private_key_jwt: () => oauth.PrivateKeyJwt(key),
  };
  const alg = persona === 'oidf-fapi2' ? 'PS256' : 'RS256';
  const client = { client_id: id, id_token_signed_response_alg: alg, require_auth_time: true };
  return { server, client, authentication: proofs[method](), options };
}

function bodyOf(body: unknown): string | null {
  return body instanceof URLSearchParams || typeof body === 'string' ? String(body) : null;
}

/** Signs a person in with everything that the library can check, and gives the tokens. */
async function signedIn(
  { server, client, authentication, options }: Party,
  { pushed }: { readonly pushed: boolean },
): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email',
    state,
    nonce,
    max_age: String(MAX_AGE_SECONDS),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const url = new URL(server.authorization_endpoint ?? '');
  if (pushed) {
    const sent = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, options);
    const { request_uri: uri } = await oauth.processPushedAuthorizationResponse(server, client, sent);
    url.search = new URLSearchParams({ client_id: client.client_id, request_uri: uri }).toString();
  } else url.search = parameters.toString();
  const callback = oauth.validateAuthResponse(server, client, await signInFor(newBrowser(club), url), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    callback,
    CALLBACK,
    verifier,
    options,
  );
  const strict = { expectedNonce: nonce, maxAge: MAX_AGE_SECONDS, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, strict);
  await oauth.validateApplicationLevelSignature(server, response, options);
  return tokens;
}

/** What an API does that judges access tokens by RFC 9068 with this library. */
function accepted({ server, options }: Party, token: string, audience: string): Promise<oauth.JWTAccessTokenClaims> {
  const request = new Request(API, { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(server, request, audience, options);
}

for (const [persona, method, pushed] of [
  ['openid', 'none', false],
  ['openid', 'client_secret_post', false],
  ['openid', 'private_key_jwt', true],
  ['oidf-basic', 'client_secret_basic', false],
  ['oidf-basic', 'private_key_jwt', true],
  ['oidf-fapi2', 'private_key_jwt', true],
] as const) {
  describe(`judges-oauth4webapi: oauth4webapi at ${persona} by ${method}`, () => {
    test('signs a person in: issuer, state, nonce, auth_time and signature as they have to be', async () => {
      const party = await partyAt(persona, method);
      const tokens = await signedIn(party, { pushed });
      const { sub = '' } = oauth.getValidatedIdTokenClaims(tokens) ?? {};
      const told = await oauth.userInfoRequest(party.server, party.client, tokens.access_token, party.options);
      const info = await oauth.processUserInfoResponse(party.server, party.client, sub, told);
      assert.ok(info.email);
      const claims = await accepted(party, tokens.access_token, party.server.issuer);
      assert.deepEqual([claims.sub, claims.client_id], [sub, party.client.client_id]);
      await assert.rejects(accepted(party, tokens.access_token, API), { code: oauth.JWT_CLAIM_COMPARISON });
    });

    test('refreshes, and revokes: nothing of the grant is active after that', async () => {
      const party = await partyAt(persona, method);
      const { server, client, authentication, options } = party;
      const first = await signedIn(party, { pushed });
      const sent = await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        first.refresh_token ?? '',
        options,
      );
      const next = await oauth.processRefreshTokenResponse(server, client, sent);
      const revoked = await oauth.revocationRequest(
        server,
        client,
        authentication,
        next.refresh_token ?? first.refresh_token ?? '',
        options,
      );
      assert.equal(await oauth.processRevocationResponse(revoked), undefined);
      const told = await oauth.userInfoRequest(server, client, next.access_token, options).catch((error) => error);
      assert.ok(told instanceof oauth.WWWAuthenticateChallengeError || told.status === 401);
      if (method === 'none') return;
      const asked = await oauth.introspectionRequest(server, client, authentication, next.access_token, options);
      assert.deepEqual(await oauth.processIntrospectionResponse(server, client, asked), { active: false });
    });
  });
}

for (const persona of ['openid', 'oidf-cc'] as const) {
  test(`judges-oauth4webapi: oauth4webapi at ${persona} gets a token for an API by client credentials, and the API believes it`, async () => {
    const party = await partyAt(persona, 'private_key_jwt', {
      grant_types: ['client_credentials'],
      redirect_uris: [],
      scope: 'api:read',
    });
    const { server, client, authentication, options } = party;
    const parameters = new URLSearchParams({ scope: 'api:read', resource: API });
    const sent = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, options);
    const tokens = await oauth.processClientCredentialsResponse(server, client, sent);
    assert.equal(tokens.scope, 'api:read');
    const claims = await accepted(party, tokens.access_token, API);
    assert.deepEqual([claims.sub, claims.scope], [client.client_id, 'api:read']);
    const asked = await oauth.introspectionRequest(server, client, authentication, tokens.access_token, options);
    assert.equal((await oauth.processIntrospectionResponse(server, client, asked)).active, true);
  });
}
