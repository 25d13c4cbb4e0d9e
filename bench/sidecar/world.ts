import { randomUUID } from 'node:crypto';
import { generatePrivateJwk, importSigningKey } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';

/** The keys of everyone: of all providers, and of the application at each of them. */
export interface BenchKeys {
  readonly issuer: PrivateJwk;
  readonly client: PrivateJwk;
}

/** Tokens are as long as TokenX makes them. */
const CHARACTERS = 900;
const HOUR = 3600;

/** What the application is called by all its providers. */
export const CLIENT: string = 'local:fleet:api';
/** Whose tokens are introspected and exchanged. */
export const ISSUER_PATH: string = '/tokenx';

export async function makeKeys(): Promise<BenchKeys> {
  const [issuer, client] = await Promise.all([
    generatePrivateJwk('RS256', 'bench-issuer'),
    generatePrivateJwk('RS256', 'bench-client'),
  ]);
  return { issuer, client };
}

/** An RS256 token for the application, good for an hour. */
export async function makeToken(keys: BenchKeys, issuer: string): Promise<string> {
  const key = importSigningKey(keys.issuer);
  const iat = Math.floor(Date.now() / 1000);
  const person = { sub: randomUUID(), acr: 'idporten-loa-high', client_id: 'local:fleet:permit' };
  const claims = { iss: issuer, aud: CLIENT, iat, nbf: iat, exp: iat + HOUR, jti: randomUUID(), ...person };
  const bare = await signJws({ typ: 'JWT' }, { ...claims, filling: '' }, key);
  // Four characters of base64url are three of JSON.
  const filling = 'x'.repeat(Math.max(0, Math.round(((CHARACTERS - bare.length) * 3) / 4)));
  return signJws({ typ: 'JWT' }, { ...claims, filling }, key);
}

/** The variables of a sidecar with all four providers, at this address. */
export function environment(origin: string, { client }: BenchKeys): Record<string, string> {
  const key = JSON.stringify(client);
  return {
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    AZURE_ENABLED: 'true',
    AZURE_APP_CLIENT_ID: CLIENT,
    AZURE_APP_JWK: key,
    AZURE_APP_WELL_KNOWN_URL: `${origin}/entra/.well-known/openid-configuration`,
    TOKEN_X_ENABLED: 'true',
    TOKEN_X_CLIENT_ID: CLIENT,
    TOKEN_X_PRIVATE_JWK: key,
    TOKEN_X_WELL_KNOWN_URL: `${origin}${ISSUER_PATH}/.well-known/oauth-authorization-server`,
    MASKINPORTEN_ENABLED: 'true',
    MASKINPORTEN_CLIENT_ID: CLIENT,
    MASKINPORTEN_CLIENT_JWK: key,
    MASKINPORTEN_WELL_KNOWN_URL: `${origin}/maskinporten/.well-known/oauth-authorization-server`,
    IDPORTEN_ENABLED: 'true',
    IDPORTEN_AUDIENCE: CLIENT,
    IDPORTEN_WELL_KNOWN_URL: `${origin}/idporten/.well-known/openid-configuration`,
  };
}
