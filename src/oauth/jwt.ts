import { type Algorithm, isAlgorithm } from './algorithms.ts';
import type { Claims } from './claims.ts';
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

export { type Claims, numberClaim, stringClaim, stringListClaim } from './claims.ts';
export { checkClaims, type ClaimRules } from './registered-claims.ts';

const unverified: unique symbol = Symbol('unverified');
const verified: unique symbol = Symbol('verified');

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

const MAX_CANDIDATES = 5;

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
