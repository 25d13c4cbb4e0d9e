import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { OAuthError } from '../../oauth/errors.ts';
import { refuse } from '../errors.ts';

/** What a client assertion must say. Times are seconds since the epoch, durations seconds. */
export interface AssertionRules {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly acceptTokenEndpoint: boolean;
  readonly maxLifetimeSeconds: number;
  readonly lifetimeRule: 'whole' | 'remaining';
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
 * Step 7, cheap and before any cryptography (RFC 7523 3, OpenID Connect Core 9): audience, times, form of `jti`.
 * Throws `client-aud`, `client-time` or `client-jti`.
 */
export function checkAssertionClaims(claims: Claims, rules: AssertionRules): AssertionClaims {
  const audience = checkAudience(claims['aud'], rules);
  const { exp, iat } = checkTimes(claims, rules);
  return { issuer: stringClaim(claims, 'iss') ?? '', jti: readJti(claims), exp, iat, audience };
}

/** The id of an assertion. Throws `client-jti`. */
export function readJti(claims: Claims): string {
  const jti = stringClaim(claims, 'jti');
  if (jti !== undefined && jti !== '' && jti.length <= MAX_JTI_CHARACTERS) return jti;
  throw refuse('client-jti', `client assertion: jti must be a string of 1 to ${MAX_JTI_CHARACTERS} characters`);
}

/** One audience, ours, whole: an assertion that two servers accept can be replayed by either at the other. */
export function audienceOf(value: unknown, rules: AssertionRules): 'issuer' | 'token-endpoint' | undefined {
  const audience: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (audience === rules.issuer) return 'issuer';
  return audience === rules.tokenEndpoint && rules.acceptTokenEndpoint ? 'token-endpoint' : undefined;
}

function checkAudience(value: unknown, rules: AssertionRules): 'issuer' | 'token-endpoint' {
  const audience = audienceOf(value, rules);
  if (audience !== undefined) return audience;
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

/** A time in an assertion, if it has it; seconds since the epoch. Throws `client-time`. */
export function readTime(claims: Claims, name: string, rules: AssertionRules): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = numberClaim(claims, name);
  if (value === undefined || value < 0 || value > END_OF_YEAR_9999) throw timeFault(`has no usable ${name}`, rules);
  return value;
}

/**
 * Step 7, its end: an assertion is for now. By `remaining` only what is left of it counts, in whole seconds and without leeway.
 * `client` is named if it is proven. Throws `client-lifetime`.
 */
export function checkLifetime(
  { exp, iat }: Pick<AssertionClaims, 'exp' | 'iat'>,
  { maxLifetimeSeconds, lifetimeRule, skewSeconds, now }: AssertionRules,
  client: string | undefined,
): void {
  const tooLong =
    lifetimeRule === 'remaining'
      ? Math.floor(exp - now) > maxLifetimeSeconds
      : exp - now > maxLifetimeSeconds + skewSeconds || (iat !== undefined && exp - iat > maxLifetimeSeconds);
  const whose = client === undefined ? '' : ` of ${client}`;
  if (tooLong) throw refuse('client-lifetime', `client assertion${whose} lives longer than ${maxLifetimeSeconds} s`);
}

/** A fault of time, with our own. */
export function timeFault(what: string, { now }: AssertionRules): OAuthError {
  return refuse('client-time', `client assertion ${what}, server time ${Math.floor(now)}`);
}
