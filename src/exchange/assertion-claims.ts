import { numberClaim, stringClaim } from '../oauth/jwt.ts';
import type { Claims } from '../oauth/jwt.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { refuse } from './errors.ts';

/** What a client assertion must say. Times are seconds since the epoch, durations seconds. */
export interface AssertionRules {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly acceptTokenEndpoint: boolean;
  readonly maxLifetimeSeconds: number;
  readonly requireIat: boolean;
  readonly requireNbf: boolean;
  readonly skewSeconds: number;
  readonly now: number;
}

/** A client assertion whose claims are in order. */
export interface AssertionClaims {
  readonly issuer: string;
  readonly jti: string;
  readonly exp: number;
  readonly iat: number | undefined;
  /** Which of the two accepted audiences it names. */
  readonly audience: 'issuer' | 'token-endpoint';
}

const MAX_JTI_CHARACTERS = 128;
const END_OF_YEAR_9999 = 253_402_300_799;

/**
 * Step 7, cheap and before any cryptography (RFC 7523 3, OpenID Connect Core 9): audience, times, lifetime, form of `jti`.
 * Throws `client-aud`, `client-time`, `client-lifetime` or `client-jti`.
 */
export function checkAssertionClaims(claims: Claims, rules: AssertionRules): AssertionClaims {
  const audience = checkAudience(claims['aud'], rules);
  const { exp, iat } = checkTimes(claims, rules);
  checkLifetime(exp, iat, rules);
  const jti = stringClaim(claims, 'jti');
  if (jti === undefined || jti === '' || jti.length > MAX_JTI_CHARACTERS) {
    throw refuse('client-jti', `client assertion: jti must be a string of 1 to ${MAX_JTI_CHARACTERS} characters`);
  }
  return { issuer: stringClaim(claims, 'iss') ?? '', jti, exp, iat, audience };
}

/** One audience, ours, whole: an assertion that two servers accept can be replayed by either at the other. */
function checkAudience(value: unknown, rules: AssertionRules): 'issuer' | 'token-endpoint' {
  const audience: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (audience === rules.issuer) return 'issuer';
  if (audience === rules.tokenEndpoint && rules.acceptTokenEndpoint) return 'token-endpoint';
  throw refuse('client-aud', `client assertion: aud must be ${rules.issuer} and nothing else`);
}

function checkTimes(claims: Claims, rules: AssertionRules): { readonly exp: number; readonly iat: number | undefined } {
  const exp = readTime(claims, 'exp', rules);
  const iat = readTime(claims, 'iat', rules);
  const nbf = readTime(claims, 'nbf', rules);
  if (exp === undefined) throw timeFault('has no exp', rules);
  if (iat === undefined && rules.requireIat) throw timeFault('has no iat', rules);
  if (nbf === undefined && rules.requireNbf) throw timeFault('has no nbf', rules);
  if (exp <= rules.now - rules.skewSeconds) throw timeFault(`expired: exp ${exp}`, rules);
  if (iat !== undefined && iat > rules.now + rules.skewSeconds)
    throw timeFault(`is from the future: iat ${iat}`, rules);
  if (nbf !== undefined && nbf > rules.now + rules.skewSeconds) throw timeFault(`is not valid yet: nbf ${nbf}`, rules);
  return { exp, iat };
}

function readTime(claims: Claims, name: string, rules: AssertionRules): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = numberClaim(claims, name);
  if (value === undefined || value < 0 || value > END_OF_YEAR_9999) throw timeFault(`has no usable ${name}`, rules);
  return value;
}

function checkLifetime(exp: number, iat: number | undefined, rules: AssertionRules): void {
  const { maxLifetimeSeconds, skewSeconds, now } = rules;
  const tooLong = exp - now > maxLifetimeSeconds + skewSeconds || (iat !== undefined && exp - iat > maxLifetimeSeconds);
  if (tooLong) throw refuse('client-lifetime', `client assertion lives longer than ${maxLifetimeSeconds} s`);
}

function timeFault(what: string, { now }: AssertionRules): OAuthError {
  return refuse('client-time', `client assertion ${what}, server time ${Math.floor(now)}`);
}
