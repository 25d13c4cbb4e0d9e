import { APPLICATION, CALLER, SCOPE, TENANT } from './identities.ts';
import type { Places } from './places.ts';

/** The variables that hold private keys. */
export const PRIVATE_KEY_VARIABLES: ReadonlySet<string> = new Set([
  'AZURE_APP_JWK',
  'AZURE_APP_JWKS',
  'TOKEN_X_PRIVATE_JWK',
  'MASKINPORTEN_CLIENT_JWK',
]);

/** The environment of the application under test: what a platform would set, without a sidecar. `jwk` is its private key. */
export function environmentOf(places: Places, jwk: string): Readonly<Record<string, string>> {
  const [cluster, namespace, name] = APPLICATION.name.split(':');
  return Object.freeze({
    NAIS_CLIENT_ID: APPLICATION.name,
    NAIS_CLUSTER_NAME: cluster ?? '',
    NAIS_NAMESPACE: namespace ?? '',
    NAIS_APP_NAME: name ?? '',
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_INBOUND_APPS: JSON.stringify([CALLER.name]),
    ...entra(places, jwk),
    TOKEN_X_CLIENT_ID: APPLICATION.name,
    TOKEN_X_WELL_KNOWN_URL: places.tokenx.wellKnownUrl,
    TOKEN_X_ISSUER: places.tokenx.issuer,
    TOKEN_X_JWKS_URI: places.tokenx.jwksUri,
    TOKEN_X_TOKEN_ENDPOINT: places.tokenx.tokenEndpoint ?? '',
    TOKEN_X_PRIVATE_JWK: jwk,
    IDPORTEN_AUDIENCE: APPLICATION.audience,
    IDPORTEN_WELL_KNOWN_URL: places.idporten.wellKnownUrl,
    IDPORTEN_ISSUER: places.idporten.issuer,
    IDPORTEN_JWKS_URI: places.idporten.jwksUri,
    MASKINPORTEN_CLIENT_ID: APPLICATION.maskinportenClientId,
    MASKINPORTEN_SCOPES: SCOPE,
    MASKINPORTEN_WELL_KNOWN_URL: places.maskinporten.wellKnownUrl,
    MASKINPORTEN_ISSUER: places.maskinporten.issuer,
    MASKINPORTEN_JWKS_URI: places.maskinporten.jwksUri,
    MASKINPORTEN_TOKEN_ENDPOINT: places.maskinporten.tokenEndpoint ?? '',
    MASKINPORTEN_CLIENT_JWK: jwk,
  });
}

function entra({ entra_id: place }: Places, jwk: string): Readonly<Record<string, string>> {
  return {
    AZURE_APP_CLIENT_ID: APPLICATION.entraClientId,
    AZURE_APP_TENANT_ID: TENANT,
    AZURE_APP_WELL_KNOWN_URL: place.wellKnownUrl,
    AZURE_OPENID_CONFIG_ISSUER: place.issuer,
    AZURE_OPENID_CONFIG_JWKS_URI: place.jwksUri,
    AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: place.tokenEndpoint ?? '',
    AZURE_APP_JWK: jwk,
    AZURE_APP_JWKS: `{"keys":[${jwk}]}`,
    AZURE_APP_PRE_AUTHORIZED_APPS: JSON.stringify([{ name: CALLER.name, clientId: CALLER.entraClientId }]),
  };
}
