import type { Registry } from './contract.ts';
import { openDatabaseRegistry } from './database-registry.ts';
import type { DatabaseRegistryOptions } from './database-registry.ts';
import { createMemory } from './memory.ts';
import type { SnapshotData } from './snapshot.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

export type { Registry } from './contract.ts';

/** A registry that ends with the process. `now` is seconds since the epoch; `initial` is what it starts with. */
export function createMemoryRegistry(options: {
  readonly now: () => number;
  readonly initial?: SnapshotData;
}): Registry {
  return createMemory(options);
}

/** A registry in a file that several processes of one machine may share. Creates it (mode 0600) when there is none; rejects with RegistryUnavailable when the file is damaged or cannot be opened, and deletes nothing. Looks every 0.5 s for other processes' changes unless told. */
export async function openSqliteRegistry(file: string, options: DatabaseRegistryOptions): Promise<Registry> {
  return openDatabaseRegistry(openSqliteDatabase(file), { pollSeconds: 0.5, ...options });
}
