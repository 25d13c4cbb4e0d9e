import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { startExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { cryptoKey } from './keys.ts';
import { now } from './providers.ts';
import { app, grant, rows, tokenxClient } from './rows.ts';

const HTTP = { [oauth.allowInsecureRequests]: true } as const;

let exchange: Exchange;
let jwk: PrivateJwk;

before(async () => {
  jwk = await generatePrivateJwk('ES256', 'key-1');
  const portal = tokenxClient('portal', [publicJwk(jwk)]);
  const registration = { provider: 'tokenx', token: {}, grantTypes: ['client_credentials'] } as const;
  const clients = [{ ...portal, registration }, tokenxClient('api', [publicJwk(jwk)])];
  const registry = createMemoryRegistry({ now, initial: rows(clients, { grants: [grant('portal', 'api')] }) });
  exchange = await startExchange({ registry, fetch, issuers: [] });
});
after(() => exchange.close());

async function configuration(name: string): Promise<openid.Configuration> {
  const authentication = openid.PrivateKeyJwt({ key: await cryptoKey(jwk), kid: jwk.kid });
  const execute = [openid.allowInsecureRequests];
  return openid.discovery(new URL(exchange.issuer), app(name), undefined, authentication, {
    algorithm: 'oauth2',
    execute,
  });
}

async function freshToken(): Promise<string> {
  const answer = await openid.clientCredentialsGrant(await configuration('portal'), { audience: app('api') });
  return answer.access_token;
}

test('I01: openid-client finds introspection and revocation, and reads what they say (RFC 7662, RFC 7009)', async () => {
  const token = await freshToken();
  const [portal, api] = [await configuration('portal'), await configuration('api')];
  assert.equal((await openid.tokenIntrospection(portal, token)).active, false);
  const told = await openid.tokenIntrospection(api, token);
  assert.deepEqual(
    [told.active, told.sub, told.client_id, told['aud']],
    [true, app('portal'), app('portal'), app('api')],
  );
  await openid.tokenRevocation(portal, token, { token_type_hint: 'access_token' });
  assert.deepEqual(await openid.tokenIntrospection(api, token), { active: false });
});

test('I01: oauth4webapi asks about a token and revokes it as its audience (RFC 7662, RFC 7009)', async () => {
  const token = await freshToken();
  const issuer = new URL(exchange.issuer);
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...HTTP });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  const client: oauth.Client = { client_id: app('api') };
  const proof = oauth.PrivateKeyJwt({ key: await cryptoKey(jwk), kid: jwk.kid });
  const introspect = async (): Promise<oauth.IntrospectionResponse> => {
    const answer = await oauth.introspectionRequest(server, client, proof, token, HTTP);
    return oauth.processIntrospectionResponse(server, client, answer);
  };
  const told = await introspect();
  assert.deepEqual([told.active, told.jti, told.exp], [true, decodeJwt(token).jti, decodeJwt(token).exp]);
  const revoked = await oauth.revocationRequest(server, client, proof, token, HTTP);
  assert.equal(await oauth.processRevocationResponse(revoked), undefined);
  assert.deepEqual(await introspect(), { active: false });
});
