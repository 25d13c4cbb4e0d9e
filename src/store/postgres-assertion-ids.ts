/** Any fixed number: who makes the tables holds this lock. */
const LOCK = 0x46_55_4c_6d;

/** The time of the server, in seconds since the epoch. */
const NOW = 'extract(epoch FROM clock_timestamp())::float8';

/** The same as long as no committed row can be missing: it changes with a failover, and when the table is made or emptied again. */
const LINEAGE = `(SELECT system_identifier FROM pg_control_system())::text || '/' ||
  substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || pg_relation_filenode('assertion_ids')::text`;

/** Whether the tables are there: a role that may not make any can still use them. */
export const IS_MIGRATED = `SELECT to_regclass('assertion_ids') IS NOT NULL AND to_regclass('assertion_memory') IS NOT NULL AS done`;

/** Makes the tables, in one transaction and by one process at a time. */
export const MIGRATE: string = `BEGIN;
SELECT pg_advisory_xact_lock(${LOCK});
CREATE TABLE IF NOT EXISTS assertion_ids (key bytea PRIMARY KEY, expires_at float8 NOT NULL);
CREATE INDEX IF NOT EXISTS assertion_ids_by_end ON assertion_ids (expires_at);
CREATE TABLE IF NOT EXISTS assertion_memory (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), since float8 NOT NULL, latest float8 NOT NULL, lineage text NOT NULL);
COMMIT;`;

/** What a connection lives by: answers come in time or not at all, and what is acknowledged is on the disk. */
export const SESSION: string = `SET statement_timeout = '250ms'; SET lock_timeout = '250ms'; SET synchronous_commit = on;
SET default_transaction_isolation = 'read committed';`;

/** Begins the memory of a new table; begins it anew where marks may be missing. */
export const REMEMBER: string = `INSERT INTO assertion_memory AS m (since, latest, lineage) VALUES (${NOW}, ${NOW}, ${LINEAGE})
  ON CONFLICT (one) DO UPDATE SET since = excluded.since, latest = excluded.latest, lineage = excluded.lineage
  WHERE m.lineage <> excluded.lineage`;

/** $1: grace in seconds. The clock of the server was set back: what it forgot meanwhile may be live again. */
export const CLOCK_WENT_BACK: string = `UPDATE assertion_memory SET since = ${NOW}, latest = ${NOW} WHERE ${NOW} < latest - $1::float8`;

/**
 * $1: keys, each once, and in an order that is the same for everybody, so that no two wait for each other; $2: their ends.
 * Gives the keys that were not there or had expired, the time, since when is remembered, and the latest time there was.
 */
export const CLAIM: string = `WITH fresh AS (
  INSERT INTO assertion_ids AS a (key, expires_at)
  SELECT key, expires_at FROM unnest($1::bytea[], $2::float8[]) AS asked (key, expires_at) WHERE expires_at > ${NOW}
  ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE a.expires_at <= ${NOW}
  RETURNING a.key)
SELECT ${NOW} AS now, since, latest, ARRAY(SELECT encode(key, 'hex') FROM fresh) AS fresh FROM assertion_memory`;

/**
 * $1: grace in seconds, $2: how many rows at most. Rows that somebody else is about to delete or renew are left to them.
 * With what is gone is remembered how late it was then.
 */
export const PURGE: string = `WITH clock AS MATERIALIZED (SELECT ${NOW} AS now),
told AS (UPDATE assertion_memory SET latest = clock.now FROM clock WHERE latest < clock.now)
DELETE FROM assertion_ids WHERE key IN (
  SELECT key FROM assertion_ids, clock WHERE expires_at <= clock.now - $1::float8
  ORDER BY expires_at LIMIT $2 FOR UPDATE OF assertion_ids SKIP LOCKED)`;
