import type { Authorization } from './authorizations.ts';
import type { Delegation } from './delegations.ts';

/** Who may act for whom at Maskinporten, as Altinn would know it. */
export interface Mandates {
  /** System users and consents. */
  authorizations(): readonly Authorization[];
  putAuthorizations(authorizations: readonly Authorization[]): void;
  /** Who lets whom ask for tokens in its name. */
  delegations(): readonly Delegation[];
  putDelegations(delegations: readonly Delegation[]): void;
}

/** No mandates yet. */
export function createMandates(): Mandates {
  let authorizations: readonly Authorization[] = [];
  let delegations: readonly Delegation[] = [];
  return {
    authorizations: () => authorizations,
    putAuthorizations: (all) => {
      authorizations = all;
    },
    delegations: () => delegations,
    putDelegations: (all) => {
      delegations = all;
    },
  };
}
