import type { ClientBase } from 'pg';
import { RegistryUnavailable } from './contract.ts';
import type { Sql } from './database.ts';

/** Asks over one connection. An answer that does not come in time is an error, and the connection is not to be used again. */
export function askOver(client: ClientBase, milliseconds: number): Sql {
  return async (text, ...values) => {
    const query = { text, values: [...values], query_timeout: milliseconds };
    return (await client.query<Record<string, unknown>>(query)).rows;
  };
}

/** Ends a transaction. When the answer is lost nobody knows yet how it ended: see `outcome`. */
export async function commitOver(client: ClientBase, milliseconds: number): Promise<void> {
  try {
    await askOver(client, milliseconds)('COMMIT');
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new RegistryUnavailable('no answer to COMMIT', { cause: error, outcome: 'unknown' });
  }
}

/** Whether the server itself says no. When it is being shut down it may have said yes before. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('57P') && !code.startsWith('08');
}
