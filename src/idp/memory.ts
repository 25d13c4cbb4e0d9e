import type { Clock } from '../oauth/time.ts';
import { pack, unpack } from '../store/packed.ts';
import type { Store } from '../store/store.ts';

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

/** A memory that forgets the oldest of a kind when there are too many, so that no flood of one kind stops the service. */
export function createMemory(now: Clock, maxOfAKind: number = MAX_OF_A_KIND): Memory {
  const kinds = new Map<string, Map<string, Entry>>();
  const kindOf = (key: string): Map<string, Entry> => {
    const name = key.slice(0, key.indexOf(' '));
    const known = kinds.get(name) ?? new Map<string, Entry>();
    kinds.set(name, known);
    return known;
  };
  const find = (key: string): Entry | undefined => {
    const entry = kindOf(key).get(key);
    return entry !== undefined && entry.expiresAt > now() ? entry : undefined;
  };
  const keep = (key: string, bytes: string, ttlSeconds: number): void => {
    const kind = kindOf(key);
    kind.delete(key);
    kind.set(key, { bytes, version: 1, expiresAt: now() + ttlSeconds });
    if (kind.size <= maxOfAKind) return;
    const [oldest] = kind.keys();
    if (oldest !== undefined) kind.delete(oldest);
  };
  const take = (key: string): Entry | undefined => {
    const entry = find(key);
    kindOf(key).delete(key);
    return entry;
  };
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
      kindOf(key).set(key, { ...entry, bytes: pack(value), version: entry.version + 1 });
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
    clear: () => kinds.clear(),
  };
}
