import type { Clock } from '../../oauth/time.ts';
import { pack, unpack } from '../../store/packed.ts';
import type { Store } from '../../store/store.ts';

/** What the process keeps for a short while: codes, pushed requests, sign-ins under way, used `jti`. The first word of a key is its kind. */
export interface Memory extends Pick<Store, 'read' | 'put' | 'update' | 'take' | 'delete' | 'once'> {
  /** Forgets everything. */
  clear(): void;
}

interface Entry {
  /** As `pack` makes it. */
  readonly bytes: string;
  readonly version: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

const MAX_OF_A_KIND = 10_000;
/** Far more than so many ordinary records have. */
const MAX_CHARACTERS_OF_A_KIND = 32 * 1024 * 1024;

/** A memory that forgets the oldest of a kind when they are too many or too large, so that no flood of one kind stops the service. */
export function createMemory(now: Clock, maxOfAKind: number = MAX_OF_A_KIND): Memory {
  const { find, keep, take, replace, clear } = createEntries(now, maxOfAKind);
  return {
    read: async (key) => {
      const entry = find(key);
      return entry && { value: unpack(entry.bytes), version: entry.version };
    },
    put: async (key, value, ttlSeconds) => keep(key, pack(value), ttlSeconds),
    update: async (key, expectedVersion, value) => {
      const entry = find(key);
      if (entry === undefined) return 'gone';
      if (entry.version !== expectedVersion) return 'conflict';
      replace(key, { ...entry, bytes: pack(value), version: entry.version + 1 });
      return 'ok';
    },
    take: async (key) => {
      const entry = take(key);
      return entry && unpack(entry.bytes);
    },
    delete: async (key) => take(key) !== undefined,
    once: async (key, ttlSeconds) => {
      if (find(key) !== undefined) return false;
      keep(key, '', ttlSeconds);
      return true;
    },
    clear,
  };
}

/** The entries of all kinds, those that are over left out. */
interface Entries {
  readonly find: (key: string) => Entry | undefined;
  /** As the newest of its kind. */
  readonly keep: (key: string, bytes: string, ttlSeconds: number) => void;
  readonly take: (key: string) => Entry | undefined;
  readonly replace: (key: string, entry: Entry) => void;
  readonly clear: () => void;
}

function createEntries(now: Clock, maxOfAKind: number): Entries {
  const kinds = new Map<string, Kind>();
  const kindOf = (key: string): Kind => {
    const name = key.slice(0, key.indexOf(' '));
    const known = kinds.get(name) ?? createKind(maxOfAKind);
    kinds.set(name, known);
    return known;
  };
  const find = (key: string): Entry | undefined => {
    const kind = kindOf(key);
    const entry = kind.get(key);
    if (entry === undefined || entry.expiresAt > now()) return entry;
    // Over once is over for good, whatever the clock does next.
    kind.delete(key);
    return undefined;
  };
  const keep = (key: string, bytes: string, ttlSeconds: number): void =>
    kindOf(key).add(key, { bytes, version: 1, expiresAt: now() + ttlSeconds });
  const take = (key: string): Entry | undefined => {
    const entry = find(key);
    kindOf(key).delete(key);
    return entry;
  };
  return { find, keep, take, replace: (key, entry) => kindOf(key).replace(key, entry), clear: () => kinds.clear() };
}

/** The entries of one kind, oldest first. */
interface Kind {
  readonly get: (key: string) => Entry | undefined;
  /** As the newest. */
  readonly add: (key: string, entry: Entry) => void;
  /** In the place of the one that is there. */
  readonly replace: (key: string, entry: Entry) => void;
  readonly delete: (key: string) => void;
}

function createKind(maxEntries: number): Kind {
  const entries = new Map<string, Entry>();
  let characters = 0;
  const remove = (key: string): void => {
    characters -= sizeOf(key, entries.get(key));
    entries.delete(key);
  };
  const replace = (key: string, entry: Entry): void => {
    characters += sizeOf(key, entry) - sizeOf(key, entries.get(key));
    entries.set(key, entry);
  };
  return {
    get: (key) => entries.get(key),
    add: (key, entry) => {
      remove(key);
      replace(key, entry);
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && characters <= MAX_CHARACTERS_OF_A_KIND) return;
        remove(oldest);
      }
    },
    replace,
    delete: remove,
  };
}

function sizeOf(key: string, entry: Entry | undefined): number {
  return entry === undefined ? 0 : key.length + entry.bytes.length;
}
