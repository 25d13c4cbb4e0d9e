import { type Algorithm, isAlgorithm } from './algorithms.ts';
import type { VerificationKey } from './jwk.ts';
import {
  JoseError,
  type JwsHeader,
  type ParsedJws,
  type ParseOptions,
  parseCompactJws,
  verifySignature,
} from './jws.ts';
import { isJsonObject } from './objects.ts';
import { parseStrictJson } from './strict-json.ts';

const unverified: unique symbol = Symbol('unverified');
const verified: unique symbol = Symbol('verified');

/** The claims of a token, as they were sent (RFC 7519 section 4). */
export type Claims = Readonly<Record<string, unknown>>;

/** A well-formed JWT whose signature nobody has checked. Good for choosing an issuer, never for accepting a claim. */
export interface UnverifiedJwt {
  readonly jws: ParsedJws;
  readonly header: JwsHeader;
  readonly claims: Claims;
  readonly [unverified]: true;
}

/** A JWT whose signature was checked. Only {@link verifyJwtSignature} makes one. */
export interface VerifiedJwt {
  readonly header: JwsHeader;
  readonly claims: Claims;
  readonly [verified]: true;
}

/** What a JWT may look like before anything is verified. */
export interface JwtParseOptions extends ParseOptions {
  /** Takes tokens with algorithms that no signature can be checked with, for whoever has something to say before that fails. */
  readonly unknownAlgorithms?: boolean;
}

/** What a signature must fulfil besides being right. */
export interface SignatureRules {
  /** Those of the issuer; the key may narrow them. */
  readonly algorithms: readonly Algorithm[];
  readonly kidRequired?: boolean;
}

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

const MAX_CANDIDATES = 5;
const ALWAYS_REQUIRED = ['iss', 'exp', 'iat'];
const BEGINNINGS = ['nbf', 'iat'];
const TEXTS = ['iss', 'sub'];

/**
 * Takes a JWT apart without judging its signature (RFC 7519 section 7.2). Throws JoseError as {@link parseCompactJws} does, and
 * `algorithm_refused` for an algorithm we do not know, `token_malformed` for a payload that is no strict JSON object.
 */
export function parseJwt(token: unknown, options?: JwtParseOptions): UnverifiedJwt {
  const jws = parseCompactJws(token, options);
  if (options?.unknownAlgorithms !== true && !isAlgorithm(jws.header.alg))
    throw new JoseError('algorithm_refused', 'the algorithm is not accepted');
  let claims: unknown;
  try {
    claims = parseStrictJson(jws.payload);
  } catch (cause) {
    throw new JoseError('token_malformed', 'the payload is not strict JSON', { cause });
  }
  if (!isJsonObject(claims)) throw new JoseError('token_malformed', 'the payload is not a JSON object');
  return { jws, header: jws.header, claims, [unverified]: true };
}

/**
 * Checks the signature with the keys of one issuer (RFC 8725 sections 3.1 to 3.3). `kid` is compared by equality; without `kid` every
 * key that fits is tried, if there are at most five. Throws JoseError `key_id_missing` (only if `kidRequired`), `key_unknown`,
 * `algorithm_refused` or `signature_invalid`.
 */
export function verifyJwtSignature(
  jwt: UnverifiedJwt,
  keys: readonly VerificationKey[],
  options: SignatureRules,
): VerifiedJwt {
  checkJwsSignature(jwt.jws, keys, options);
  return { header: jwt.header, claims: jwt.claims, [verified]: true };
}

/** The signature of a JWS whose payload nobody has read, by the rules and with the errors of {@link verifyJwtSignature}. */
export function checkJwsSignature(jws: ParsedJws, keys: readonly VerificationKey[], options: SignatureRules): void {
  const { alg, kid } = jws.header;
  if (kid === undefined && options.kidRequired === true)
    throw new JoseError('key_id_missing', 'the token names no key');
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (named.length === 0) throw new JoseError('key_unknown', 'no key of this issuer has the id the token names');
  if (!isAlgorithm(alg) || !options.algorithms.includes(alg)) {
    throw new JoseError('algorithm_refused', 'the algorithm is not accepted from this issuer');
  }
  const candidates = named.filter((key) => key.algorithms.includes(alg));
  if (candidates.length === 0) throw new JoseError('algorithm_refused', 'the algorithm does not fit the key');
  if (candidates.length > MAX_CANDIDATES)
    throw new JoseError('key_id_missing', 'the token names no key and too many fit');
  if (!candidates.some((key) => verifySignature(jws, key))) {
    throw new JoseError('signature_invalid', 'the signature is not right');
  }
}

