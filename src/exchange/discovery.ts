import { GRANT } from '../oauth/client-assertion.ts';
import type { Route } from '../web/router.ts';
import { cachedDocument } from './cached-document.ts';
import type { ExchangeConfig } from './config.ts';
import { CLIENT_ALGORITHM_NAMES } from './client/client-keys.ts';
import type { SigningKeys } from './keys/signing-keys.ts';

/** Every address of the server, from the issuer alone: never from what a request calls us. */
export interface Endpoints {
  readonly issuer: string;
  /** Path of the issuer, without a slash at the end. */
  readonly base: string;
  readonly token: string;
  readonly jwks: string;
  readonly introspection: string;
  readonly revocation: string;
  /** Named under `compat` alone; nothing answers there. */
  readonly authorization: string;
}

/** The addresses under an issuer: the issuer without one slash at its end, and a path. */
export function endpointsOf(issuer: string): Endpoints {
  const root = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
  const { pathname } = new URL(issuer);
  const base = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  return {
    issuer,
    base,
    token: `${root}/token`,
    jwks: `${root}/jwks`,
    introspection: `${root}/introspect`,
    revocation: `${root}/revoke`,
    authorization: `${root}/authorization`,
  };
}

/**
 * Metadata (RFC 8414 2 and 3.1) and key set (RFC 7517 5). An issuer with a path is found both ways: the path after the
 * well-known part, and the well-known part after the path, as older clients ask.
 */
export function discoveryRoutes(
  endpoints: Endpoints,
  keys: SigningKeys,
  { keysMaxAgeSeconds: maxAgeSeconds, compat }: Pick<ExchangeConfig, 'keysMaxAgeSeconds' | 'compat'>,
): readonly Route[] {
  const { base, authorization } = endpoints;
  const oauth = metadata(endpoints);
  // Nothing is there: readers of this document that insist on the member go on reading.
  const dead = compat === 'none' ? {} : { authorization_endpoint: authorization };
  const openid = { ...oauth, ...dead, id_token_signing_alg_values_supported: ['RS256'] };
  const serve = (path: string, document: () => unknown): Route => ({
    method: 'GET',
    path,
    handle: (request) => cachedDocument(request, document(), maxAgeSeconds),
  });
  const wellKnown = (name: string, document: object): readonly Route[] =>
    [...new Set([`/.well-known/${name}${base}`, `${base}/.well-known/${name}`])].map((path) =>
      serve(path, () => document),
    );
  return [
    ...wellKnown('oauth-authorization-server', oauth),
    ...wellKnown('openid-configuration', openid),
    serve(`${base}/jwks`, () => ({ keys: keys.published() })),
  ];
}

function metadata({ issuer, token, jwks, introspection, revocation }: Endpoints): object {
  const methods = ['private_key_jwt'];
  return {
    issuer,
    token_endpoint: token,
    jwks_uri: jwks,
    response_types_supported: [],
    grant_types_supported: [GRANT.tokenExchange, GRANT.clientCredentials],
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHM_NAMES,
    introspection_endpoint: introspection,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHM_NAMES,
    revocation_endpoint: revocation,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHM_NAMES,
    subject_types_supported: ['public'],
  };
}
