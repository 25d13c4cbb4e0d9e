import type { Store } from '../../store/store.ts';

/** As {@link Store}, with a way to begin anew. */
export interface BoundedStore {
  readonly store: Store;
  /** Counts from nothing again; what is in the store is left to run out. */
  readonly restart: () => void;
}

const MAX_OF_A_KIND = 10_000;

/**
 * A store in which the oldest record of a kind makes room for the newest: whoever signs in again and again fills neither memory
 * nor a store that others use too. A key's kind is what stands before its last word; the members of an index are one kind, and so
 * are indexes whose names differ in the last word only. What an earlier process left is not counted, it runs out by itself.
 */
export function boundStore(store: Store, maxOfAKind: number = MAX_OF_A_KIND): BoundedStore {
  const records = boundRecords(store, maxOfAKind);
  const indexes = boundIndexes(store, maxOfAKind);
  return {
    store: { ...store, ...records.bounded, ...indexes.bounded },
    restart: () => {
      records.clear();
      indexes.clear();
    },
  };
}

interface Bounded<Methods extends keyof Store> {
  readonly bounded: Pick<Store, Methods>;
  readonly clear: () => void;
}

function boundRecords(store: Store, max: number): Bounded<'create' | 'put' | 'delete' | 'take'> {
  const records = createCounted(max);
  const note = async (key: string): Promise<void> => {
    const oldest = records.add(kindOf(key), key);
    if (oldest !== undefined) await store.delete(oldest);
  };
  const bounded: Pick<Store, 'create' | 'put' | 'delete' | 'take'> = {
    create: async (key, value, ttlSeconds) => {
      const created = await store.create(key, value, ttlSeconds);
      if (created) await note(key);
      return created;
    },
    put: async (key, value, ttlSeconds) => {
      await store.put(key, value, ttlSeconds);
      await note(key);
    },
    delete: async (key) => {
      records.remove(kindOf(key), key);
      return await store.delete(key);
    },
    take: async (key) => {
      records.remove(kindOf(key), key);
      return await store.take(key);
    },
  };
  return { bounded, clear: records.clear };
}

function boundIndexes(store: Store, max: number): Bounded<'addToIndex' | 'removeFromIndex'> {
  const indexes = createCounted(max);
  const members = createCounted(max);
  const dropIndex = async (index: string): Promise<void> => {
    members.forget(index);
    for (const member of await store.members(index)) await store.removeFromIndex(index, member);
  };
  const bounded: Pick<Store, 'addToIndex' | 'removeFromIndex'> = {
    addToIndex: async (index, member, ttlSeconds) => {
      await store.addToIndex(index, member, ttlSeconds);
      const oldest = members.add(index, member);
      if (oldest !== undefined) await store.removeFromIndex(index, oldest);
      const oldestIndex = indexes.add(kindOf(index), index);
      if (oldestIndex !== undefined) await dropIndex(oldestIndex);
    },
    removeFromIndex: async (index, member) => {
      if (members.remove(index, member)) indexes.remove(kindOf(index), index);
      await store.removeFromIndex(index, member);
    },
  };
  return {
    bounded,
    clear: () => {
      indexes.clear();
      members.clear();
    },
  };
}

/** Names by kind, oldest first. */
interface Counted {
  /** The one that has to make room, if any. */
  readonly add: (kind: string, name: string) => string | undefined;
  /** Whether it was the last of its kind. */
  readonly remove: (kind: string, name: string) => boolean;
  readonly forget: (kind: string) => void;
  readonly clear: () => void;
}

function createCounted(max: number): Counted {
  const kinds = new Map<string, Set<string>>();
  return {
    add: (kind, name) => {
      const names = kinds.get(kind) ?? new Set<string>();
      kinds.set(kind, names);
      names.delete(name);
      names.add(name);
      if (names.size <= max) return undefined;
      const [oldest] = names;
      if (oldest !== undefined) names.delete(oldest);
      return oldest;
    },
    remove: (kind, name) => {
      const names = kinds.get(kind);
      if (names?.delete(name) !== true || names.size > 0) return false;
      return kinds.delete(kind);
    },
    forget: (kind) => void kinds.delete(kind),
    clear: () => kinds.clear(),
  };
}

function kindOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(' ')));
}
