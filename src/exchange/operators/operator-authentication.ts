import { readBearer } from '../../oauth/bearer.ts';
import { OAuthError, errorResponse } from '../../oauth/errors.ts';
import { JoseError } from '../../oauth/jws.ts';
import { checkClaims, parseJwt, stringClaim, stringListClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims, UnverifiedJwt } from '../../oauth/jwt.ts';
import { HOUR } from '../../oauth/time.ts';
import { empty } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { ExchangeContext } from '../context.ts';
import { refuse, situationOf } from '../errors.ts';
import type { ErrorProfile } from '../errors.ts';
import type { OperatorIssuer } from './operator-keys.ts';
import type { OperatorRight } from './operator-settings.ts';
import { operatorOf } from './operators.ts';
import type { Operator, OperatorEntry, Operators } from './operators.ts';

/** An operator's request that is turned away before its endpoint sees it: an answer without a body (RFC 6750 3). */
export class OperatorRefused extends Error {
  override readonly name = 'OperatorRefused';
  readonly status: 401 | 403;
  /** Who it was, once that was proven. */
  readonly operator: string | undefined;

  constructor(status: 401 | 403, cause: string, operator?: string) {
    super(cause);
    this.status = status;
    this.operator = operator;
  }
}

const CHALLENGE: Readonly<Record<401 | 403, string>> = { 401: 'Bearer', 403: 'Bearer error="insufficient_scope"' };

/**
 * Who administers (RFC 6750 2.1): the bearer token is genuine, in time, for us, and its operator has the right. Throws
 * OperatorRefused (401 whatever is wrong with the token, 403 without the right), `rate-limited` or `issuer-unavailable`.
 */
export async function authenticateOperator(
  context: ExchangeContext,
  request: HttpRequest,
  right: OperatorRight,
): Promise<Operator> {
  const { limits, operators, emit } = context;
  limits.admitSource(request.remoteAddress);
  const tell = (reason: string, operator?: string): void =>
    emit({
      event: 'exchange.operator_refused',
      ...(operator === undefined ? {} : { operator }),
      right,
      reason,
      src: request.remoteAddress,
      cid: request.correlationId,
    });
  let operator: Operator;
  try {
    operator = await verifyBearer(request, operators, context);
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    if (error.code === 'keys_unavailable') {
      throw refuse('issuer-unavailable', 'the keys of the issuer of this token cannot be had now');
    }
    limits.failed(request.remoteAddress, undefined);
    tell(error.code);
    throw new OperatorRefused(401, error.code);
  }
  if (operator.rights.includes(right)) return operator;
  tell('right-missing', operator.name);
  throw new OperatorRefused(403, 'right-missing', operator.name);
}

/** The answer when an operator's request failed before or in its endpoint, as the profile tells it; anything but a refusal goes on up. */
export function operatorRefusal(error: unknown, profile: ErrorProfile): HttpResponse {
  if (error instanceof OperatorRefused) {
    return empty(error.status, { 'WWW-Authenticate': CHALLENGE[error.status], 'Cache-Control': 'no-store' });
  }
  if (error instanceof OAuthError)
    return errorResponse(error, profile === 'rfc' ? { fm_reason: situationOf(error) } : {});
  throw error;
}

async function verifyBearer(request: HttpRequest, operators: Operators, context: ExchangeContext): Promise<Operator> {
  const bearer = readBearer(request.headers.authorization);
  if (bearer.kind !== 'token') throw new JoseError('token_missing', 'there is no bearer token');
  const jwt = parseJwt(bearer.token);
  const candidates = operators.entries.filter((entry) => isFrom(entry, jwt.claims));
  let failure = new JoseError('issuer_unknown', 'no operator has this issuer, subject and audience');
  for (const entry of candidates) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the first that fits decides; there is seldom a second
      await verifyAs(entry, jwt, context);
      return operatorOf(entry);
    } catch (error) {
      if (!(error instanceof JoseError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Whose token it says it is: cheap, and proves nothing. */
function isFrom({ settings, issuer }: OperatorEntry, claims: Claims): boolean {
  const [iss, sub] = [stringClaim(claims, 'iss'), stringClaim(claims, 'sub')];
  if (iss === undefined || sub === undefined) return false;
  // An operator that signs for itself is its own issuer, as a client is in its assertions (RFC 7523 3).
  if (issuer.selfSigned ? iss !== sub : !mayBeIssuer(issuer, iss)) return false;
  if (settings.subjects !== 'any' && !settings.subjects.includes(sub)) return false;
  const audience = stringListClaim(claims, 'aud') ?? [];
  return settings.audience.every((ours) => audience.includes(ours));
}

/** Until its metadata was read, an issuer known by its well-known address may have any name; the signature waits for it. */
function mayBeIssuer(issuer: OperatorIssuer, iss: string): boolean {
  const known = issuer.issuer();
  return known === undefined || known === iss;
}

async function verifyAs(
  { settings, issuer }: OperatorEntry,
  jwt: UnverifiedJwt,
  context: ExchangeContext,
): Promise<void> {
  const { kid, alg } = jwt.header;
  const keys = await issuer.keys.keysFor(kid, alg);
  const { claims } = verifyJwtSignature(jwt, keys, { algorithms: settings.algs ?? ['RS256'] });
  const expected = issuer.selfSigned ? stringClaim(claims, 'sub') : issuer.issuer();
  if (expected === undefined) throw new JoseError('issuer_unknown', 'the issuer is not known');
  checkClaims(claims, {
    now: context.now(),
    skewSeconds: context.config.skewSeconds,
    issuer: expected,
    audience: settings.audience,
    required: ['sub'],
    optional: ['iat'],
    maxLifetimeSeconds: settings.maxLifetime ?? HOUR,
  });
  if (Object.hasOwn(claims, 'cnf')) throw new JoseError('claim_invalid', 'bound tokens cannot be taken');
}
