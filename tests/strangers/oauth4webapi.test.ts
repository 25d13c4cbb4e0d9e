import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { startExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { cryptoKey } from './keys.ts';
import { now } from './providers.ts';
import { app, client, grant, rows, tokenxClient } from './rows.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type';
/** Of the issuers: one of a host of its own, one below a path. */
const PATHS = ['', '/tokenx'];
const IDP = 'https://idp.example.test';
const HTTP = { [oauth.allowInsecureRequests]: true } as const;

let jwk: PrivateJwk;
let idpJwk: PrivateJwk;
const exchanges = new Map<string, Exchange>();

before(async () => {
  [jwk, idpJwk] = await Promise.all([
    generatePrivateJwk('RS256', 'client-key'),
    generatePrivateJwk('RS256', 'idp-key'),
  ]);
  const keys = [publicJwk(jwk)];
  const clients = [
    client('portal', 'portal-id', { keys, registration: idportenRegistration() }),
    tokenxClient('portal', keys),
    tokenxClient('api', keys, { typ: 'at+jwt' }),
    tokenxClient('store', keys),
    tokenxClient('closed', keys),
  ];
  const grants = [grant('portal', 'api', { scopes: ['read', 'write'] }), grant('api', 'store')];
  const bind = { clientId: '@registry' };
  const issuers = [{ name: 'idporten', issuer: IDP, jwks: { keys: [publicJwk(idpJwk)] }, bind }];
  for (const path of PATHS) {
    const registry = createMemoryRegistry({ now, initial: rows(clients, { grants }) });
    exchanges.set(path, await startExchange({ registry, fetch, issuers, path }));
  }
});
after(() => Promise.all([...exchanges.values()].map((each) => each.close())));

function issuerOf(path: string): string {
  return exchanges.get(path)?.issuer ?? '';
}

async function discover(path: string, algorithm: 'oauth2' | 'oidc'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(issuerOf(path));
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...HTTP }));
}

async function userToken(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const iat = Math.floor(now());
  const claims = { iss: IDP, sub: 'user-1', client_id: 'portal-id', pid: '01819090285', jti: crypto.randomUUID(), iat };
  return signJws({ typ: 'JWT' }, { ...claims, exp: iat + 600, ...change }, importSigningKey(idpJwk));
}

interface Ask {
  readonly server?: oauth.AuthorizationServer;
  readonly caller?: string;
  readonly key?: PrivateJwk;
  readonly authentication?: oauth.ClientAuth;
  readonly parameters?: Readonly<Record<string, string>>;
}

async function exchange(subjectToken: string, target: string, ask: Ask = {}): Promise<oauth.TokenEndpointResponse> {
  const server = ask.server ?? (await discover('', 'oauth2'));
  const caller: oauth.Client = { client_id: app(ask.caller ?? 'portal') };
  const { kid } = jwk;
  const authentication = ask.authentication ?? oauth.PrivateKeyJwt({ key: await cryptoKey(ask.key ?? jwk), kid });
  const parameters = {
    subject_token: subjectToken,
    subject_token_type: `${TYPE}:jwt`,
    audience: app(target),
    ...ask.parameters,
  };
  const response = await oauth.genericTokenEndpointRequest(
    server,
    caller,
    authentication,
    TOKEN_EXCHANGE,
    parameters,
    HTTP,
  );
  return oauth.processGenericTokenEndpointResponse(server, caller, response);
}

