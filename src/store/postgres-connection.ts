import type { Client } from 'pg';
import { IS_MIGRATED, MIGRATE, REMEMBER, SESSION } from './postgres-assertion-ids.ts';
import type { Open } from './replay-attempt.ts';

/** Connects to PostgreSQL, with the tables of the replay store in place. Loads the driver when it is first needed. */
export function openPostgres(url: string): Open<Client> {
  return async ({ ending, lost, untilEnded }) => {
    const { Client } = await import('pg');
    ending.throwIfAborted();
    const client = new Client({ connectionString: url, application_name: 'fullmakt', pipeline: true, keepAlive: true });
    client.on('error', lost);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    client.on('end', () => {
      resolve();
      lost(new Error('the connection ended'));
    });
    untilEnded(ended);
    ending.addEventListener('abort', () => end(client), { once: true });
    await client.connect();
    const { rows } = await client.query<{ readonly done: boolean }>(IS_MIGRATED);
    if (rows[0]?.done !== true) await client.query(MIGRATE);
    await client.query(SESSION);
    await client.query(REMEMBER);
    return client;
  };
}

/** Says goodbye, and does not wait for an answer: the server may be frozen. */
function end(client: Client): void {
  client.end().catch(() => {});
  setImmediate(() => client.connection.stream.destroy());
}
