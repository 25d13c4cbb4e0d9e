/** The variables of one provider, as platforms set them (sidecar-sdk.md 4). */
export interface ProviderVariables {
  readonly enabled: string;
  readonly wellKnownUrl: string;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenEndpoint?: string;
  readonly clientId?: string;
  readonly privateJwk?: string;
  /** What a token's `aud` has to hold; absent where the provider issues none by default. */
  readonly audience?: string;
  /** Maskinporten's issuer ends in a slash; the others do not (providers.md 1.1). */
  readonly issuerEndsInSlash?: boolean;
}

/** A provider the sidecar knows by name. */
export type ProviderName = 'entra_id' | 'tokenx' | 'maskinporten' | 'idporten' | 'ansattporten';

/** Which variables say what, for every provider with variables of its own. */
export const PROVIDER_VARIABLES: Readonly<Record<ProviderName, ProviderVariables>> = {
  entra_id: {
    enabled: 'AZURE_ENABLED',
    wellKnownUrl: 'AZURE_APP_WELL_KNOWN_URL',
    issuer: 'AZURE_OPENID_CONFIG_ISSUER',
    jwksUri: 'AZURE_OPENID_CONFIG_JWKS_URI',
    tokenEndpoint: 'AZURE_OPENID_CONFIG_TOKEN_ENDPOINT',
    clientId: 'AZURE_APP_CLIENT_ID',
    privateJwk: 'AZURE_APP_JWK',
    audience: 'AZURE_APP_CLIENT_ID',
  },
  tokenx: {
    enabled: 'TOKEN_X_ENABLED',
    wellKnownUrl: 'TOKEN_X_WELL_KNOWN_URL',
    issuer: 'TOKEN_X_ISSUER',
    jwksUri: 'TOKEN_X_JWKS_URI',
    tokenEndpoint: 'TOKEN_X_TOKEN_ENDPOINT',
    clientId: 'TOKEN_X_CLIENT_ID',
    privateJwk: 'TOKEN_X_PRIVATE_JWK',
    audience: 'TOKEN_X_CLIENT_ID',
  },
  maskinporten: {
    enabled: 'MASKINPORTEN_ENABLED',
    wellKnownUrl: 'MASKINPORTEN_WELL_KNOWN_URL',
    issuer: 'MASKINPORTEN_ISSUER',
    jwksUri: 'MASKINPORTEN_JWKS_URI',
    tokenEndpoint: 'MASKINPORTEN_TOKEN_ENDPOINT',
    clientId: 'MASKINPORTEN_CLIENT_ID',
    privateJwk: 'MASKINPORTEN_CLIENT_JWK',
    issuerEndsInSlash: true,
  },
  idporten: {
    enabled: 'IDPORTEN_ENABLED',
    wellKnownUrl: 'IDPORTEN_WELL_KNOWN_URL',
    issuer: 'IDPORTEN_ISSUER',
    jwksUri: 'IDPORTEN_JWKS_URI',
    audience: 'IDPORTEN_AUDIENCE',
  },
  ansattporten: {
    enabled: 'ANSATTPORTEN_ENABLED',
    wellKnownUrl: 'ANSATTPORTEN_WELL_KNOWN_URL',
    issuer: 'ANSATTPORTEN_ISSUER',
    jwksUri: 'ANSATTPORTEN_JWKS_URI',
    audience: 'ANSATTPORTEN_AUDIENCE',
  },
};
