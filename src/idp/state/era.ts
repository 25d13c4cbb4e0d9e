import type { Store } from '../../store/store.ts';
import { boundStore } from './bounded-store.ts';

/** A store that can forget everything at once: each era has key names of its own, and old ones run out by themselves. */
export interface Era {
  readonly store: Store;
  /** Begins a new era, for later starts over the same store too. */
  next(): Promise<void>;
}

const KEY = 'idp era';
/** Longer than any record lives. */
const LIFE_SECONDS = 10 * 365 * 24 * 60 * 60;

/** The era that a store is in. */
export async function openEra(store: Store): Promise<Era> {
  const known = await store.read(KEY);
  let era = known === undefined ? 0 : Number(known.value.toString());
  const name = (key: string): string => (era === 0 ? key : `${era} ${key}`);
  const { store: bounded, restart } = boundStore({
    ...store,
    read: (key) => store.read(name(key)),
    create: (key, value, ttlSeconds) => store.create(name(key), value, ttlSeconds),
    update: (key, version, value) => store.update(name(key), version, value),
    put: (key, value, ttlSeconds) => store.put(name(key), value, ttlSeconds),
    delete: (key) => store.delete(name(key)),
    take: (key) => store.take(name(key)),
    once: (key, ttlSeconds) => store.once(name(key), ttlSeconds),
    lease: (key, ttlSeconds) => store.lease(name(key), ttlSeconds),
    addToIndex: (index, member, ttlSeconds) => store.addToIndex(name(index), member, ttlSeconds),
    removeFromIndex: (index, member) => store.removeFromIndex(name(index), member),
    members: (index) => store.members(name(index)),
  });
  return {
    store: bounded,
    next: async () => {
      era += 1;
      restart();
      await store.put(KEY, Buffer.from(String(era)), LIFE_SECONDS);
    },
  };
}
