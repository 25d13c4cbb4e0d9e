import { randomUUID } from 'node:crypto';
import { checkTtl, checkValue, writeCheck } from './limits.ts';
import type { Entries } from './memory-entries.ts';
import { pack, unpack } from './packed.ts';
import type { Store } from './store.ts';
import { newVersion } from './version.ts';

/** What every operation of the memory store works on. */
export interface Context {
  readonly now: () => number;
  readonly entries: Entries;
  /** Throws for a closed store and for a key over the limits. */
  readonly check: (key: string) => void;
}

/** The operations on records. */
export function records({
  now,
  entries,
  check,
}: Context): Pick<Store, 'read' | 'create' | 'update' | 'put' | 'delete' | 'take'> {
  const write = (key: string, value: Uint8Array, expiresAt: number): void => {
    entries.set(`record ${key}`, { bytes: pack(value), version: newVersion(), expiresAt });
  };
  const checkWrite = writeCheck(check);

  return {
    async read(key) {
      check(key);
      const entry = entries.live(`record ${key}`);
      return entry && { value: unpack(entry.bytes), version: entry.version };
    },
    async create(key, value, ttlSeconds) {
      checkWrite(key, value, ttlSeconds);
      if (entries.live(`record ${key}`) !== undefined) return false;
      write(key, value, now() + ttlSeconds);
      return true;
    },
    async update(key, expectedVersion, value) {
      check(key);
      checkValue(value);
      const entry = entries.live(`record ${key}`);
      if (entry === undefined) return 'gone';
      if (entry.version !== expectedVersion) return 'conflict';
      write(key, value, entry.expiresAt);
      return 'ok';
    },
    async put(key, value, ttlSeconds) {
      checkWrite(key, value, ttlSeconds);
      write(key, value, now() + ttlSeconds);
    },
    async delete(key) {
      check(key);
      return entries.delete(`record ${key}`);
    },
    async take(key) {
      check(key);
      const entry = entries.live(`record ${key}`);
      entries.delete(`record ${key}`);
      return entry && unpack(entry.bytes);
    },
  };
}

/** The operations that exactly one of many callers wins. */
export function claims({ now, entries, check }: Context): Pick<Store, 'once' | 'lease'> {
  const claim = (key: string, bytes: string, ttlSeconds: number): boolean => {
    checkTtl(ttlSeconds);
    if (entries.live(key) !== undefined) return false;
    entries.set(key, { bytes, version: 0, expiresAt: now() + ttlSeconds });
    return true;
  };

  return {
    async once(key, ttlSeconds) {
      check(key);
      return claim(`once ${key}`, '', ttlSeconds);
    },
    async lease(key, ttlSeconds) {
      check(key);
      const token = randomUUID();
      if (!claim(`lease ${key}`, token, ttlSeconds)) return undefined;
      const mine = (): boolean => entries.live(`lease ${key}`)?.bytes === token;
      return {
        async renew() {
          check(key);
          if (!mine()) return false;
          entries.set(`lease ${key}`, { bytes: token, version: 0, expiresAt: now() + ttlSeconds });
          return true;
        },
        async release() {
          check(key);
          if (mine()) entries.delete(`lease ${key}`);
        },
      };
    },
  };
}

/** The operations on index sets. */
export function indexes({ now, entries, check }: Context): Pick<Store, 'addToIndex' | 'removeFromIndex' | 'members'> {
  const sets = new Map<string, Set<string>>();

  return {
    async addToIndex(index, member, ttlSeconds) {
      check(index);
      check(member);
      checkTtl(ttlSeconds);
      const key = keyOf(index, member);
      const expiresAt = Math.max(now() + ttlSeconds, entries.live(key)?.expiresAt ?? 0);
      const gone = (): void => {
        const set = sets.get(index);
        set?.delete(member);
        if (set?.size === 0) sets.delete(index);
      };
      entries.set(key, { bytes: '', version: 0, expiresAt, gone });
      sets.set(index, (sets.get(index) ?? new Set()).add(member));
    },
    async removeFromIndex(index, member) {
      check(index);
      check(member);
      entries.delete(keyOf(index, member));
    },
    async members(index) {
      check(index);
      return [...(sets.get(index) ?? [])].filter((member) => entries.live(keyOf(index, member)) !== undefined);
    },
  };
}

/** The length keeps apart what joining alone would not: ('a', 'b c') and ('a b', 'c'). */
function keyOf(index: string, member: string): string {
  return `member ${index.length} ${index} ${member}`;
}
