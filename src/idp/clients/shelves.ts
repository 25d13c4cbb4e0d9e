import type { Registry } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import { PERSONA_NAMES } from '../persona-names.ts';
import type { ClientView, Propagation } from './propagation.ts';
import { createShelf } from './shelf.ts';
import type { Shelf } from './shelf.ts';

/** The shelves of all personas, over one registry. */
export interface Shelves {
  /** All there are. */
  all(): readonly Shelf[];
  of(persona: string): Shelf;
  /** Runs what changes some of them; personas see the change when it has propagated. */
  change<T>(changed: Iterable<Shelf>, run: () => T): T;
  /** What a persona sees now, of the registry and of its shelf. */
  see(persona: string): ClientView;
  /** Stops listening to the registry. */
  close(): void;
}

/** Empty shelves. */
export function createShelves(registry: Pick<Registry, 'snapshot' | 'onChange'>, propagation: Propagation): Shelves {
  const shelves = new Map<string, Shelf>(PERSONA_NAMES.map((name) => [name, createShelf(name)]));
  let base = registry.snapshot();
  const shelfOf = (persona: string): Shelf => {
    const shelf = shelves.get(persona) ?? createShelf(persona);
    shelves.set(persona, shelf);
    return shelf;
  };
  const change = <T>(changed: Iterable<Shelf>, run: () => T): T => {
    const before = [...changed].map((shelf) => ({ shelf, view: shelf.view(base) }));
    const result = run();
    for (const { shelf, view } of before) propagation.changed(shelf.persona, view, shelf.view(base));
    return result;
  };
  const catchUp = (newest: Snapshot): void => {
    if (newest === base) return;
    change(shelves.values(), () => {
      base = newest;
    });
  };
  return {
    all: () => [...shelves.values()],
    of: shelfOf,
    change,
    see: (persona) => {
      catchUp(registry.snapshot());
      return propagation.seen(persona, shelfOf(persona).view(base));
    },
    close: registry.onChange(catchUp),
  };
}