/**
 * Judges the registered claims (RFC 7519 section 4.1), first failure wins: presence, form, `exp`, `nbf` and `iat`, `iss`, `aud`,
 * lifetime. Throws JoseError `claim_missing`, `claim_invalid`, `token_expired`, `token_not_yet_valid`, `issuer_unknown`,
 * `audience_mismatch` or `lifetime_exceeded`.
 */
export function checkClaims(claims: Claims, rules: ClaimRules): void {
  checkPresence(claims, rules);
  checkForm(claims);
  checkTimes(claims, rules);
  if (rules.issuer !== undefined && claims['iss'] !== rules.issuer)
    throw new JoseError('issuer_unknown', 'the issuer is another');
  checkAudience(claims, rules);
  checkLifetime(claims, rules);
}

/** The claim if it is a string. */
export function stringClaim(claims: Claims, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The claim if it is a finite number. */
export function numberClaim(claims: Claims, name: string): number | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The claim if it is a string (a list of one) or an array of strings. */
export function stringListClaim(claims: Claims, name: string): readonly string[] | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every(isText) ? value : undefined;
}

function checkPresence(claims: Claims, rules: ClaimRules): void {
  for (const name of ALWAYS_REQUIRED) checkPresent(claims, name, rules);
  if (rules.audience !== undefined) checkPresent(claims, 'aud', rules);
  for (const name of rules.required ?? []) checkPresent(claims, name, rules);
}

function checkPresent(claims: Claims, name: string, { optional }: ClaimRules): void {
  if (!Object.hasOwn(claims, name) && optional?.includes(name) !== true) {
    throw new JoseError('claim_missing', `the claim ${name} is missing`, { claim: name });
  }
}

function checkForm(claims: Claims): void {
  const exp = dateClaim(claims, 'exp');
  const iat = dateClaim(claims, 'iat');
  dateClaim(claims, 'nbf');
  for (const name of TEXTS) if (Object.hasOwn(claims, name) && !isText(claims[name])) throw invalidClaim(name);
  if (Object.hasOwn(claims, 'aud') && !isTextOrTexts(claims['aud'])) throw invalidClaim('aud');
  if (exp !== undefined && iat !== undefined && exp <= iat) throw invalidClaim('exp');
}

/** A point in time, if it is there (RFC 7519 section 2, NumericDate). Throws JoseError `claim_invalid` for anything else under its name. */
function dateClaim(claims: Claims, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value === 'number' && value >= 0 && value < 2 ** 53) return value;
  throw invalidClaim(name);
}

function invalidClaim(name: string): JoseError {
  return new JoseError('claim_invalid', `the claim ${name} is invalid`, { claim: name });
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextOrTexts(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.every(isText));
}

function checkTimes(claims: Claims, { now, skewSeconds }: ClaimRules): void {
  const exp = numberClaim(claims, 'exp');
  if (exp !== undefined && !(exp > now - skewSeconds))
    throw new JoseError('token_expired', 'the token has expired', { claim: 'exp' });
  for (const name of BEGINNINGS) {
    const from = numberClaim(claims, name);
    if (from !== undefined && !(from <= now + skewSeconds)) {
      throw new JoseError('token_not_yet_valid', 'the token is not valid yet', { claim: name });
    }
  }
}

function checkAudience(claims: Claims, { audience }: ClaimRules): void {
  if (audience === undefined) return;
  const actual = stringListClaim(claims, 'aud') ?? [];
  if (!audience.some((ours) => actual.includes(ours)))
    throw new JoseError('audience_mismatch', 'the token is for someone else');
}

function checkLifetime(claims: Claims, { maxLifetimeSeconds, now }: ClaimRules): void {
  const exp = numberClaim(claims, 'exp');
  if (maxLifetimeSeconds === undefined || exp === undefined) return;
  if (exp - (numberClaim(claims, 'iat') ?? now) > maxLifetimeSeconds) {
    throw new JoseError('lifetime_exceeded', 'the token lives longer than is accepted');
  }
}
