import { JoseError } from '../oauth/jws.ts';
import { checkClaims, parseJwt, stringClaim, verifyJwtSignature } from '../oauth/jwt.ts';
import type { Claims } from '../oauth/jwt.ts';
import type { Clock } from '../oauth/time.ts';
import { parseAnyAll } from './any-all.ts';
import { AuthError } from './auth-error.ts';
import type { CallerList } from './callers.ts';
import type { TrustedIssuer } from './issuer.ts';
import { makePrincipal } from './make-principal.ts';
import type { Policy } from './options.ts';
import type { Principal, Provider } from './principal.ts';
import type { NonEmpty } from './result.ts';

/** Narrows who may have issued the token. */
export interface ValidateOptions {
  readonly providers?: NonEmpty<Provider>;
}

/** Everything a verdict depends on. */
export interface ValidationContext {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly policy: Policy;
  readonly callers: CallerList;
  readonly now: Clock;
}

const RETRY_AFTER_SECONDS = 5;

/** Judges one compact JWS in the order of sidecar-sdk.md 2.2. Throws AuthError, nothing else that is not a bug. */
export async function validateToken(
  token: string,
  context: ValidationContext,
  options: ValidateOptions = {},
): Promise<Principal> {
  try {
    return await judge(token, context, options);
  } catch (error) {
    throw error instanceof JoseError ? translate(error) : error;
  }
}

async function judge(token: string, context: ValidationContext, options: ValidateOptions): Promise<Principal> {
  const jwt = parseJwt(token);
  const issuer = findIssuer(jwt.claims, context, options);
  const { audience, algorithms = ['RS256'] } = issuer.config;
  const { kid, alg } = jwt.header;
  if (kid === undefined) throw new AuthError('key_id_missing', { explanation: 'the token names no key' });
  const keys = await issuer.keySet.keysFor(kid, alg);
  const { claims } = verifyJwtSignature(jwt, keys, { algorithms, kidRequired: true });
  checkClaims(claims, {
    now: context.now(),
    skewSeconds: context.policy.leewaySeconds,
    issuer: issuer.config.issuer,
    maxLifetimeSeconds: context.policy.maxLifetimeSeconds,
    ...('audienceNotIssued' in audience ? {} : { audience }),
  });
  const principal = makePrincipal({ config: issuer.config, claims, token }, context.callers);
  checkScope(principal, issuer);
  return principal;
}

function findIssuer(claims: Claims, { issuers }: ValidationContext, { providers }: ValidateOptions): TrustedIssuer {
  const name = stringClaim(claims, 'iss');
  const issuer = name === undefined ? undefined : issuers.get(name);
  if (issuer === undefined || providers?.includes(issuer.config.provider) === false) {
    const trusted = [...issuers.keys()].join(', ');
    throw new AuthError('issuer_unknown', {
      explanation: `expected an issuer among ${trusted}, got ${name ?? 'none'}`,
    });
  }
  return issuer;
}

/** Where an issuer names no audience, scope alone says that a token is meant for this application. */
function checkScope(principal: Principal, { config }: TrustedIssuer): void {
  if (!('audienceNotIssued' in config.audience)) return;
  const wanted = parseAnyAll(config.audience.requiredScope, 'requiredScope');
  if (wanted.satisfiedBy(principal.scopes)) return;
  throw new AuthError('scope_missing', {
    scope: wanted.values.join(' '),
    explanation: `expected scope ${wanted.text}; the consumer has to list it in its spec.maskinporten.scopes.consumes`,
  });
}

function translate(error: JoseError): AuthError {
  const retryAfterSeconds = error.code === 'keys_unavailable' ? RETRY_AFTER_SECONDS : undefined;
  return new AuthError(error.code, { explanation: error.message, retryAfterSeconds });
}
