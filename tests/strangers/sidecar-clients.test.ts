import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import type { TokenKind } from '../../src/sdk/testing.ts';
import { startSidecarCommand } from '../servers/sidecar-command.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const HTTP = { [oauth.allowInsecureRequests]: true } as const;
const SCOPE = 'test:data/read';
const API = '00000000-0000-4000-8000-0000000000b1';

const issuer = await createTestIssuer({ listen: true });
after(() => issuer.close());
const switches = ['AZURE', 'TOKEN_X', 'MASKINPORTEN', 'IDPORTEN'].map((name) => [`${name}_ENABLED`, 'true']);
const sidecar = await startSidecarCommand({
  ...issuer.env,
  ...Object.fromEntries(switches),
  FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: 'true',
});
after(() => sidecar.stop());

/** Whom a client takes itself for is nothing to the sidecar: with any of these it is the application. */
const AUTHENTICATIONS = {
  none: [() => openid.None(), () => oauth.None()],
  client_secret_basic: [() => openid.ClientSecretBasic('secret'), () => oauth.ClientSecretBasic('secret')],
  client_secret_post: [() => openid.ClientSecretPost('secret'), () => oauth.ClientSecretPost('secret')],
} as const;

/** What each provider gives to machines: to ask, and the audience that comes back. */
const MACHINES = {
  entra_id: { scope: `api://${API}/.default` },
  maskinporten: { scope: SCOPE },
} as const;

/** What each provider exchanges, and for what. */
const USERS: Readonly<Record<'entra_id' | 'tokenx', { kind: TokenKind; target: Record<string, string> }>> = {
  entra_id: { kind: 'entra-user', target: { scope: `api://${API}/.default` } },
  tokenx: { kind: 'idporten', target: { audience: 'test:team:other' } },
};

/** Tokens of each provider for the application itself. */
const INBOUND: Readonly<Record<string, TokenKind>> = {
  entra_id: 'entra-user',
  tokenx: 'tokenx',
  idporten: 'idporten',
  maskinporten: 'maskinporten',
};

function server(provider: string): URL {
  return new URL(`${sidecar.origin}/oauth2/${provider}`);
}

