// The peer does the same work with oidc-provider: client assertion with replay check, rules, subject token, a signed JWT for one
// audience. It writes neither log nor audit record.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { errors, Provider } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { ALGORITHMS, callerOf, CLIENTS, grantedPlace, IDP, ISSUER, TARGETS_OF_ONE, targetOf } from './world.ts';
import type { BenchKeys } from './world.ts';

const [keys] = await once(process, 'message');
const port = await servePeer(keys);
process.on('disconnect', () => process.exit(0));
process.send?.({ port });

async function servePeer({ clients, idp }: BenchKeys): Promise<number> {
  const [rsa, ec] = await Promise.all([generatePrivateJwk('RS256'), generatePrivateJwk('ES256')]);
  const jwks = { keys: [publicJwk(clients.RS256)] };
  const provider = new Provider(ISSUER, {
    jwks: { keys: [rsa, ec] },
    cookies: { keys: ['bench'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true },
    },
    clientAuthMethods: ['private_key_jwt'],
    extraTokenClaims: (_context: unknown, token: { readonly extra: object }) => token.extra,
    clients: Array.from({ length: CLIENTS }, (_each, index) => ({
      client_id: callerOf(index),
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: [GRANT.tokenExchange],
      jwks,
    })),
  });
  const subjects = createLocalJWKSet({ keys: [publicJwk(idp)] });
  const rules = allRules();
  const exchange = async (context: KoaContextWithOIDC): Promise<void> => {
    const { subject_token: subjectToken = '', audience = '' } = context.oidc.params;
    const { clientId } = context.oidc.client;
    if (!rules.has(`${clientId} ${audience}`)) throw new errors.InvalidTarget();
    const { payload } = await verified(subjectToken);
    const { iss: issuer, sub, acr, sid, filler } = payload;
    const token = new provider.ClientCredentials({
      client: context.oidc.client,
      scope: '',
      extra: { idp: issuer, user: sub, acr, sid, filler, act: { sub: clientId } },
    });
    const alg = audience.includes('es256') ? 'ES256' : 'RS256';
    const info = { scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: 900, jwt: { sign: { alg } } };
    token.resourceServer = new provider.ResourceServer(audience, info);
    const accessToken = await token.save();
    context.body = {
      access_token: accessToken,
      issued_token_type: TOKEN_TYPE.accessToken,
      token_type: 'Bearer',
      expires_in: token.expiration,
    };
  };
  const verified = async (token: string): ReturnType<typeof jwtVerify> => {
    try {
      return await jwtVerify(token, subjects, { issuer: IDP, algorithms: ['RS256'] });
    } catch {
      throw new errors.InvalidRequest('the subject token is refused');
    }
  };
  provider.registerGrantType(GRANT.tokenExchange, exchange, ['subject_token', 'subject_token_type', 'audience']);
  const server = createServer(provider.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function allRules(): ReadonlySet<string> {
  const rules = new Set<string>();
  for (let caller = 0; caller < CLIENTS; caller += 1) {
    for (let choice = 0; choice < TARGETS_OF_ONE; choice += 1) {
      for (const alg of ALGORITHMS) rules.add(`${callerOf(caller)} ${targetOf(alg, grantedPlace(caller, choice))}`);
    }
  }
  return rules;
}
