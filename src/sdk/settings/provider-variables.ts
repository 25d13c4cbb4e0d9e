/** Which variables say what of one provider. */
export interface Variables {
  readonly provider: 'entra_id' | 'tokenx' | 'idporten' | 'maskinporten';
  readonly wellKnownUrl: string;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience?: string;
  readonly clientId: string;
  /** What asking the provider without the sidecar takes beside; absent where applications get no tokens. */
  readonly direct?: { readonly privateJwk: string; readonly tokenEndpoint: string };
  /** Which endpoints of the sidecar serve this provider. */
  readonly acquire: readonly ('NAIS_TOKEN_ENDPOINT' | 'NAIS_TOKEN_EXCHANGE_ENDPOINT')[];
}

/** The facts of each provider as this package states them; a test compares them with the rest of the product. */
export const SDK_VARIABLES: readonly Variables[] = [
  {
    provider: 'entra_id',
    wellKnownUrl: 'AZURE_APP_WELL_KNOWN_URL',
    issuer: 'AZURE_OPENID_CONFIG_ISSUER',
    jwksUri: 'AZURE_OPENID_CONFIG_JWKS_URI',
    audience: 'AZURE_APP_CLIENT_ID',
    clientId: 'AZURE_APP_CLIENT_ID',
    direct: { privateJwk: 'AZURE_APP_JWK', tokenEndpoint: 'AZURE_OPENID_CONFIG_TOKEN_ENDPOINT' },
    acquire: ['NAIS_TOKEN_ENDPOINT', 'NAIS_TOKEN_EXCHANGE_ENDPOINT'],
  },
  {
    provider: 'tokenx',
    wellKnownUrl: 'TOKEN_X_WELL_KNOWN_URL',
    issuer: 'TOKEN_X_ISSUER',
    jwksUri: 'TOKEN_X_JWKS_URI',
    audience: 'TOKEN_X_CLIENT_ID',
    clientId: 'TOKEN_X_CLIENT_ID',
    direct: { privateJwk: 'TOKEN_X_PRIVATE_JWK', tokenEndpoint: 'TOKEN_X_TOKEN_ENDPOINT' },
    acquire: ['NAIS_TOKEN_EXCHANGE_ENDPOINT'],
  },
  {
    provider: 'idporten',
    wellKnownUrl: 'IDPORTEN_WELL_KNOWN_URL',
    issuer: 'IDPORTEN_ISSUER',
    jwksUri: 'IDPORTEN_JWKS_URI',
    audience: 'IDPORTEN_AUDIENCE',
    clientId: 'IDPORTEN_CLIENT_ID',
    acquire: [],
  },
  {
    provider: 'maskinporten',
    wellKnownUrl: 'MASKINPORTEN_WELL_KNOWN_URL',
    issuer: 'MASKINPORTEN_ISSUER',
    jwksUri: 'MASKINPORTEN_JWKS_URI',
    clientId: 'MASKINPORTEN_CLIENT_ID',
    direct: { privateJwk: 'MASKINPORTEN_CLIENT_JWK', tokenEndpoint: 'MASKINPORTEN_TOKEN_ENDPOINT' },
    acquire: ['NAIS_TOKEN_ENDPOINT'],
  },
];
