import { RECIPES } from './claims.ts';
import type { TokenKind } from './claims.ts';
import type { KeyRing } from './keys.ts';
import type { Places } from './places.ts';

/** What a token shall have that one of its kind has not. */
export interface TokenChanges {
  /** Added to the claims, or in their place. */
  readonly claims?: object;
  /** Names of claims to leave out. */
  readonly without?: readonly string[];
  /** Added to the header, or in its place; the signature is by RS256 whatever it says. */
  readonly header?: object;
  /** From now; 0 or less makes a token whose whole life is over. */
  readonly expiresInSeconds?: number;
}

/** What tokens are made with. `now` in seconds since the epoch. */
export interface Mint {
  readonly places: Places;
  readonly keys: KeyRing;
  readonly now: () => number;
}

/** The header of a kind, its `kid` that of the newest key. */
export function headerOf({ keys }: Mint, kind: TokenKind): Readonly<Record<string, unknown>> {
  const { provider } = RECIPES[kind];
  const named = provider === 'entra_id' || provider === 'tokenx' ? { typ: 'JWT' } : {};
  return { alg: 'RS256', kid: keys.kid(provider), ...named };
}

/** The claims of a kind, changed as asked. */
export function claimsOf(mint: Mint, kind: TokenKind, changes: TokenChanges): Readonly<Record<string, unknown>> {
  const { provider, backdatedSeconds, lifetimeSeconds, hasNotBefore, claims } = RECIPES[kind];
  const now = Math.floor(mint.now());
  const { expiresInSeconds = lifetimeSeconds } = changes;
  const exp = now + expiresInSeconds;
  const iat = Math.min(now, expiresInSeconds > 0 ? now : exp - lifetimeSeconds) - backdatedSeconds;
  const times = { exp, iat, ...(hasNotBefore ? { nbf: iat } : {}) };
  const all = { iss: mint.places[provider].issuer, ...claims(mint.places, now), ...times, ...changes.claims };
  return Object.fromEntries(Object.entries(all).filter(([name]) => changes.without?.includes(name) !== true));
}

/** A signed token of a kind. */
export function mintToken(mint: Mint, kind: TokenKind, changes: TokenChanges = {}): string {
  const header = { ...headerOf(mint, kind), ...changes.header };
  return mint.keys.sign(JSON.stringify(header), JSON.stringify(claimsOf(mint, kind, changes)));
}
