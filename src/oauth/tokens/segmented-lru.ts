import { createOldestFirst } from './oldest-first.ts';

/** An entry of a bounded map. */
export interface Sized {
  readonly bytes: number;
}

/** A map bounded in entries and bytes. What was asked for again outlives what was asked for once. */
export interface SegmentedLru<E extends Sized> {
  /** The entry, now counted as used. */
  use(key: string): E | undefined;
  peek(key: string): E | undefined;
  set(key: string, entry: E): void;
  delete(key: string): void;
  keys(): Iterable<string>;
  clear(): void;
  readonly entries: number;
  readonly bytes: number;
}

const PROTECTED_SHARE = 0.8;

/** Makes a segmented LRU map; every operation takes constant time. Entries that alone exceed the bound are not kept. */
export function createSegmentedLru<E extends Sized>(
  bounds: { readonly maxEntries: number; readonly maxBytes: number },
  onEvict: (key: string, entry: E) => void = () => {},
): SegmentedLru<E> {
  const probation = new Map<string, E>();
  const proven = new Map<string, E>();
  const oldestOnProbation = createOldestFirst(() => probation.keys());
  const oldestProven = createOldestFirst(() => proven.keys());
  // Of both bounds, or used entries would leave no room in which a new one could be used again.
  const maxProven = Math.floor(bounds.maxEntries * PROTECTED_SHARE);
  const maxProvenBytes = bounds.maxBytes * PROTECTED_SHARE;
  let bytes = 0;
  let provenBytes = 0;
  // The last one used. Asked for again it is where it belongs, and most are: one target is asked for over and over.
  let newest: string | undefined;

  function changed(): void {
    oldestOnProbation.changed();
    oldestProven.changed();
  }

  function remove(key: string): E | undefined {
    if (key === newest) newest = undefined;
    const entry = probation.get(key) ?? proven.get(key);
    if (entry === undefined) return undefined;
    changed();
    probation.delete(key);
    if (proven.delete(key)) provenBytes -= entry.bytes;
    bytes -= entry.bytes;
    return entry;
  }

  function evict(): void {
    while (probation.size + proven.size > bounds.maxEntries || bytes > bounds.maxBytes) {
      const oldest = probation.size > 0 ? oldestOnProbation.next() : oldestProven.next();
      if (oldest === undefined) return;
      const entry = remove(oldest);
      if (entry !== undefined) onEvict(oldest, entry);
    }
  }

  function use(key: string): E | undefined {
    if (key === newest) return proven.get(key);
    const entry = probation.get(key) ?? proven.get(key);
    if (entry === undefined) return undefined;
    changed();
    probation.delete(key);
    if (!proven.delete(key)) provenBytes += entry.bytes;
    proven.set(key, entry);
    newest = key;
    while (proven.size > maxProven || provenBytes > maxProvenBytes) demoteOldest();
    return entry;
  }

  function demoteOldest(): void {
    const key = oldestProven.next();
    const entry = key === undefined ? undefined : proven.get(key);
    if (key === undefined || entry === undefined) return;
    proven.delete(key);
    provenBytes -= entry.bytes;
    if (key === newest) newest = undefined;
    probation.set(key, entry);
  }

  return {
    use,
    peek: (key) => probation.get(key) ?? proven.get(key),
    set: (key, entry) => {
      // What was proven stays so with a new value.
      const isProven = proven.has(key);
      remove(key);
      if (entry.bytes > bounds.maxBytes) return onEvict(key, entry);
      probation.set(key, entry);
      bytes += entry.bytes;
      if (isProven) use(key);
      evict();
    },
    delete: (key) => {
      remove(key);
    },
    keys: () => [...probation.keys(), ...proven.keys()],
    clear: () => {
      probation.clear();
      proven.clear();
      newest = undefined;
      bytes = 0;
      provenBytes = 0;
    },
    get entries() {
      return probation.size + proven.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
