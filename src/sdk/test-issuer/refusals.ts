import type { TokenKind } from './claims.ts';
import { APPLICATION } from './identities.ts';
import { claimsOf, headerOf, mintToken } from './mint.ts';
import type { Mint } from './mint.ts';
import { claimRefusals } from './refusals-claims.ts';
import { textRefusals } from './refusals-text.ts';
import { typedRefusals } from './refusals-typed.ts';
import type { Refused } from './specimen.ts';

/** Every refusal of a kind, in the order of the checks; each is made when it is asked for. */
export function* refusalsOf(mint: Mint, kind: TokenKind): Generator<Refused> {
  // An ID token of ID-porten is for the client that the user logged in to, which alone refuses it.
  const ours = kind === 'idporten-id-token' ? { aud: APPLICATION.audience } : {};
  const header = headerOf(mint, kind);
  const claims = claimsOf(mint, kind, { claims: ours });
  const changed = (changes: object): string => mintToken(mint, kind, { claims: { ...ours, ...changes } });
  const specimen = { mint, kind, header, claims, changed };
  yield* textRefusals(specimen);
  yield* claimRefusals(specimen);
  yield* typedRefusals(specimen);
}
