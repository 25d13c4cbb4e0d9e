import type { AuthErrorCode } from '../auth-error.ts';
import { RECIPES } from './claims.ts';
import type { TokenKind } from './claims.ts';
import type { Mint } from './mint.ts';

/** A token that has to be refused, and with which code. */
export interface Refused {
  readonly name: string;
  readonly token: string;
  readonly code: AuthErrorCode;
}

/** What refusals of one kind are made of. */
export interface Specimen {
  readonly mint: Mint;
  readonly kind: TokenKind;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Signs the claims changed. */
  readonly changed: (claims: object) => string;
}

/** Whether tokens of this kind have to have an audience. */
export function hasAudience(kind: TokenKind): boolean {
  return RECIPES[kind].provider !== 'maskinporten';
}
