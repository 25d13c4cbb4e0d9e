import type { OAuthError } from '../oauth/errors.ts';
import { JoseError } from '../oauth/jws.ts';
import { numberClaim, parseJwt, stringClaim, verifyJwtSignature } from '../oauth/jwt.ts';
import type { Claims, UnverifiedJwt } from '../oauth/jwt.ts';
import { TOKEN_TYPE } from '../oauth/client-assertion.ts';
import { refuse } from './errors.ts';
import { left } from './steps.ts';
import type { SubjectIssuer, SubjectIssuers } from './subject-issuers.ts';
import type { TokenRequest } from './token-request.ts';

/** What an actor token is judged by. Times are seconds since the epoch, durations seconds. */
interface ActorRules {
  readonly issuers: SubjectIssuers;
  readonly ownIssuer: string;
  readonly caller: string;
  readonly skewSeconds: number;
  readonly now: number;
}

const TYPES: ReadonlySet<string> = new Set([TOKEN_TYPE.jwt, TOKEN_TYPE.accessToken]);

/**
 * Step 13, after the subject: an actor token, if one was sent, is the caller's own (RFC 8693 1.1, 2.1). The new token names the
 * caller as its actor anyway, so it adds nothing but a second proof, and nobody else can come in by it.
 */
export async function verifyActor(state: TokenRequest): Promise<void> {
  const [asked, { clientId: caller }] = [left(state.asked), left(state.caller)];
  if (asked.grant !== 'token-exchange' || asked.actor === undefined) return;
  const { token, type } = asked.actor;
  if (!TYPES.has(type)) throw refuse('actor-type', 'actor_token_type is not accepted');
  const { issuers, config, now } = state.context;
  const { issuer: ownIssuer, skewSeconds } = config;
  await verifyActorToken(token, { issuers, ownIssuer, caller, skewSeconds, now: now() });
}

/**
 * Whom it was issued for is not asked: a token whose `sub` is an application was got by that application with client
 * credentials, and it alone can present it here.
 */
async function verifyActorToken(token: string, rules: ActorRules): Promise<void> {
  const jwt = parseActor(token);
  const own = rules.issuers.find(rules.ownIssuer);
  if (typeof own !== 'object' || jwt.claims['iss'] !== rules.ownIssuer) throw notCaller(rules.caller);
  const claims = await verifiedClaims(jwt, own);
  checkTimes(claims, rules);
  if (Object.hasOwn(claims, 'cnf')) throw refuse('actor-invalid', 'actor token: bound tokens are not accepted');
  // Behind a token with another `idp` stands a user of that provider, whatever the user is called there.
  const idp = stringClaim(claims, 'idp') ?? rules.ownIssuer;
  if (claims['sub'] !== rules.caller || idp !== rules.ownIssuer) throw notCaller(rules.caller);
}

function parseActor(token: string): UnverifiedJwt {
  try {
    return parseJwt(token, { types: ['JWT', 'at+jwt'] });
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    throw refuse('actor-invalid', 'actor token: not a well-formed token of this server', { cause: error.code });
  }
}

async function verifiedClaims(jwt: UnverifiedJwt, own: SubjectIssuer): Promise<Claims> {
  try {
    const keys = await own.keysFor(jwt.header.kid, jwt.header.alg);
    return verifyJwtSignature(jwt, keys, { algorithms: own.rules.algorithms }).claims;
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    throw refuse('actor-invalid', 'actor token: the signature could not be verified', { cause: error.code });
  }
}

function checkTimes(claims: Claims, { now, skewSeconds }: ActorRules): void {
  const [exp, iat] = [numberClaim(claims, 'exp'), numberClaim(claims, 'iat')];
  if (exp === undefined || iat === undefined || exp <= now - skewSeconds || iat > now + skewSeconds) {
    throw refuse('actor-invalid', `actor token: expired or not yet valid, server time ${Math.floor(now)}`);
  }
}

function notCaller(caller: string): OAuthError {
  return refuse('actor-not-caller', `actor token: it does not stand for ${caller}`);
}
