import { encodeBase64Url } from '../../oauth/base64url.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk, SigningKey } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';

/** The time tests begin at, seconds since the epoch. */
export const START = 1_800_000_000;

/** Kinds of token tests mint. */
export type TokenKind =
  | 'entra-user'
  | 'entra-machine'
  | 'tokenx-user'
  | 'tokenx-machine'
  | 'idporten'
  | 'maskinporten'
  | 'oidc';

const ENTRA = 'https://entra.example/t/v2.0';
const TOKENX = 'https://tokenx.example';
const common = { iat: START, exp: START + 600 };
const entra = {
  iss: ENTRA,
  aud: 'me',
  ...common,
  nbf: START,
  oid: 'oid-1',
  tid: 't',
  azp: 'caller-id',
  sub: 's',
  ver: '2.0',
};
const tokenx = {
  iss: TOKENX,
  aud: 'local:fleet:api',
  ...common,
  nbf: START,
  jti: 'j',
  sub: 's',
  client_id: 'local:fleet:portal',
};

/** A good token of each kind, as claims. */
export const CLAIMS: Readonly<Record<TokenKind, Readonly<Record<string, unknown>>>> = {
  'entra-user': { ...entra, scp: 'defaultaccess', groups: ['g1'] },
  'entra-machine': { ...entra, idtyp: 'app', roles: ['access_as_application'] },
  'tokenx-user': { ...tokenx, idp: 'https://idporten.example', acr: 'idporten-loa-high', pid: '01819090285' },
  'tokenx-machine': { ...tokenx, idtyp: 'app', roles: ['read'] },
  idporten: {
    iss: 'https://idporten.example',
    aud: 'https://api.example',
    ...common,
    jti: 'j',
    sub: 's',
    client_id: 'c',
    scope: 'openid profile',
    acr: 'idporten-loa-substantial',
  },
  maskinporten: {
    iss: 'https://maskinporten.example/',
    ...common,
    jti: 'j',
    client_id: 'c',
    scope: 'fleet:read',
    consumer: { authority: 'iso6523-actorid-upis', ID: '0192:310000019' },
  },
  oidc: { iss: 'https://op.example', aud: 'me', ...common, sub: 's', scope: 'a b' },
};

/** Environment of an application that validates all four providers and one issuer of its own. */
export const ENV: Readonly<Record<string, string>> = {
  AZURE_APP_CLIENT_ID: 'me',
  AZURE_OPENID_CONFIG_ISSUER: ENTRA,
  AZURE_OPENID_CONFIG_JWKS_URI: 'https://keys.example/jwks',
  TOKEN_X_CLIENT_ID: 'local:fleet:api',
  TOKEN_X_ISSUER: TOKENX,
  TOKEN_X_JWKS_URI: 'https://keys.example/jwks',
  IDPORTEN_AUDIENCE: 'https://api.example',
  IDPORTEN_ISSUER: 'https://idporten.example',
  IDPORTEN_JWKS_URI: 'https://keys.example/jwks',
  MASKINPORTEN_ISSUER: 'https://maskinporten.example/',
  MASKINPORTEN_JWKS_URI: 'https://keys.example/jwks',
  FULLMAKT_ISSUERS: JSON.stringify({
    mine: { issuer: 'https://op.example', jwks_uri: 'https://keys.example/jwks', audience: ['me'] },
  }),
  AZURE_APP_PRE_AUTHORIZED_APPS: JSON.stringify([{ name: 'local:fleet:case-desk', clientId: 'caller-id' }]),
  FULLMAKT_INBOUND_APPS: JSON.stringify(['local:fleet:portal']),
};

/** Keys a test file makes once: the issuers', a stranger's with the same id, and an EC key with that id too. */
export interface Keys {
  readonly issuerJwk: PrivateJwk;
  readonly issuer: SigningKey;
  readonly stranger: SigningKey;
  readonly ec: SigningKey;
}

/** Makes them, side by side. */
export async function makeKeys(): Promise<Keys> {
  const [issuerJwk, stranger, ec] = await Promise.all([
    generatePrivateJwk('RS256', 'k1'),
    generatePrivateJwk('RS256', 'k1'),
    generatePrivateJwk('ES256', 'k1'),
  ]);
  return {
    issuerJwk,
    issuer: importSigningKey(issuerJwk),
    stranger: importSigningKey(stranger),
    ec: importSigningKey(ec),
  };
}

/** Signs claims; `typ` JWT unless the header says otherwise. */
export function mint(claims: object, key: SigningKey, header: object = {}): Promise<string> {
  return signJws({ typ: 'JWT', ...header }, claims, key);
}

/** A fetch that knows nothing but the key set, and how often it was asked. */
export function keyFetch(keys: Keys): { readonly fetch: typeof globalThis.fetch; calls: number; down: boolean } {
  const state = {
    calls: 0,
    down: false,
    fetch: async (): Promise<Response> => {
      state.calls += 1;
      if (state.down) return new Response('', { status: 404 });
      return Response.json({ keys: [publicJwk(keys.issuerJwk)] });
    },
  };
  return state;
}

/** The token with another header, its signature untouched. */
export function withHeader(token: string, header: object): string {
  return [encodeBase64Url(JSON.stringify(header)), ...token.split('.').slice(1)].join('.');
}
