import type { Keys } from './keys.ts';

/** Who the sidecar is at each provider of the suite, and where that provider is. */
export const IDENTITIES: Readonly<
  Record<string, { readonly path: string; readonly client: string; readonly audience?: string }>
> = {
  entra_id: { path: '/entra', client: 'entra-client', audience: 'entra-client' },
  tokenx: { path: '/tokenx', client: 'local:fleet:api', audience: 'local:fleet:api' },
  maskinporten: { path: '/maskinporten/', client: 'maskinporten-client' },
  idporten: { path: '/idporten', client: 'idporten-client', audience: 'https://api.example' },
};

/** The variables an implementation has to be started with so that the cases hold for it. */
export function environment(origin: string, keys: Keys): Record<string, string> {
  const key = JSON.stringify(keys.clients.rsa);
  return {
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    AZURE_ENABLED: 'true',
    AZURE_APP_CLIENT_ID: 'entra-client',
    AZURE_APP_JWK: key,
    AZURE_APP_WELL_KNOWN_URL: `${origin}/entra/.well-known/openid-configuration`,
    AZURE_OPENID_CONFIG_ISSUER: `${origin}/entra`,
    AZURE_OPENID_CONFIG_JWKS_URI: `${origin}/entra/jwks`,
    AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: `${origin}/entra/token`,
    TOKEN_X_ENABLED: 'true',
    TOKEN_X_CLIENT_ID: 'local:fleet:api',
    TOKEN_X_PRIVATE_JWK: key,
    TOKEN_X_WELL_KNOWN_URL: `${origin}/tokenx/.well-known/oauth-authorization-server`,
    TOKEN_X_ISSUER: `${origin}/tokenx`,
    TOKEN_X_JWKS_URI: `${origin}/tokenx/jwks`,
    TOKEN_X_TOKEN_ENDPOINT: `${origin}/tokenx/token`,
    MASKINPORTEN_ENABLED: 'true',
    MASKINPORTEN_CLIENT_ID: 'maskinporten-client',
    MASKINPORTEN_CLIENT_JWK: key,
    MASKINPORTEN_WELL_KNOWN_URL: `${origin}/maskinporten/.well-known/oauth-authorization-server`,
    MASKINPORTEN_ISSUER: `${origin}/maskinporten/`,
    MASKINPORTEN_JWKS_URI: `${origin}/maskinporten/jwks`,
    MASKINPORTEN_TOKEN_ENDPOINT: `${origin}/maskinporten/token`,
    IDPORTEN_ENABLED: 'true',
    IDPORTEN_AUDIENCE: 'https://api.example',
    IDPORTEN_WELL_KNOWN_URL: `${origin}/idporten/.well-known/openid-configuration`,
    IDPORTEN_ISSUER: `${origin}/idporten`,
    IDPORTEN_JWKS_URI: `${origin}/idporten/jwks`,
  };
}
