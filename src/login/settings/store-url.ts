/** The `store` setting: which kind of store a URL means. */

import { isRedisAddress, parseRedisAddress } from '../../store/redis-address.ts';

/** Kinds of stores: one process, one machine, or many. */
export type StoreKind = 'memory' | 'sqlite' | 'redis';

const FORM = 'memory:, sqlite:<file>, redis://, valkey://, rediss://, redis+sentinel:// or redis+cluster://';

/** The kind of a store, or undefined where the text means none. */
function kindOf(text: string): StoreKind | undefined {
  if (text === 'memory:' || text === 'memory') return 'memory';
  if (/^sqlite:./.test(text)) return 'sqlite';
  return isRedisAddress(text) ? 'redis' : undefined;
}

/** Throws an Error whose message says what is expected and shows nothing of the text: it may hold a password. */
export function parseStore(text: string): string {
  const kind = kindOf(text);
  if (kind === undefined) throw new Error(FORM);
  try {
    if (kind === 'redis') parseRedisAddress(text);
  } catch (error) {
    throw new Error(error instanceof Error ? `${FORM}; ${error.message}` : FORM, { cause: error });
  }
  return text;
}

/** The kind of a store that was parsed. */
export function storeKind(store: string): StoreKind {
  return kindOf(store) ?? 'memory';
}

/** The file of an sqlite store. */
export function storeFile(store: string): string {
  return store.replace(/^sqlite:/, '');
}
