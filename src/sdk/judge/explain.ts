import type { JoseError } from '../../oauth/jws.ts';
import { numberClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { ClaimRules, Claims } from '../../oauth/jwt.ts';
import { AuthError } from '../auth-error.ts';

/** The refusal behind claims that do not fit: what was expected, what the token says, and what would help. Times are seconds since the epoch. */
export function explainClaims(error: JoseError, claims: Claims, rules: ClaimRules): AuthError {
  return new AuthError(error.code, { explanation: explanationOf(error, claims, rules) });
}

function explanationOf({ code, claim = '', message }: JoseError, claims: Claims, rules: ClaimRules): string {
  const { now, skewSeconds, audience = [], maxLifetimeSeconds = 0 } = rules;
  const actual = numberClaim(claims, claim) ?? 'none';
  if (code === 'audience_mismatch') {
    const named = stringListClaim(claims, 'aud')?.join(' ') ?? 'none';
    return (
      `expected a token for ${audience.join(' or ')}, got one for ${named}; the caller has to ask for a token of this app, and ` +
      'spec.accessPolicy.inbound.rules of this app has to name the caller'
    );
  }
  if (code === 'token_expired') {
    const end = Math.floor(now - skewSeconds);
    return `the token has expired: expected exp after ${end}, got ${actual}; the caller has to ask for a new one`;
  }
  if (code === 'token_not_yet_valid') {
    const start = Math.floor(now + skewSeconds);
    return `the token is not valid yet: expected ${claim} at ${start} at the latest, got ${actual}; the issuer's clock and ours disagree`;
  }
  if (code === 'lifetime_exceeded') {
    const lifetime = (numberClaim(claims, 'exp') ?? 0) - (numberClaim(claims, 'iat') ?? now);
    return `expected a token that lives ${maxLifetimeSeconds} s at most, got one of ${lifetime} s; the option maxLifetimeSeconds moves the limit`;
  }
  return message;
}

/** The refusal behind a signature that does not count: which algorithms would, and what would help. */
export function explainSignature(error: JoseError, actual: string, algorithms: readonly string[]): AuthError {
  const explanation =
    error.code === 'algorithm_refused'
      ? `expected ${algorithms.join(' or ')} with a key made for it, got ${actual}; algorithms in FULLMAKT_ISSUERS names others`
      : error.message;
  return new AuthError(error.code, { explanation });
}