/** What an API does that judges access tokens by RFC 9068 with this library. */
function accepted(
  server: oauth.AuthorizationServer,
  token: string,
  audience: string,
): Promise<oauth.JWTAccessTokenClaims> {
  const request = new Request('https://api.example.test/', { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(server, request, audience, HTTP);
}

describe('oauth4webapi at TokenX', () => {
  for (const path of PATHS) {
    for (const algorithm of ['oauth2', 'oidc'] as const) {
      test(`discovers an issuer ${path === '' ? 'without' : 'with'} a path the ${algorithm} way (RFC 8414 3), and exchanges a token (RFC 8693 2.1)`, async () => {
        const server = await discover(path, algorithm);
        assert.deepEqual(server.grant_types_supported, [TOKEN_EXCHANGE, 'client_credentials']);
        const answer = await exchange(await userToken(), 'api', { server });
        assert.equal(answer.token_type, 'bearer');
        assert.equal(answer['issued_token_type'], `${TYPE}:access_token`);
        const claims = await accepted(server, answer.access_token, app('api'));
        assert.equal(claims.client_id, app('portal'));
        assert.equal(claims['pid'], '01819090285');
      });
    }
  }

  test('accepts the token at its audience only (RFC 9068 4)', async () => {
    const server = await discover('', 'oauth2');
    const { access_token: token } = await exchange(await userToken(), 'api', { server });
    await assert.rejects(accepted(server, token, app('store')), { code: oauth.JWT_CLAIM_COMPARISON });
  });

  test('hears how long the token lives, and no longer than the one it was exchanged for', async () => {
    const answer = await exchange(await userToken({ exp: Math.floor(now()) + 60 }), 'api');
    assert.ok((answer.expires_in ?? 0) > 50 && (answer.expires_in ?? 0) <= 60, String(answer.expires_in));
  });

  test('is told which scopes it got when it asked for some of them (RFC 8693 2.2.1)', async () => {
    assert.equal((await exchange(await userToken(), 'api')).scope, 'read write');
    assert.equal((await exchange(await userToken(), 'api', { parameters: { scope: 'read' } })).scope, 'read');
  });

  test('exchanges an exchanged token once more, and nobody else may', async () => {
    const { access_token: first } = await exchange(await userToken(), 'api');
    const second = await exchange(first, 'store', { caller: 'api' });
    assert.equal(decodeJwt(second.access_token)['pid'], '01819090285');
    await assert.rejects(exchange(first, 'api'), { error: 'invalid_request', status: 400 });
  });

  test('may name the token endpoint as audience of its assertion, but not two audiences (RFC 7523 3)', async () => {
    const { token_endpoint: endpoint = '' } = await discover('', 'oauth2');
    assert.ok(
      (await exchange(await userToken(), 'api', { authentication: await withAudience(endpoint) })).access_token,
    );
    const both = await withAudience([endpoint, issuerOf('')]);
    await assert.rejects(exchange(await userToken(), 'api', { authentication: both }), { error: 'invalid_client' });
  });

  test('cannot send an assertion twice', async () => {
    const signed = await oneAssertion();
    assert.ok((await exchange(await userToken(), 'api', { authentication: signed })).access_token);
    await assert.rejects(exchange(await userToken(), 'api', { authentication: signed }), {
      error: 'invalid_client',
      status: 401,
    });
  });

  const refusals: readonly {
    readonly title: string;
    readonly ask: () => Promise<unknown>;
    readonly error: string;
    readonly status: number;
  }[] = [
    {
      title: 'an audience without a rule for it',
      ask: async () => exchange(await userToken(), 'closed'),
      error: 'invalid_target',
      status: 400,
    },
    {
      title: 'an audience that does not exist',
      ask: async () => exchange(await userToken(), 'nobody'),
      error: 'invalid_target',
      status: 400,
    },
    {
      title: 'a scope nobody declared',
      ask: async () => exchange(await userToken(), 'api', { parameters: { scope: 'admin' } }),
      error: 'invalid_scope',
      status: 400,
    },
    {
      title: 'a user token that is over',
      ask: async () => exchange(await userToken({ exp: 1 }), 'api'),
      error: 'invalid_request',
      status: 400,
    },
    {
      title: 'a user token of a client from elsewhere',
      ask: async () => exchange(await userToken({ client_id: 'foreign' }), 'api'),
      error: 'invalid_request',
      status: 400,
    },
    {
      title: 'an ID token',
      ask: async () => exchange(await userToken({ nonce: 'n' }), 'api'),
      error: 'invalid_request',
      status: 400,
    },
    {
      title: 'a client with the wrong key',
      ask: async () => exchange(await userToken(), 'api', { key: idpJwk }),
      error: 'invalid_client',
      status: 401,
    },
    {
      title: 'a client with a secret',
      ask: async () => exchange(await userToken(), 'api', { authentication: oauth.ClientSecretPost('secret') }),
      error: 'invalid_client',
      status: 401,
    },
  ];
  for (const { title, ask, error, status } of refusals) {
    test(`reads ${error} for ${title}`, async () => {
      await assert.rejects(ask(), (thrown) => {
        assert.ok(thrown instanceof oauth.ResponseBodyError, String(thrown));
        assert.deepEqual([thrown.error, thrown.status], [error, status]);
        assert.ok(thrown.error_description);
        return true;
      });
    });
  }
});

async function withAudience(aud: string | string[]): Promise<oauth.ClientAuth> {
  const key = { key: await cryptoKey(jwk), kid: jwk.kid };
  return oauth.PrivateKeyJwt(key, {
    [oauth.modifyAssertion]: (_header, payload) => void Object.assign(payload, { aud }),
  });
}

/** Client authentication that signs one assertion and sends it whenever it is asked. */
async function oneAssertion(): Promise<oauth.ClientAuth> {
  const signed = new URLSearchParams();
  const real = oauth.PrivateKeyJwt({ key: await cryptoKey(jwk), kid: jwk.kid });
  return async (server, caller, body, headers) => {
    if (signed.size === 0) await real(server, caller, signed, headers);
    for (const [name, value] of signed) body.set(name, value);
  };
}
