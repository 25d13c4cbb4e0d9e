import type { Registry } from './contract.ts';
import { openDatabaseRegistry } from './database-registry.ts';
import type { DatabaseRegistryOptions } from './database-registry.ts';
import { openPostgresDatabase } from './postgres-database.ts';

/** A registry in PostgreSQL (14 or later) that processes of several machines share: `postgres://user@host/database`. Makes its tables when there are none; rejects with RegistryUnavailable when the database does not answer. */
export async function openPostgresRegistry(url: string, options: DatabaseRegistryOptions): Promise<Registry> {
  return openDatabaseRegistry(await openPostgresDatabase(url), options);
}
