import type { Clock } from '../oauth/time.ts';
import type { Store } from '../store/store.ts';

/** What the process keeps for a short while: codes, pushed requests, sign-ins under way, used `jti`. The first word of a key is its kind. */
export interface Memory extends Pick<Store, 'read' | 'put' | 'update' | 'take' | 'delete' | 'once'> {
  /** Forgets everything. */
  clear(): void;
}

interface Entry {
  readonly value: Buffer;
  readonly version: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

const MAX_OF_A_KIND = 10_000;
const NOTHING = Buffer.alloc(0);

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
  const keep = (key: string, value: Buffer, ttlSeconds: number): void => {
    const kind = kindOf(key);
    kind.delete(key);
    kind.set(key, { value, version: 1, expiresAt: now() + ttlSeconds });
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
    read: async (key) => find(key),
    put: async (key, value, ttlSeconds) => keep(key, copyOf(value), ttlSeconds),
    update: async (key, expectedVersion, value) => {
      const entry = find(key);
      if (entry === undefined) return 'gone';
      if (entry.version !== expectedVersion) return 'conflict';
      kindOf(key).set(key, { ...entry, value: copyOf(value), version: entry.version + 1 });
      return 'ok';
    },
    take: async (key) => take(key)?.value,
    delete: async (key) => take(key) !== undefined,
    once: async (key, ttlSeconds) => {
      if (find(key) !== undefined) return false;
      keep(key, NOTHING, ttlSeconds);
      return true;
    },
    clear: () => kinds.clear(),
  };
}

/** A copy with memory of its own: a piece of the shared pool would hold on to all of it, and to what else passed through. */
function copyOf(value: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(value.length);
  copy.set(value);
  return copy;
}
