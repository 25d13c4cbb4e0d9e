import { type IssuerKeys, verifyIssuerSignature } from './issuer-signature.ts';
import { JoseError } from './jws.ts';
import { type Claims, checkClaims, numberClaim, parseJwt, stringClaim } from './jwt.ts';
import { isJsonObject } from './objects.ts';

/** What a logout token says, once everything about it was right. */
export interface VerifiedLogoutToken {
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly sid: string | undefined;
  readonly subject: string | undefined;
}

/** What a logout token must fulfil, besides what all must. */
export interface LogoutTokenRules extends IssuerKeys {
  /** The issuer for the `tid` of a token; undefined when no token of it is taken. */
  readonly issuerFor: (tid: unknown) => string | undefined;
  readonly clientId: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly skewSeconds: number;
  /** Oldest token that is taken, counted from `iat`. */
  readonly maxAgeSeconds: number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const TYPES: readonly string[] = ['JWT', 'logout+jwt'];
const MAX_JTI_CHARACTERS = 128;
const MAX_NAME_CHARACTERS = 256;

/**
 * Judges a logout token (OpenID Connect Back-Channel Logout 1.0 2.6): type, signature, issuer, audience, age, `jti`, `events`, `sid` or
 * `sub`, no `nonce`. Whether its `jti` was seen before is for the caller to know. Throws JoseError; `keys_unavailable` means that
 * it could not be judged.
 */
export async function verifyLogoutToken(token: unknown, rules: LogoutTokenRules): Promise<VerifiedLogoutToken> {
  const jwt = parseJwt(token, { types: TYPES });
  const issuer = rules.issuerFor(jwt.claims['tid']);
  if (issuer === undefined) throw invalid('tid');
  const { claims } = await verifyIssuerSignature(jwt, rules);
  checkClaims(claims, {
    now: rules.now,
    skewSeconds: rules.skewSeconds,
    issuer,
    audience: [rules.clientId],
    required: ['jti', 'events'],
    optional: ['exp'],
  });
  const issuedAt = numberClaim(claims, 'iat') ?? 0;
  if (rules.now - issuedAt > rules.maxAgeSeconds + rules.skewSeconds) {
    throw new JoseError('token_expired', 'the token is too old', { claim: 'iat' });
  }
  checkEvent(claims);
  // An ID token of the same client would pass all else.
  if (Object.hasOwn(claims, 'nonce')) throw invalid('nonce');
  const jti = named(claims, 'jti', MAX_JTI_CHARACTERS);
  const sid = named(claims, 'sid', MAX_NAME_CHARACTERS);
  const subject = named(claims, 'sub', MAX_NAME_CHARACTERS);
  if (jti === undefined) throw invalid('jti');
  if (sid === undefined && subject === undefined) {
    throw new JoseError('claim_missing', 'the token names neither session nor user', { claim: 'sid' });
  }
  return { jti, issuedAt, sid, subject };
}

function checkEvent(claims: Claims): void {
  const events = claims['events'];
  if (!isJsonObject(events) || !Object.hasOwn(events, EVENT) || !isJsonObject(events[EVENT])) throw invalid('events');
}

/** The claim, which must be a text of some length if it is there at all. */
function named(claims: Claims, name: string, most: number): string | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const text = stringClaim(claims, name);
  if (text === undefined || text === '' || text.length > most) throw invalid(name);
  return text;
}

function invalid(claim: string): JoseError {
  return new JoseError('claim_invalid', `the claim ${claim} is not as it must be`, { claim });
}