for (const [method, [ofOpenid, ofOauth]] of Object.entries(AUTHENTICATIONS)) {
  const configure = (provider: string): Promise<openid.Configuration> =>
    openid.discovery(server(provider), 'whoever', undefined, ofOpenid(), {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    });
  const discover = async (provider: string): Promise<oauth.AuthorizationServer> => {
    const found = await oauth.discoveryRequest(server(provider), { algorithm: 'oauth2', ...HTTP });
    return await oauth.processDiscoveryResponse(server(provider), found);
  };
  const client: oauth.Client = { client_id: 'whoever' };

  describe(`I01: openid-client at the sidecar by ${method}, with nothing told but the issuer`, () => {
    for (const [provider, wanted] of Object.entries(MACHINES)) {
      test(`gets a token of the application from ${provider} by client credentials (RFC 6749 4.4)`, async () => {
        const answer = await openid.clientCredentialsGrant(await configure(provider), wanted);
        assert.equal(decodeJwt(answer.access_token).iss, issuerOf(provider));
        assert.deepEqual([answer.token_type, answer.expiresIn() !== undefined], ['bearer', true]);
      });
    }

    for (const [provider, { kind, target }] of Object.entries(USERS)) {
      test(`exchanges the token of a user at ${provider} (RFC 8693)`, async () => {
        const subject = { subject_token: issuer.mint(kind), subject_token_type: JWT };
        const config = await configure(provider);
        const answer = await openid.genericGrantRequest(config, TOKEN_EXCHANGE, { ...subject, ...target });
        assert.equal(decodeJwt(answer.access_token).iss, issuerOf(provider));
        assert.equal(answer['issued_token_type'], ACCESS_TOKEN);
      });
    }

    for (const [provider, kind] of Object.entries(INBOUND)) {
      test(`asks about tokens of ${provider} (RFC 7662)`, async () => {
        const config = await configure(provider);
        const token = issuer.mint(kind);
        const told = await openid.tokenIntrospection(config, token, { token_type_hint: 'access_token' });
        assert.deepEqual([told.active, told.iss, told.exp], [true, issuerOf(provider), decodeJwt(token).exp]);
        assert.equal(typeof told.client_id, 'string');
        assert.deepEqual(await openid.tokenIntrospection(config, `${token}x`), { active: false });
      });
    }

    test('reads refusals in the words of the RFCs', async () => {
      const [entra, tokenx] = [await configure('entra_id'), await configure('tokenx')];
      await assert.rejects(openid.clientCredentialsGrant(entra), { error: 'invalid_scope', status: 400 });
      await assert.rejects(openid.clientCredentialsGrant(tokenx, { scope: 'a' }), { error: 'unsupported_grant_type' });
      const nothing = { subject_token: 'nothing', subject_token_type: JWT, audience: 'a:b:c' };
      const refused = openid.genericGrantRequest(tokenx, TOKEN_EXCHANGE, nothing);
      await assert.rejects(refused, { error: 'invalid_request', status: 400 });
    });
  });

  describe(`I01: oauth4webapi at the sidecar by ${method}, with nothing told but the issuer`, () => {
    for (const [provider, wanted] of Object.entries(MACHINES)) {
      test(`gets a token of the application from ${provider} by client credentials (RFC 6749 4.4)`, async () => {
        const as = await discover(provider);
        const sent = await oauth.clientCredentialsGrantRequest(as, client, ofOauth(), wanted, HTTP);
        const answer = await oauth.processClientCredentialsResponse(as, client, sent);
        assert.equal(decodeJwt(answer.access_token).iss, issuerOf(provider));
      });
    }

    for (const [provider, { kind, target }] of Object.entries(USERS)) {
      test(`exchanges the token of a user at ${provider} (RFC 8693)`, async () => {
        const as = await discover(provider);
        const form = { subject_token: issuer.mint(kind), subject_token_type: ACCESS_TOKEN, ...target };
        const sent = await oauth.genericTokenEndpointRequest(as, client, ofOauth(), TOKEN_EXCHANGE, form, HTTP);
        const answer = await oauth.processGenericTokenEndpointResponse(as, client, sent);
        assert.equal(decodeJwt(answer.access_token).iss, issuerOf(provider));
      });
    }

    for (const [provider, kind] of Object.entries(INBOUND)) {
      test(`asks about tokens of ${provider} (RFC 7662)`, async () => {
        const as = await discover(provider);
        const introspect = async (token: string): Promise<oauth.IntrospectionResponse> => {
          const sent = await oauth.introspectionRequest(as, client, ofOauth(), token, HTTP);
          return await oauth.processIntrospectionResponse(as, client, sent);
        };
        assert.equal((await introspect(issuer.mint(kind))).active, true);
        assert.deepEqual(await introspect(issuer.mint(kind, { expiresInSeconds: -3600 })), { active: false });
      });
    }
  });
}

test('I01: a client whose server is the endpoint for tokens of any issuer asks about all of them (RFC 7662)', async () => {
  const as = { issuer: sidecar.origin, introspection_endpoint: `${sidecar.origin}/oauth2/introspect` };
  const config = new openid.Configuration(as, 'whoever', undefined, openid.None());
  openid.allowInsecureRequests(config);
  for (const [provider, kind] of Object.entries(INBOUND)) {
    const told = await openid.tokenIntrospection(config, issuer.mint(kind));
    assert.deepEqual([told.active, told.iss], [true, issuerOf(provider)]);
  }
});

function issuerOf(provider: string): string | undefined {
  const names: Readonly<Record<string, string>> = {
    entra_id: 'AZURE_OPENID_CONFIG_ISSUER',
    tokenx: 'TOKEN_X_ISSUER',
    idporten: 'IDPORTEN_ISSUER',
    maskinporten: 'MASKINPORTEN_ISSUER',
  };
  return issuer.env[names[provider] ?? ''];
}
