import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { denialHash } from '../../registry/denial.ts';
import type { DenialKind } from '../../registry/denial.ts';
import type { Snapshot } from '../../registry/model.ts';
import { CLIENT_CLAIMS } from '../subject/client-claims.ts';

/** A genuine token, as far as a revocation can name it. */
export interface Revocable {
  readonly claims: Claims;
  /** Who vouched for the user first: the issuer, or what the `idp` of our own token says. */
  readonly idp: string;
  /** The key that signed it, if it is one of ours. */
  readonly ownKid: string | undefined;
}

/**
 * Whether the deny list names the token, its login session, its user, its client or its key (RFC 7009 2). `sid` and `idp`
 * survive every exchange, so the tokens made of a session are found by it however far down the chain they are.
 */
export function isRevoked({ claims, idp, ownKid }: Revocable, snapshot: Snapshot): boolean {
  if (snapshot.denials === 0) return false;
  // Whoever has a stolen key writes whatever `iat` he likes.
  if (ownKid !== undefined && snapshot.denial(denialHash('kid', ownKid)) !== undefined) return true;
  const issuedAt = numberClaim(claims, 'iat') ?? 0;
  const isNamed = (kind: DenialKind, value: string | undefined): boolean => {
    if (value === undefined) return false;
    const denials = [snapshot.denial(denialHash(kind, value)), snapshot.denial(denialHash(kind, value, idp))];
    return denials.some((denial) => denial !== undefined && issuedAt <= denial.notBefore);
  };
  return (
    isNamed('jti', stringClaim(claims, 'jti')) ||
    isNamed('sid', stringClaim(claims, 'sid')) ||
    isNamed('sub', stringClaim(claims, 'sub')) ||
    CLIENT_CLAIMS.some((name) => isNamed('client', stringClaim(claims, name)))
  );
}
