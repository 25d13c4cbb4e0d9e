import { createHash } from 'node:crypto';
import { digestOf, isAlgorithm } from './algorithms.ts';
import { encodeBase64Url } from './base64url.ts';
import { type IssuerKeys, verifyIssuerSignature } from './issuer-signature.ts';
import { JoseError, type JwsHeader } from './jws.ts';
import { type Claims, checkClaims, numberClaim, parseJwt, stringClaim, stringListClaim } from './jwt.ts';

const verifiedIdToken: unique symbol = Symbol('verifiedIdToken');

/** An ID token that passed every check. Only {@link verifyIdToken} makes one. */
export interface VerifiedIdToken {
  readonly token: string;
  readonly header: JwsHeader;
  readonly claims: Claims;
  readonly issuer: string;
  readonly subject: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Seconds since the epoch. */
  readonly authTime?: number;
  readonly sid?: string;
  readonly acr?: string;
  readonly [verifiedIdToken]: true;
}

/** What an ID token must fulfil, besides what all must. */
export interface IdTokenRules extends IssuerKeys {
  readonly issuer: string;
  readonly clientId: string;
  /** Must be equal if given. */
  readonly nonce?: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly skewSeconds: number;
  /** The `max_age` that was sent, in seconds. Judged if `auth_time` is there. */
  readonly maxAge?: number;
  /** With `maxAge`: `auth_time` must be there. */
  readonly authTimeRequired?: boolean;
  /** Audiences that may stand beside the client id. */
  readonly trustedAudiences?: readonly string[];
  /** The access token that came along: `at_hash`, if present, must fit it. */
  readonly accessToken?: string;
  readonly sidRequired?: boolean;
  /** Judges the level of authentication. */
  readonly acrSatisfied?: (acr: string | undefined) => boolean;
}

/**
 * Judges an ID token (OpenID Connect Core 3.1.3.7): type, signature, registered claims, `azp`, `nonce`, `at_hash`, `auth_time`, `sid`,
 * `acr`. A bad signature of a token without `kid` is tried once more with freshly fetched keys. Throws JoseError.
 */
export async function verifyIdToken(token: unknown, rules: IdTokenRules): Promise<VerifiedIdToken> {
  const jwt = parseJwt(token, { types: ['JWT'] });
  const { header, claims } = await verifyIssuerSignature(jwt, rules);
  checkClaims(claims, { ...rules, audience: [rules.clientId], required: ['sub'] });
  checkParties(claims, rules);
  if (rules.nonce !== undefined && stringClaim(claims, 'nonce') !== rules.nonce) throw invalid('nonce');
  checkAccessTokenHash(header.alg, claims, rules.accessToken);
  checkAuthentication(claims, rules);
  return toIdToken(`${jwt.jws.signingInput}.${encodeBase64Url(jwt.jws.signature)}`, header, claims);
}

function checkParties(claims: Claims, { clientId, trustedAudiences = [] }: IdTokenRules): void {
  const audience = stringListClaim(claims, 'aud') ?? [];
  if (!audience.every((name) => name === clientId || trustedAudiences.includes(name))) {
    throw new JoseError('audience_mismatch', 'the token is also for someone we do not trust', { claim: 'aud' });
  }
  if (audience.length > 1 && !Object.hasOwn(claims, 'azp')) throw missing('azp');
  if (Object.hasOwn(claims, 'azp') && claims['azp'] !== clientId) throw invalid('azp');
}

/** OpenID Connect Core 3.1.3.6: the left half of the digest that belongs to the signature algorithm. */
function checkAccessTokenHash(alg: string, claims: Claims, accessToken: string | undefined): void {
  if (!Object.hasOwn(claims, 'at_hash') || accessToken === undefined) return;
  if (!isAlgorithm(alg)) throw invalid('at_hash');
  const digest = createHash(digestOf(alg)).update(accessToken, 'utf8').digest();
  if (claims['at_hash'] !== encodeBase64Url(digest.subarray(0, digest.length / 2))) throw invalid('at_hash');
}

function checkAuthentication(claims: Claims, rules: IdTokenRules): void {
  for (const name of ['sid', 'acr']) {
    if (Object.hasOwn(claims, name) && stringClaim(claims, name) === undefined) throw invalid(name);
  }
  if (rules.sidRequired === true && !Object.hasOwn(claims, 'sid')) throw missing('sid');
  checkAuthTime(claims, rules);
  if (rules.acrSatisfied?.(stringClaim(claims, 'acr')) === false) throw invalid('acr');
}

function checkAuthTime(claims: Claims, { now, skewSeconds, maxAge, authTimeRequired }: IdTokenRules): void {
  const authTime = numberClaim(claims, 'auth_time');
  if (Object.hasOwn(claims, 'auth_time') && authTime === undefined) throw invalid('auth_time');
  if (maxAge === undefined) return;
  if (authTime === undefined) {
    if (authTimeRequired === true) throw missing('auth_time');
    return;
  }
  if (now - authTime > maxAge + skewSeconds) throw invalid('auth_time');
}

function toIdToken(token: string, header: JwsHeader, claims: Claims): VerifiedIdToken {
  const authTime = numberClaim(claims, 'auth_time');
  const sid = stringClaim(claims, 'sid');
  const acr = stringClaim(claims, 'acr');
  return {
    token,
    header,
    claims,
    issuer: stringClaim(claims, 'iss') ?? '',
    subject: stringClaim(claims, 'sub') ?? '',
    issuedAt: numberClaim(claims, 'iat') ?? 0,
    expiresAt: numberClaim(claims, 'exp') ?? 0,
    ...(authTime === undefined ? {} : { authTime }),
    ...(sid === undefined ? {} : { sid }),
    ...(acr === undefined ? {} : { acr }),
    [verifiedIdToken]: true,
  };
}

function invalid(claim: string): JoseError {
  return new JoseError('claim_invalid', `the claim ${claim} is not as it must be`, { claim });
}

function missing(claim: string): JoseError {
  return new JoseError('claim_missing', `the claim ${claim} is missing`, { claim });
}
