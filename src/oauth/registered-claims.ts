import { type Claims, isText, ownClaim } from './claims.ts';
import { JoseError } from './jose-error.ts';

/** What the claims of one kind of token must fulfil. */
export interface ClaimRules {
  /** Seconds since the epoch. */
  readonly now: number;
  /** Leeway for `exp`, `nbf` and `iat` alike. */
  readonly skewSeconds: number;
  /** Compared byte for byte. */
  readonly issuer?: string;
  /** `aud` must hold one of these. Without it `aud` is neither required nor compared. */
  readonly audience?: readonly string[] | undefined;
  /** Required besides `iss`, `exp`, `iat` and, with an audience, `aud`. */
  readonly required?: readonly string[];
  /** Names lifted from the required ones: RFC 7523 assertions, for example, come without `iat`. */
  readonly optional?: readonly string[];
  /** Longest `exp` - `iat`; a token without `iat` is measured from now. */
  readonly maxLifetimeSeconds?: number;
}

/**
 * Judges the registered claims (RFC 7519 section 4.1), first failure wins: presence, form, `exp`, `nbf` and `iat`, `iss`, `aud`,
 * lifetime. Throws JoseError `claim_missing`, `claim_invalid`, `token_expired`, `token_not_yet_valid`, `issuer_unknown`,
 * `audience_mismatch` or `lifetime_exceeded`.
 */
export function checkClaims(claims: Claims, rules: ClaimRules): void {
  const registered = registeredIn(claims);
  checkPresence(claims, registered, rules);
  checkForm(registered);
  checkTimes(registered, rules);
  if (rules.issuer !== undefined && registered.iss !== rules.issuer)
    throw new JoseError('issuer_unknown', 'the issuer is another');
  checkAudience(registered, rules);
  checkLifetime(registered, rules);
}

/** The registered claims; undefined is one that is not there, for JSON has no such value. Each is looked up once: most checks ask for the same (0.1 us). */
interface Registered {
  readonly iss: unknown;
  readonly sub: unknown;
  readonly aud: unknown;
  readonly exp: unknown;
  readonly nbf: unknown;
  readonly iat: unknown;
}

function registeredIn(claims: Claims): Registered {
  return {
    iss: ownClaim(claims, 'iss'),
    sub: ownClaim(claims, 'sub'),
    aud: ownClaim(claims, 'aud'),
    exp: ownClaim(claims, 'exp'),
    nbf: ownClaim(claims, 'nbf'),
    iat: ownClaim(claims, 'iat'),
  };
}

function checkPresence(claims: Claims, { iss, exp, iat, aud }: Registered, rules: ClaimRules): void {
  checkPresent(iss, 'iss', rules);
  checkPresent(exp, 'exp', rules);
  checkPresent(iat, 'iat', rules);
  if (rules.audience !== undefined) checkPresent(aud, 'aud', rules);
  for (const name of rules.required ?? []) checkPresent(ownClaim(claims, name), name, rules);
}

function checkPresent(value: unknown, name: string, { optional }: ClaimRules): void {
  if (value === undefined && optional?.includes(name) !== true) {
    throw new JoseError('claim_missing', `the claim ${name} is missing`, { claim: name });
  }
}

function checkForm({ iss, sub, aud, exp, nbf, iat }: Registered): void {
  checkDate(exp, 'exp');
  checkDate(iat, 'iat');
  checkDate(nbf, 'nbf');
  if (iss !== undefined && !isText(iss)) throw invalidClaim('iss');
  if (sub !== undefined && !isText(sub)) throw invalidClaim('sub');
  if (aud !== undefined && !isTextOrTexts(aud)) throw invalidClaim('aud');
  if (isNumber(exp) && isNumber(iat) && exp <= iat) throw invalidClaim('exp');
}

/** A point in time, if it is there (RFC 7519 section 2, NumericDate). Throws JoseError `claim_invalid` for anything else under its name. */
function checkDate(value: unknown, name: string): void {
  if (value === undefined || (isNumber(value) && value >= 0 && value < 2 ** 53)) return;
  throw invalidClaim(name);
}

function invalidClaim(name: string): JoseError {
  return new JoseError('claim_invalid', `the claim ${name} is invalid`, { claim: name });
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isTextOrTexts(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.every(isText));
}

function checkTimes({ exp, nbf, iat }: Registered, { now, skewSeconds }: ClaimRules): void {
  if (isNumber(exp) && !(exp > now - skewSeconds))
    throw new JoseError('token_expired', 'the token has expired', { claim: 'exp' });
  const latest = now + skewSeconds;
  if (isNumber(nbf) && !(nbf <= latest)) throw notYetValid('nbf');
  if (isNumber(iat) && !(iat <= latest)) throw notYetValid('iat');
}

function notYetValid(claim: string): JoseError {
  return new JoseError('token_not_yet_valid', 'the token is not valid yet', { claim });
}

function checkAudience({ aud }: Registered, { audience }: ClaimRules): void {
  if (audience === undefined) return;
  if (!audience.some((ours) => aud === ours || (Array.isArray(aud) && aud.includes(ours))))
    throw new JoseError('audience_mismatch', 'the token is for someone else');
}

function checkLifetime({ exp, iat }: Registered, { maxLifetimeSeconds, now }: ClaimRules): void {
  if (maxLifetimeSeconds === undefined || !isNumber(exp)) return;
  if (exp - (isNumber(iat) ? iat : now) > maxLifetimeSeconds) {
    throw new JoseError('lifetime_exceeded', 'the token lives longer than is accepted');
  }
}
