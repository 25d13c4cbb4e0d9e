import { createHash, randomUUID } from 'node:crypto';
import type { PublicJwk, SigningKey } from './jwk.ts';
import { signJws } from './jws.ts';
import type { Claims } from './jwt.ts';

/** `client_assertion_type` of a JWT (RFC 7523 section 2.2). */
export const CLIENT_ASSERTION_TYPE: string = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Values of `grant_type` (RFC 6749, RFC 7523 section 2.1, RFC 8693 section 2.1). */
export const GRANT: {
  readonly tokenExchange: string;
  readonly jwtBearer: string;
  readonly clientCredentials: string;
  readonly authorizationCode: string;
  readonly refreshToken: string;
} = {
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  clientCredentials: 'client_credentials',
  authorizationCode: 'authorization_code',
  refreshToken: 'refresh_token',
};

/** Token type identifiers (RFC 8693 section 3). */
export const TOKEN_TYPE: {
  readonly jwt: string;
  readonly accessToken: string;
  readonly idToken: string;
  readonly refreshToken: string;
} = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  refreshToken: 'urn:ietf:params:oauth:token-type:refresh_token',
};

/** What goes into one assertion. */
export interface ClientAssertionOptions {
  readonly key: SigningKey;
  readonly clientId: string;
  /** The issuer the assertion is for, as one string. */
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** 30 unless given. */
  readonly lifetimeSeconds?: number;
  /** A random UUID unless given. */
  readonly jti?: string;
  /** Header `typ`; `JWT` unless given. */
  readonly typ?: string;
  /** Added to the payload; may replace `sub`, but not `iss`, `aud`, `jti` or a time. */
  readonly claims?: Claims;
  /** Leaves `sub` out, as Maskinporten's grant has it. */
  readonly omitSubject?: boolean;
}

const LIFETIME_SECONDS = 30;

/**
 * Signs a client assertion, or an assertion used as a grant (RFC 7523 section 3). One assertion is for one attempt: make a new one for
 * a retry. A certificate thumbprint of the key goes into the header as `x5t#S256` (RFC 7515 section 4.1.8).
 */
export async function signClientAssertion(options: ClientAssertionOptions): Promise<string> {
  const { key, clientId, audience, claims, lifetimeSeconds = LIFETIME_SECONDS } = options;
  const iat = Math.floor(options.now);
  const thumbprint = certificateThumbprint(key.publicJwk);
  const header = { typ: options.typ ?? 'JWT', ...(thumbprint === undefined ? {} : { 'x5t#S256': thumbprint }) };
  const payload = {
    ...(options.omitSubject === true ? {} : { sub: clientId }),
    ...claims,
    iss: clientId,
    aud: audience,
    jti: options.jti ?? randomUUID(),
    iat,
    nbf: iat,
    exp: iat + lifetimeSeconds,
  };
  return await signJws(header, payload, key);
}

/** SHA-256 of the key's certificate (RFC 7517 sections 4.7 and 4.9); undefined when it has none. */
function certificateThumbprint({ x5c, 'x5t#S256': given }: PublicJwk): string | undefined {
  if (typeof given === 'string') return given;
  const certificate: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof certificate !== 'string') return undefined;
  return createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('base64url');
}
