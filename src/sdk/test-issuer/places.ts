import { TENANT } from './identities.ts';

/** The providers that the test issuer plays. */
export type Played = 'entra_id' | 'tokenx' | 'idporten' | 'maskinporten';

/** Where one of them is. */
export interface Place {
  readonly issuer: string;
  readonly wellKnownUrl: string;
  readonly jwksUri: string;
  /** Absent where applications get no tokens. */
  readonly tokenEndpoint?: string;
}

/** All of them. */
export type Places = Readonly<Record<Played, Place>>;

const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';

/**
 * Where the providers are: below one origin if there is a listener, else on hosts of their own that no resolver knows. Both need
 * `FULLMAKT_ALLOW_LOCAL_PROVIDERS`, so that no production start can be pointed here.
 */
export function placesAt(origin: string | undefined): Places {
  const base = (name: string): string =>
    origin === undefined ? `https://${name}.test.fullmakt-local` : `${origin}/${name}`;
  const entra = `${base('entra')}/${TENANT}`;
  const [tokenx, idporten, maskinporten] = [base('tokenx'), base('idporten'), base('maskinporten')];
  return {
    entra_id: {
      issuer: `${entra}/v2.0`,
      wellKnownUrl: `${entra}/v2.0${OPENID}`,
      jwksUri: `${entra}/discovery/v2.0/keys`,
      tokenEndpoint: `${entra}/oauth2/v2.0/token`,
    },
    tokenx: {
      issuer: tokenx,
      wellKnownUrl: `${tokenx}${OAUTH}`,
      jwksUri: `${tokenx}/jwks`,
      tokenEndpoint: `${tokenx}/token`,
    },
    idporten: { issuer: idporten, wellKnownUrl: `${idporten}${OPENID}`, jwksUri: `${idporten}/jwks.json` },
    maskinporten: {
      issuer: `${maskinporten}/`,
      wellKnownUrl: `${maskinporten}${OAUTH}`,
      jwksUri: `${maskinporten}/jwk`,
      tokenEndpoint: `${maskinporten}/token`,
    },
  };
}
