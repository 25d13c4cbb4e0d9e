import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { reportUsage } from './child.ts';
import { OPENID_CLIENTS, OPENID_ISSUER, RESOURCE, SCOPE } from './world.ts';
import type { BenchAlgorithm, BenchKeys } from './world.ts';

// oidc-provider with its own in-memory adapter, which keeps the used `jti` too. Nothing is on that our side does without.
const [task] = await once(process, 'message');
reportUsage(await servePeer(task));

async function servePeer(keys: BenchKeys): Promise<{ readonly token: number }> {
  const [rsa, ec] = await Promise.all([generatePrivateJwk('RS256'), generatePrivateJwk('ES256')]);
  const client = (alg: BenchAlgorithm): object => ({
    client_id: OPENID_CLIENTS[alg],
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: alg,
    jwks: { keys: [publicJwk(keys[alg])] },
    scope: SCOPE,
  });
  const provider = new Provider(OPENID_ISSUER, {
    jwks: { keys: [rsa, ec] },
    cookies: { keys: ['bench'] },
    scopes: [SCOPE],
    clientAuthMethods: ['private_key_jwt'],
    clients: [client('RS256'), client('ES256')],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (
          _context: unknown,
          _resource: unknown,
          { clientId }: { readonly clientId: string },
        ) => ({
          scope: SCOPE,
          audience: RESOURCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: clientId === OPENID_CLIENTS.ES256 ? 'ES256' : 'RS256' } },
        }),
      },
    },
  });
  const server = createServer(provider.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { token: address.port };
}
