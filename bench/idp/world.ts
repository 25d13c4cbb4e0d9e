import { GRANT } from '../../src/oauth/client-assertion.ts';
import { publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';

/** What parent and servers agree on. */
export interface BenchKeys {
  readonly RS256: PrivateJwk;
  readonly ES256: PrivateJwk;
}

/** Algorithm of assertion and token alike. */
export type BenchAlgorithm = keyof BenchKeys;

/** The issuer of the generic provider, ours and the peer's: the same assertions are good for both. */
export const OPENID_ISSUER: string = 'http://localhost:7450';
/** One client for each algorithm. */
export const OPENID_CLIENTS: Readonly<Record<BenchAlgorithm, string>> = { RS256: 'bench-rsa', ES256: 'bench-ec' };
/** The API that tokens are for. */
export const RESOURCE: string = 'https://api.example.test';
/** A scope of that API. */
export const SCOPE: string = 'api:read';

/** The clients of the generic provider, as registrations (RFC 7591 2). */
export function registrations(keys: BenchKeys): readonly object[] {
  return (['RS256', 'ES256'] as const).map((alg) => ({
    client_id: OPENID_CLIENTS[alg],
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: [GRANT.clientCredentials],
    jwks: { keys: [publicJwk(keys[alg])] },
    access_token_signed_response_alg: alg,
    scope: SCOPE,
  }));
}
