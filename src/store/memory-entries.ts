import { StoreUnavailable } from './errors.ts';

/** What the memory store keeps under one key. */
interface Entry {
  /** As `pack` makes it. */
  readonly bytes: string;
  readonly version: number;
  readonly expiresAt: number;
  /** Called once when the entry is removed or has run out, not when it is replaced. */
  readonly gone?: () => void;
}

/** A map with an end: entries run out by the clock, and their number and bytes are bounded. */
export interface Entries {
  live(key: string): Entry | undefined;
  /** Throws StoreUnavailable rather than forget a live entry, unless made to forget. */
  set(key: string, entry: Entry): void;
  /** Removes the entry; true when it was live. */
  delete(key: string): boolean;
  clear(): void;
}

/** Room that one entry takes besides its key and value, roughly. */
const OVERHEAD_BYTES = 200;
const FIRST_SWEEP_AT = 1024;

const sizeOf = (key: string, entry: Entry): number => key.length * 2 + entry.bytes.length + OVERHEAD_BYTES;

/** How many entries there may be, how large, and what happens then. `now` is in seconds. */
interface EntriesOptions {
  readonly now: () => number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly whenFull: 'refuse' | 'forget-oldest';
}

/** No entries yet. */
export function createEntries({ now, maxEntries, maxBytes, whenFull }: EntriesOptions): Entries {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let sweepAt = FIRST_SWEEP_AT;

  const remove = (key: string, entry: Entry): void => {
    entries.delete(key);
    bytes -= sizeOf(key, entry);
    entry.gone?.();
  };
  const sweep = (): void => {
    const time = now();
    for (const [key, entry] of entries) if (entry.expiresAt <= time) remove(key, entry);
    // The next sweep comes after as many new entries as are live now: its cost per entry stays the same however many.
    sweepAt = Math.max(FIRST_SWEEP_AT, entries.size * 2);
  };
  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > now()) return entry;
    remove(key, entry);
    return undefined;
  };
  const fits = (key: string, entry: Entry, old: Entry | undefined): boolean => {
    const [oldCount, oldBytes] = old === undefined ? [0, 0] : [1, sizeOf(key, old)];
    return entries.size + 1 - oldCount <= maxEntries && bytes + sizeOf(key, entry) - oldBytes <= maxBytes;
  };
  const forgetOldest = (key: string, entry: Entry, old: Entry | undefined): void => {
    // Nothing goes for what would find no room among none either.
    if (sizeOf(key, entry) > maxBytes) return;
    for (const [oldest, itsEntry] of entries) {
      if (fits(key, entry, old)) return;
      if (oldest !== key) remove(oldest, itsEntry);
    }
  };

  return {
    live,
    set(key, entry) {
      const old = live(key);
      if (entries.size >= sweepAt) sweep();
      if (!fits(key, entry, old)) sweep();
      if (whenFull === 'forget-oldest') forgetOldest(key, entry, old);
      if (!fits(key, entry, old)) throw new StoreUnavailable('the memory store is full');
      bytes += sizeOf(key, entry) - (old === undefined ? 0 : sizeOf(key, old));
      entries.set(key, entry);
    },
    delete(key) {
      const entry = live(key);
      if (entry === undefined) return false;
      remove(key, entry);
      return true;
    },
    clear() {
      entries.clear();
      bytes = 0;
    },
  };
}
