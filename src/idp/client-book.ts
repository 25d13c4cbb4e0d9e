import type { Registry } from '../registry/contract.ts';
import type { Snapshot } from '../registry/model.ts';
import type { Authorization } from './authorizations.ts';
import type { Delegation } from './delegations.ts';
import type { OpenidClient } from './openid-client.ts';

/** Every client the personas know: the registry's, read live, and those that a file or the control API added in memory. */
export interface ClientBook {
  /** What exists, as one persona sees it now. */
  snapshot(persona: string): Snapshot;
  /** A client of a generic persona. */
  openid(persona: string, clientId: string): OpenidClient | undefined;
  putOpenid(persona: string, client: OpenidClient): void;
  /** System users and consents that Maskinporten knows. */
  authorizations(): readonly Authorization[];
  putAuthorizations(authorizations: readonly Authorization[]): void;
  /** Who lets whom ask for Maskinporten tokens in its name. */
  delegations(): readonly Delegation[];
  putDelegations(delegations: readonly Delegation[]): void;
}

/** A book over a registry. */
export function createClientBook(registry: Pick<Registry, 'snapshot'>): ClientBook {
  const openid = new Map<string, Map<string, OpenidClient>>();
  let authorizations: readonly Authorization[] = [];
  let delegations: readonly Delegation[] = [];
  return {
    snapshot: () => registry.snapshot(),
    openid: (persona, clientId) => openid.get(persona)?.get(clientId),
    putOpenid: (persona, client) => {
      const clients = openid.get(persona) ?? new Map<string, OpenidClient>();
      openid.set(persona, clients.set(client.clientId, client));
    },
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
