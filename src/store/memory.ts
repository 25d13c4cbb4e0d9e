import { createChannels } from './channels.ts';
import { StoreUnavailable } from './errors.ts';
import { checkKey } from './limits.ts';
import { createEntries } from './memory-entries.ts';
import { claims, indexes, records } from './memory-operations.ts';
import type { Store } from './store.ts';

/** `now` in seconds since the epoch; the bounds hold over records, marks, leases and index members together. */
export interface MemoryStoreOptions {
  readonly now: () => number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** `refuse` unless told: see {@link createMemoryStore}. */
  readonly whenFull?: 'refuse' | 'forget-oldest';
}

const DEFAULT_MAX_ENTRIES = 100_000;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/**
 * A store for one process, forgotten when it ends. At its bounds it refuses new keys with `StoreUnavailable`:
 * forgetting a live `once` mark or session would be a wrong answer, refusing is not. Where it is none, `whenFull` can say so: then
 * what was first written goes first.
 */
export function createMemoryStore(options: MemoryStoreOptions): Store {
  const { now, maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES, whenFull = 'refuse' } = options;
  const entries = createEntries({ now, maxEntries, maxBytes, whenFull });
  const channels = createChannels();
  const since = now();
  let open = true;
  const check = (key: string): void => {
    if (!open) throw new StoreUnavailable('the memory store is closed');
    checkKey(key);
  };

  return {
    ...records({ now, entries, check }),
    ...claims({ now, entries, check }),
    ...indexes({ now, entries, check }),
    async publish(channel, message) {
      check(channel);
      channels.publish(channel, message);
    },
    subscribe(channel, listener) {
      check(channel);
      return channels.subscribe(channel, listener);
    },
    async now() {
      check('now');
      return now();
    },
    rememberedSince: () => since,
    async close() {
      open = false;
      channels.close();
      entries.clear();
    },
  };
}
