import type { Algorithm } from '../../oauth/algorithms.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import type { HeaderMemo } from '../../oauth/jws-header.ts';
import { JoseError } from '../../oauth/jws.ts';
import { checkClaims, parseJwt, stringClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { ClaimRules, Claims, UnverifiedJwt, VerifiedJwt } from '../../oauth/jwt.ts';
import type { Clock } from '../../oauth/time.ts';
import { parseAnyAll } from '../guards/any-all.ts';
import { POLICIES } from '../../oauth/policy.ts';
import { AuthError } from '../auth-error.ts';
import { printable } from '../http/printable.ts';
import { hasSchemeWord } from '../scheme-word.ts';
import type { CallerList } from '../guards/callers.ts';
import type { TrustedIssuer } from './issuer.ts';
import { explainClaims, explainSignature } from './explain.ts';
import { makePrincipal } from './make-principal.ts';
import type { CheckedOptions, IssuerConfig } from '../settings/options.ts';
import type { Principal, Provider } from '../principal.ts';
import type { NonEmpty } from '../result.ts';

/** Narrows who may have issued the token. */
export interface ValidateOptions {
  readonly providers?: NonEmpty<Provider>;
}

/** Everything a verdict depends on. */
export interface ValidationContext {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  /** Issuers that are known and not trusted, and what would change that; for explanations. */
  readonly leftOut: ReadonlyMap<string, string> | undefined;
  readonly policy: CheckedOptions;
  readonly callers: CallerList;
  readonly now: Clock;
  readonly headers: HeaderMemo;
}

/** A token that was read and is still to be judged: nothing it says is proven. */
export interface Candidate {
  readonly token: string;
  readonly jwt: UnverifiedJwt;
  readonly kid: string;
  readonly issuer: TrustedIssuer;
}

const RETRY_AFTER_SECONDS = 5;
/** Of what anybody may have written, so much goes into logs, in characters. */
const MAX_STRANGERS_TEXT = 200;

/** Rows 1 to 5 of sidecar-sdk.md 2.2: reads a compact JWS and finds who may have issued it. Throws AuthError or JoseError. */
export function readToken(token: string, context: ValidationContext, options: ValidateOptions = {}): Candidate {
  const jwt = parseExplained(token, context);
  const issuer = findIssuer(jwt.claims, context, options);
  const { kid } = jwt.header;
  if (kid === undefined) throw new AuthError('key_id_missing', { explanation: 'the token names no key' });
  return { token, jwt, kid, issuer };
}

/** Rows 1 to 3; what other libraries take for a token is told apart. */
function parseExplained(token: unknown, { headers }: ValidationContext): UnverifiedJwt {
  try {
    return parseJwt(token, { memo: headers });
  } catch (error) {
    const explanation = error instanceof JoseError ? mistakeIn(token, error.code) : undefined;
    if (explanation === undefined || !(error instanceof JoseError)) throw error;
    throw new AuthError(error.code, { explanation });
  }
}

function mistakeIn(token: unknown, code: JoseError['code']): string | undefined {
  if (typeof token !== 'string') {
    return token === undefined || token === null ? undefined : 'a token is a text: reveal() of a handle gives it';
  }
  if (code !== 'token_malformed' || !hasSchemeWord(token)) return undefined;
  return 'the token begins with `Bearer`: hand over what follows it, or the whole request to authenticate';
}

/** Row 6 without waiting; undefined when the key is not in memory. */
export function keysInMemory({ jwt, kid, issuer }: Candidate): readonly VerificationKey[] | undefined {
  return issuer.keySet.keysInMemory(kid, jwt.header.alg);
}

/** Row 6: the keys of the issuer, fetched if need be. Rejects with JoseError `keys_unavailable`. */
export function fetchKeys({ jwt, kid, issuer }: Candidate): Promise<readonly VerificationKey[]> {
  return issuer.keySet.keysFor(kid, jwt.header.alg);
}

/** Rows 7 to 17: signature, claims, kind of token, scope. Throws AuthError or JoseError. */
export function judge(
  { token, jwt, issuer }: Candidate,
  keys: readonly VerificationKey[],
  { now, policy, callers }: ValidationContext,
): Principal {
  const { config } = issuer;
  const { audience, algorithms = POLICIES.sdk.algorithms } = config;
  const { claims } = verifyExplained(jwt, keys, algorithms);
  checkExplained(claims, {
    now: now(),
    skewSeconds: policy.leewaySeconds,
    issuer: config.issuer,
    maxLifetimeSeconds: policy.maxLifetimeSeconds,
    audience: isIssued(audience) ? audience : undefined,
  });
  const principal = makePrincipal({ config, claims, typ: jwt.header.typ, token }, callers);
  checkScope(principal, issuer);
  return principal;
}

/** Rows 7 to 9. */
function verifyExplained(
  jwt: UnverifiedJwt,
  keys: readonly VerificationKey[],
  algorithms: readonly Algorithm[],
): VerifiedJwt {
  try {
    return verifyJwtSignature(jwt, keys, { algorithms, kidRequired: true });
  } catch (error) {
    throw error instanceof JoseError ? explainSignature(error, jwt.header.alg, algorithms) : error;
  }
}

/** Rows 10 to 16. */
function checkExplained(claims: Claims, rules: ClaimRules): void {
  try {
    checkClaims(claims, rules);
  } catch (error) {
    throw error instanceof JoseError ? explainClaims(error, claims, rules) : error;
  }
}

/** The refusal behind an error of `readToken`, `fetchKeys` or `judge`; undefined for anything else, which is a bug. */
export function refusalOf(error: unknown): AuthError | undefined {
  if (error instanceof AuthError) return error;
  if (!(error instanceof JoseError)) return undefined;
  const retryAfterSeconds = error.code === 'keys_unavailable' ? RETRY_AFTER_SECONDS : undefined;
  return new AuthError(error.code, { explanation: error.message, retryAfterSeconds });
}

function findIssuer(
  claims: Claims,
  { issuers, leftOut }: ValidationContext,
  { providers }: ValidateOptions,
): TrustedIssuer {
  const name = stringClaim(claims, 'iss');
  const issuer = name === undefined ? undefined : issuers.get(name);
  if (issuer === undefined || providers?.includes(issuer.config.provider) === false) {
    const trusted = [...issuers.keys()].join(', ');
    const got = name === undefined ? 'none' : printable(name.slice(0, MAX_STRANGERS_TEXT));
    const help = name === undefined ? undefined : leftOut?.get(name);
    const explanation = `expected an issuer among ${trusted}, got ${got}${help === undefined ? '' : `; ${help}`}`;
    throw new AuthError('issuer_unknown', { explanation });
  }
  return issuer;
}

function isIssued(audience: IssuerConfig['audience']): audience is NonEmpty<string> {
  return Array.isArray(audience);
}

/** Where an issuer names no audience, scope alone says that a token is meant for this application. */
function checkScope(principal: Principal, { config }: TrustedIssuer): void {
  const { audience } = config;
  if (isIssued(audience)) return;
  const wanted = parseAnyAll(audience.requiredScope, 'requiredScope');
  if (wanted.satisfiedBy(principal.scopes)) return;
  throw new AuthError('scope_missing', {
    scope: wanted.values.join(' '),
    explanation: `expected scope ${wanted.text}; the consumer has to list it in its spec.maskinporten.scopes.consumes`,
  });
}
