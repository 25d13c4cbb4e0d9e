import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Provider } from 'oidc-provider';
import * as openid from 'openid-client';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { startExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { cryptoKey } from './keys.ts';
import { now } from './providers.ts';
import { app, grant, rows, tokenxClient } from './rows.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const RESOURCE = 'urn:our:platform';

let server: Server;
let exchange: Exchange;
let foreign: string;
let portal: openid.Configuration;

before(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  foreign = `http://localhost:${address.port}`;
  server.on('request', (await makeProvider(foreign)).callback());
  const jwk = await generatePrivateJwk('ES256', 'portal-key');
  const clients = [tokenxClient('portal', [publicJwk(jwk)]), tokenxClient('api')];
  const registry = createMemoryRegistry({ now, initial: rows(clients, { grants: [grant('portal', 'api')] }) });
  const issuers = [
    {
      name: 'foreign',
      issuer: foreign,
      wellKnown: `${foreign}/.well-known/openid-configuration`,
      bind: { aud: [RESOURCE], clientId: ['batch'] },
    },
  ];
  exchange = await startExchange({ registry, fetch, issuers });
  const key = { key: await cryptoKey(jwk), kid: jwk.kid };
  portal = await openid.discovery(new URL(exchange.issuer), app('portal'), undefined, openid.PrivateKeyJwt(key), {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
});
after(async () => {
  await exchange.close();
  server.closeAllConnections();
  server.close();
});

/** An authorization server that others wrote, with access tokens of RFC 9068 for the resource it is asked for. */
async function makeProvider(issuer: string): Promise<Provider> {
  const keys = [await generatePrivateJwk('RS256', 'rsa')];
  const quiet = mock.method(console, 'warn', () => undefined);
  try {
    return new Provider(issuer, {
      jwks: { keys },
      cookies: { keys: ['of these tests'] },
      ttl: { ClientCredentials: 600 },
      clients: ['batch', 'other'].map((id) => ({
        client_id: id,
        client_secret: `the secret of ${id}`,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({ scope: 'read', audience: RESOURCE, accessTokenFormat: 'jwt' }),
        },
      },
    });
  } finally {
    quiet.mock.restore();
  }
}

async function foreignToken(client: string): Promise<string> {
  const config = await openid.discovery(new URL(foreign), client, `the secret of ${client}`, undefined, {
    execute: [openid.allowInsecureRequests],
  });
  return (await openid.clientCredentialsGrant(config, { resource: RESOURCE, scope: 'read' })).access_token;
}

function exchanged(subjectToken: string): Promise<openid.TokenEndpointResponse> {
  return openid.genericGrantRequest(portal, TOKEN_EXCHANGE, {
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: app('api'),
  });
}

test('a token of oidc-provider is exchanged: found by its metadata, typed at+jwt, bound by audience and client (X07)', async () => {
  const token = await foreignToken('batch');
  assert.equal(decodeProtectedHeader(token).typ, 'at+jwt');
  const claims = decodeJwt((await exchanged(token)).access_token);
  assert.deepEqual([claims.sub, claims['idp'], claims.aud], ['batch', foreign, app('api')]);
  assert.deepEqual(claims['act'], { sub: app('portal') });
  assert.equal(claims['scope'], undefined, 'what was granted at another audience is not carried over (9.2)');
});

test('a token of the same issuer for a client that is not ours is refused (6.2 J5)', async () => {
  const refused = exchanged(await foreignToken('other'));
  await assert.rejects(refused, { error: 'invalid_request', status: 400 });
});
