import type { Registry } from '../registry/contract.ts';
import type { Snapshot } from '../registry/model.ts';
import type { OpenidClient } from './openid-client.ts';

/** Every client the personas know: the registry's, read live, and those that a file or the control API added in memory. */
export interface ClientBook {
  /** What exists, as one persona sees it now. */
  snapshot(persona: string): Snapshot;
  /** A client of a generic persona. */
  openid(persona: string, clientId: string): OpenidClient | undefined;
  putOpenid(persona: string, client: OpenidClient): void;
}

/** A book over a registry. */
export function createClientBook(registry: Pick<Registry, 'snapshot'>): ClientBook {
  const openid = new Map<string, Map<string, OpenidClient>>();
  return {
    snapshot: () => registry.snapshot(),
    openid: (persona, clientId) => openid.get(persona)?.get(clientId),
    putOpenid: (persona, client) => {
      const clients = openid.get(persona) ?? new Map<string, OpenidClient>();
      openid.set(persona, clients.set(client.clientId, client));
    },
  };
}
