import { createHash } from 'node:crypto';

/** What a revocation names: one token, a login session, a person, a client, or a signing key. */
export type DenialKind = 'jti' | 'sid' | 'sub' | 'client' | 'kid';

/** Tokens that are not honoured any more (RFC 7009 2). Times are seconds since the epoch. */
export interface Denial {
  readonly kind: DenialKind;
  /** Of the value: see {@link denialHash}. Neither sessions nor persons are kept by name. */
  readonly hash: string;
  /** Tokens issued up to then are dead. */
  readonly notBefore: number;
  /** When no token that it names can be alive any more. */
  readonly expiresAt: number;
}

/** Names a denied value without telling it: SHA-256 over length-prefixed parts. `idp` narrows `sid` and `sub` to one issuer. */
export function denialHash(kind: DenialKind, value: string, idp = ''): string {
  const parts = [kind, idp, value].map((part) => `${part.length}:${part}`).join('');
  return createHash('sha256').update(parts).digest('base64url');
}
