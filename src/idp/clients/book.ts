import type { Registry } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import { createMandates } from './mandates.ts';
import type { Mandates } from './mandates.ts';
import type { OpenidClient } from './openid-client.ts';
import type { AddedClient } from './overlay.ts';
import type { ClientView, Propagation } from './propagation.ts';
import { createShelves } from './shelves.ts';
import type { Shelves } from './shelves.ts';

/** Every client the personas know: the registry's, read live, and those that a file or the control API added in memory. */
export interface ClientBook extends Mandates {
  /** What exists, as one persona sees it now. */
  snapshot(persona: string): Snapshot;
  /** A client of a generic persona. */
  openid(persona: string, clientId: string): OpenidClient | undefined;
  /** A client that no manifest declares. */
  added(persona: string, id: string): AddedClient | undefined;
  /** All of a persona's, the file's first. */
  allAdded(persona: string): readonly AddedClient[];
  /** Keeps a client of the control API; one of the same id is replaced. */
  put(client: AddedClient): void;
  /** False when the control API has added none such. */
  remove(persona: string, id: string): boolean;
  /** Everything the clients file says now, in place of what it said before. */
  replaceFile(clients: readonly AddedClient[]): void;
  /** Sets what is looked at before every answer, so that a changed file acts on the next request. */
  watch(refresh: () => void): void;
  /** Forgets what the control API added; the clients of the file stay. */
  reset(): void;
  /** Stops listening to the registry. */
  close(): void;
}

/** A book over a registry. */
export function createClientBook(
  registry: Pick<Registry, 'snapshot' | 'onChange'>,
  propagation: Propagation,
): ClientBook {
  const shelves = createShelves(registry, propagation);
  const mandates = createMandates();
  let refresh: (() => void) | undefined;
  const see = (persona: string): ClientView => {
    refresh?.();
    return shelves.see(persona);
  };
  return {
    ...mandates,
    snapshot: (persona) => see(persona).snapshot,
    openid: (persona, clientId) => see(persona).openid(clientId),
    added: (persona, id) => shelves.of(persona).find(id),
    allAdded: (persona) => shelves.of(persona).all(),
    put: (client) => {
      const shelf = shelves.of(client.persona);
      shelves.change([shelf], () => shelf.put(client));
    },
    remove: (persona, id) => {
      const shelf = shelves.of(persona);
      return shelves.change([shelf], () => shelf.remove(id));
    },
    replaceFile: (clients) => replaceFile(shelves, clients),
    watch: (next) => {
      refresh = next;
    },
    reset: () => {
      for (const shelf of shelves.all()) shelf.reset();
      mandates.putAuthorizations([]);
      mandates.putDelegations([]);
      propagation.clear();
    },
    close: () => shelves.close(),
  };
}

function replaceFile(shelves: Shelves, clients: readonly AddedClient[]): void {
  // A persona that the file is the first to name gets its shelf here.
  for (const { persona } of clients) shelves.of(persona);
  const all = shelves.all();
  shelves.change(all, () => {
    for (const shelf of all) shelf.replaceFile(clients.filter(({ persona }) => persona === shelf.persona));
  });
}
