import type { LoginServer } from '../login/config.ts';
import { storeFile, storeKind } from '../login/settings/store-url.ts';
import type { Clock } from '../oauth/time.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import type { Notice } from './notices.ts';

/** Sessions in memory are bounded; each is a record and some index members. */
const MEMORY_ENTRIES = 100_000;

/**
 * Opens the store that the settings name. Valkey or Redis may be away: the store connects by itself when it is back. Throws StoreDamaged
 * or StoreUnavailable for a file that cannot be used.
 */
export async function openLoginStore(
  { store, storeIdleSeconds }: LoginServer,
  { now, notice }: { readonly now: Clock; readonly notice: Notice },
): Promise<Store> {
  const kind = storeKind(store);
  if (kind === 'memory') return createMemoryStore({ now, maxEntries: MEMORY_ENTRIES });
  if (kind === 'sqlite') {
    const { openSqliteStore } = await import('../store/sqlite.ts');
    return openSqliteStore(storeFile(store), { now });
  }
  const { openRedisStore } = await import('../store/redis.ts');
  return openRedisStore(store, {
    idleTimeoutSeconds: storeIdleSeconds,
    onWarning: (reason) => notice(`the store: ${reason}`),
  });
}
