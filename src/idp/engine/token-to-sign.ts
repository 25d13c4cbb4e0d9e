import type { Algorithm } from '../../oauth/algorithms.ts';
import type { IssuedToken } from '../journal.ts';
import type { UserGrant } from './user-grant.ts';

/** A token about to be signed. */
export interface TokenToSign {
  readonly kind: IssuedToken['kind'];
  readonly client: string;
  /** What the person let the client have, for user tokens. */
  readonly grant?: UserGrant | undefined;
  readonly header?: { readonly typ?: string; readonly [member: string]: unknown };
  readonly claims: Readonly<Record<string, unknown>>;
  /** RS256 unless told. */
  readonly alg?: Algorithm;
  /** What is to be wrong with it, as `skew:600`; without it the faults that are switched on decide. */
  readonly faults?: readonly string[];
}

/** A token and what is in it. */
export type SignedToken = Pick<IssuedToken, 'header' | 'claims' | 'raw'>;
