import type { Client } from 'pg';

/** Held while the table is made, for many processes start at once. Any number will do that nothing else here uses. */
const MIGRATION_LOCK = 1_718_444_405;
const MIGRATION_MS = 5000;

/** `line` is kept to the byte, for its hash stands in the next; `at` is the server's time. */
const MIGRATION = `
  BEGIN;
  SET LOCAL statement_timeout = ${MIGRATION_MS};
  SELECT pg_advisory_xact_lock(${MIGRATION_LOCK});
  CREATE TABLE IF NOT EXISTS audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    line text NOT NULL
  );
  COMMIT`;

/** Connects, and makes the table `audit_log` if it is not there. Rejects with what went wrong. */
export async function openAuditTable(client: Client, statementMs: number): Promise<void> {
  await client.connect();
  await client.query(`SET statement_timeout = ${statementMs}`);
  await readWrite(client);
  const { rows } = await client.query<{ readonly there: boolean }>(
    "SELECT to_regclass('audit_log') IS NOT NULL AS there",
  );
  if (rows[0]?.there !== true) await client.query(MIGRATION);
}

/** Rejects when the server takes no writes, as one does that only copies another. */
export async function readWrite(client: Client): Promise<void> {
  const { rows } = await client.query<{ readonly readonly: string }>(
    "SELECT current_setting('transaction_read_only') AS readonly",
  );
  if (rows[0]?.readonly !== 'off') throw new Error('the server takes no writes');
}
