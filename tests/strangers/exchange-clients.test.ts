import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';
import type { Client } from '../../src/registry/model.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { startExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { cryptoKey } from './keys.ts';
import { now } from './providers.ts';
import { app, client, grant, rows, tokenxClient } from './rows.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const IDP = 'https://idp.example.test';
const HTTP = { [oauth.allowInsecureRequests]: true } as const;
/** Every algorithm a client may sign its assertions with. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
type ClientAlgorithm = (typeof ALGORITHMS)[number];
const DOCUMENTS = ['oauth2', 'oidc'] as const;

let exchange: Exchange;
let idpJwk: PrivateJwk;
const jwks = new Map<ClientAlgorithm, PrivateJwk>();

before(async () => {
  idpJwk = await generatePrivateJwk('RS256', 'idp-key');
  for (const alg of ALGORITHMS) jwks.set(alg, await generatePrivateJwk(alg, `key-${alg.toLowerCase()}`));
  const clients = [
    client('login', 'login-id', { keys: [], registration: idportenRegistration() }),
    ...ALGORITHMS.map(callerClient),
    tokenxClient('api'),
  ];
  const grants = ALGORITHMS.map((alg) =>
    grant(alg.toLowerCase(), 'api', { scopes: ['read', 'write'], roles: ['batch'] }),
  );
  const issuers = [
    { name: 'idporten', issuer: IDP, jwks: { keys: [publicJwk(idpJwk)] }, bind: { clientId: '@registry' } },
  ];
  const registry = createMemoryRegistry({ now, initial: rows(clients, { grants }) });
  exchange = await startExchange({ registry, fetch, issuers });
});
after(() => exchange.close());

/** A caller that signs with this algorithm, may ask for itself, and means `api` when it says nothing. */
function callerClient(alg: ClientAlgorithm): Client {
  const grantTypes = ['token-exchange', 'client_credentials'] as const;
  return {
    ...tokenxClient(alg.toLowerCase(), [publicJwk(keyOf(alg))]),
    registration: { provider: 'tokenx', token: {}, grantTypes, defaultAudience: app('api') },
  };
}

function keyOf(alg: ClientAlgorithm): PrivateJwk {
  return jwks.get(alg) ?? assert.fail(`no key for ${alg}`);
}

function userToken(): Promise<string> {
  const iat = Math.floor(now());
  const claims = { iss: IDP, sub: 'user-1', client_id: 'login-id', jti: crypto.randomUUID(), iat, exp: iat + 600 };
  return signJws({ typ: 'JWT' }, claims, importSigningKey(idpJwk));
}

async function subject(): Promise<Record<string, string>> {
  return { subject_token: await userToken(), subject_token_type: JWT, audience: app('api') };
}

function assertAppToken(token: string, alg: ClientAlgorithm): void {
  const { sub, client_id: id, aud, idtyp, roles, act } = decodeJwt(token);
  const caller = app(alg.toLowerCase());
  assert.deepEqual([sub, id, aud, idtyp, roles, act], [caller, caller, app('api'), 'app', ['batch'], undefined]);
}

async function configurationOf(
  alg: ClientAlgorithm,
  algorithm: (typeof DOCUMENTS)[number],
): Promise<openid.Configuration> {
  const authentication = openid.PrivateKeyJwt({ key: await cryptoKey(keyOf(alg)), kid: keyOf(alg).kid });
  const execute = [openid.allowInsecureRequests];
  const id = app(alg.toLowerCase());
  return openid.discovery(new URL(exchange.issuer), id, undefined, authentication, { algorithm, execute });
}

async function serverOf(algorithm: (typeof DOCUMENTS)[number]): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(exchange.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...HTTP }));
}

for (const alg of ALGORITHMS) {
  for (const algorithm of DOCUMENTS) {
    describe(`I01: openid-client at TokenX by private_key_jwt with ${alg}, found the ${algorithm} way`, () => {
      test('exchanges the token of a user by the generic grant (RFC 8693)', async () => {
        const answer = await openid.genericGrantRequest(
          await configurationOf(alg, algorithm),
          TOKEN_EXCHANGE,
          await subject(),
        );
        assert.deepEqual([decodeJwt(answer.access_token).sub, answer.scope], ['user-1', 'read write']);
      });

      test('gets a token for itself by client credentials, naming scope alone (RFC 6749 4.4)', async () => {
        const answer = await openid.clientCredentialsGrant(await configurationOf(alg, algorithm), { scope: 'read' });
        assertAppToken(answer.access_token, alg);
        assert.deepEqual([answer.scope, answer.token_type, answer['issued_token_type']], ['read', 'bearer', undefined]);
      });

      test('is refused a scope that nobody declared, in words it reads', async () => {
        const refused = openid.clientCredentialsGrant(await configurationOf(alg, algorithm), { scope: 'admin' });
        await assert.rejects(refused, { error: 'invalid_scope', status: 400 });
      });
    });

    describe(`I01: oauth4webapi at TokenX by private_key_jwt with ${alg}, found the ${algorithm} way`, () => {
      const caller: oauth.Client = { client_id: app(alg.toLowerCase()) };
      const authentication = async (): Promise<oauth.ClientAuth> =>
        oauth.PrivateKeyJwt({ key: await cryptoKey(keyOf(alg)), kid: keyOf(alg).kid });

      test('exchanges the token of a user by the generic grant (RFC 8693)', async () => {
        const [server, proof] = [await serverOf(algorithm), await authentication()];
        const sent = await oauth.genericTokenEndpointRequest(
          server,
          caller,
          proof,
          TOKEN_EXCHANGE,
          await subject(),
          HTTP,
        );
        const answer = await oauth.processGenericTokenEndpointResponse(server, caller, sent);
        assert.equal(decodeJwt(answer.access_token).sub, 'user-1');
      });

      test('gets a token for itself by client credentials (RFC 6749 4.4)', async () => {
        const [server, proof] = [await serverOf(algorithm), await authentication()];
        const parameters = { audience: app('api') };
        const sent = await oauth.clientCredentialsGrantRequest(server, caller, proof, parameters, HTTP);
        const answer = await oauth.processClientCredentialsResponse(server, caller, sent);
        assertAppToken(answer.access_token, alg);
        assert.equal(answer.scope, 'read write');
      });

      test('may ask about a token and give it back; only its audience is told (RFC 7662 2.2, RFC 7009 2)', async () => {
        const [server, proof] = [await serverOf(algorithm), await authentication()];
        const sent = await oauth.clientCredentialsGrantRequest(server, caller, proof, {}, HTTP);
        const { access_token: token } = await oauth.processClientCredentialsResponse(server, caller, sent);
        const asked = await oauth.introspectionRequest(server, caller, proof, token, HTTP);
        assert.deepEqual(await oauth.processIntrospectionResponse(server, caller, asked), { active: false });
        const revoked = await oauth.revocationRequest(server, caller, proof, token, HTTP);
        assert.equal(await oauth.processRevocationResponse(revoked), undefined);
      });
    });
  }
}
