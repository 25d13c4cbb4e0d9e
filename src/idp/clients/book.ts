import type { Registry } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { Authorization } from './authorizations.ts';
import type { AddedClient } from './overlay.ts';
import { createShelf } from './shelves.ts';
import type { Shelf } from './shelves.ts';
import { PERSONA_NAMES } from '../persona-names.ts';
import type { Delegation } from './delegations.ts';
import type { OpenidClient } from './openid-client.ts';
import type { ClientView, Propagation } from './propagation.ts';

/** Every client the personas know: the registry's, read live, and those that a file or the control API added in memory. */
export interface ClientBook {
  /** What exists, as one persona sees it now. */
  snapshot(persona: string): Snapshot;
  /** A client of a generic persona. */
  openid(persona: string, clientId: string): OpenidClient | undefined;
  putOpenid(persona: string, client: OpenidClient): void;
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
  /** System users and consents that Maskinporten knows. */
  authorizations(): readonly Authorization[];
  putAuthorizations(authorizations: readonly Authorization[]): void;
  /** Who lets whom ask for Maskinporten tokens in its name. */
  delegations(): readonly Delegation[];
  putDelegations(delegations: readonly Delegation[]): void;
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
  const shelves = new Map<string, Shelf>(PERSONA_NAMES.map((name) => [name, createShelf(name)]));
  let authorizations: readonly Authorization[] = [];
  let delegations: readonly Delegation[] = [];
  let base = registry.snapshot();
  let refresh: (() => void) | undefined;
  const shelfOf = (persona: string): Shelf => {
    const shelf = shelves.get(persona) ?? createShelf(persona);
    shelves.set(persona, shelf);
    return shelf;
  };
  const change = (changed: Iterable<Shelf>, run: () => void): void => {
    const before = [...changed].map((shelf) => ({ persona: shelf.persona, view: shelf.view(base) }));
    run();
    for (const { persona, view } of before) propagation.changed(persona, view, shelfOf(persona).view(base));
  };
  const catchUp = (newest: Snapshot): void => {
    if (newest === base) return;
    change(shelves.values(), () => {
      base = newest;
    });
  };
  const see = (persona: string): ClientView => {
    refresh?.();
    catchUp(registry.snapshot());
    return propagation.seen(persona, shelfOf(persona).view(base));
  };
  const put = (client: AddedClient): void => {
    const shelf = shelfOf(client.persona);
    change([shelf], () => shelf.put(client));
  };
  const close = registry.onChange(catchUp);
  return {
    snapshot: (persona) => see(persona).snapshot,
    openid: (persona, clientId) => see(persona).openid(clientId),
    putOpenid: (persona, openid) => put({ persona, id: openid.clientId, source: 'api', openid }),
    added: (persona, id) => shelfOf(persona).find(id),
    allAdded: (persona) => shelfOf(persona).all(),
    put,
    remove: (persona, id) => {
      const shelf = shelfOf(persona);
      let removed = false;
      change([shelf], () => {
        removed = shelf.remove(id);
      });
      return removed;
    },
    replaceFile: (clients) => {
      const named = new Map(clients.map(({ persona }) => [persona, shelfOf(persona)]));
      change(new Set([...shelves.values(), ...named.values()]), () => {
        for (const shelf of shelves.values()) {
          shelf.replaceFile(clients.filter(({ persona }) => persona === shelf.persona));
        }
      });
    },
    watch: (next) => {
      refresh = next;
    },
    authorizations: () => authorizations,
    putAuthorizations: (all) => {
      authorizations = all;
    },
    delegations: () => delegations,
    putDelegations: (all) => {
      delegations = all;
    },
    reset: () => {
      for (const shelf of shelves.values()) shelf.reset();
      [authorizations, delegations] = [[], []];
      propagation.clear();
    },
    close,
  };
}
