import { JoseError } from '../../oauth/jws.ts';
import {
  checkClaims,
  numberClaim,
  parseJwt,
  stringClaim,
  stringListClaim,
  verifyJwtSignature,
} from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { decide } from '../../registry/decide.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { ExchangeContext } from '../context.ts';
import { isRevoked } from '../revocation/revoked.ts';
import type { SubjectIssuers } from './subject-issuers.ts';

/** A token that we signed and whose time is not over. */
export interface OwnToken {
  readonly claims: Claims;
  readonly clientId: string;
  readonly audience: readonly string[];
  readonly kid: string | undefined;
}

/** Reads a token that may be ours; undefined for anything that is not a genuine one, or not one any more. */
export async function readOwnToken(
  token: string,
  { issuers, config, now }: ExchangeContext,
): Promise<OwnToken | undefined> {
  const own = issuers.find(config.issuer);
  if (typeof own !== 'object') return undefined;
  try {
    const jwt = parseJwt(token, { types: own.rules.typ });
    if (jwt.claims['iss'] !== config.issuer) return undefined;
    const keys = await own.keysFor(jwt.header.kid, jwt.header.alg);
    const { claims } = verifyJwtSignature(jwt, keys, { algorithms: own.rules.algorithms });
    checkClaims(claims, { now: now(), skewSeconds: config.skewSeconds, optional: ['iat'], issuer: config.issuer });
    // There is leeway for its beginning alone, which another process with another clock may have written.
    if ((numberClaim(claims, 'exp') ?? 0) <= now()) return undefined;
    const [clientId, audience] = [stringClaim(claims, 'client_id'), stringListClaim(claims, 'aud') ?? []];
    return clientId === undefined ? undefined : { claims, clientId, audience, kid: jwt.header.kid };
  } catch (error) {
    if (error instanceof JoseError) return undefined;
    throw error;
  }
}

/** What of our own token outlives no change of the rules. */
export interface OwnTokenClaims {
  readonly claims: Claims;
  readonly clientId: string | undefined;
  readonly kid: string | undefined;
}

/**
 * Whether a token of ours still speaks to this audience by the rules of now: not revoked, its client and the audience on, the
 * rule between them still there, and the issuer of its user still trusted.
 */
export function isHonoured(
  { claims, clientId, kid }: OwnTokenClaims,
  {
    audience,
    snapshot,
    issuers,
    issuer,
  }: {
    readonly audience: string;
    readonly snapshot: Snapshot;
    readonly issuers: SubjectIssuers;
    readonly issuer: string;
  },
): boolean {
  const idp = stringClaim(claims, 'idp') ?? issuer;
  if (issuers.find(idp) === undefined || clientId === undefined) return false;
  const edge = decide({ consumer: clientId, target: audience, provider: 'tokenx', flow: 'exchange' }, snapshot);
  return edge.allow && !isRevoked({ claims, idp, ownKid: kid }, snapshot);
}
