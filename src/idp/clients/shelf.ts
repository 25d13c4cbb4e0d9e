import type { Snapshot } from '../../registry/model.ts';
import { overlay } from './overlay.ts';
import type { AddedClient } from './overlay.ts';
import type { ClientView } from './propagation.ts';

/** The added clients of one persona, and what it knows with them. */
export interface Shelf {
  readonly persona: string;
  all(): readonly AddedClient[];
  find(id: string): AddedClient | undefined;
  /** Keeps a client of the control API. */
  put(client: AddedClient): void;
  remove(id: string): boolean;
  /** What the clients file says, whole. */
  replaceFile(clients: readonly AddedClient[]): void;
  /** Forgets the clients of the control API. */
  reset(): void;
  /** The registry's rows and these on top; the same object until either changes. */
  view(base: Snapshot): ClientView;
}

/** An empty shelf. */
export function createShelf(persona: string): Shelf {
  let file: ReadonlyMap<string, AddedClient> = new Map();
  const api = new Map<string, AddedClient>();
  let merged: ReadonlyMap<string, AddedClient> = new Map();
  let known: { readonly base: Snapshot; readonly view: ClientView } | undefined;
  const changed = (): void => {
    merged = new Map([...file, ...api]);
    known = undefined;
  };
  return {
    persona,
    all: () => [...merged.values()],
    find: (id) => merged.get(id),
    put: (client) => {
      api.set(client.id, client);
      changed();
    },
    remove: (id) => {
      const gone = api.delete(id);
      changed();
      return gone;
    },
    replaceFile: (clients) => {
      file = new Map(clients.map((client) => [client.id, client]));
      changed();
    },
    reset: () => {
      api.clear();
      changed();
    },
    view: (base) => {
      if (known?.base !== base) known = { base, view: viewOf(base, merged) };
      return known.view;
    },
  };
}

function viewOf(base: Snapshot, clients: ReadonlyMap<string, AddedClient>): ClientView {
  return { snapshot: overlay(base, [...clients.values()]), openid: (id) => clients.get(id)?.openid };
}
