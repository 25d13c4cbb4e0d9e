import { randomUUID } from 'node:crypto';
import { appendChange, changesFrom, followed } from './changes.ts';
import { auditOf, keyOf } from './columns.ts';
import { RegistryUnavailable } from './contract.ts';
import type { Registry, RegistryChange } from './contract.ts';
import { timeOf } from './database.ts';
import type { Database, Sql } from './database.ts';
import type { RegistryEvent } from './events.ts';
import { followRows } from './follower.ts';
import { createTurns } from './in-turn.ts';
import { loadRows } from './load-rows.ts';
import type { Loaded } from './load-rows.ts';
import { changedRows } from './rows.ts';
import { migrate } from './schema.ts';
import { createSqlReplicas } from './sql-replicas.ts';
import { createSqlSigningKeyStore } from './sql-signing-keys.ts';
import { appsWithNewKeys, refuseDoubleKeys, refuseTakenIds } from './uniqueness.ts';
import { writeChange } from './write-change.ts';

/** How a registry in a database is kept. */
export interface DatabaseRegistryOptions {
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** How often the version is asked for, however silent the database is; 1 s unless told. */
  readonly pollSeconds?: number;
  readonly onEvent?: (event: RegistryEvent) => void;
}

/** A commit on its way. */
interface Planned {
  readonly expectedVersion: number;
  readonly change: RegistryChange;
  readonly stamp: string;
}

/** The registry over an open database, which it closes when it ends or cannot begin. */
export async function openDatabaseRegistry(database: Database, options: DatabaseRegistryOptions): Promise<Registry> {
  const { now, pollSeconds = 1, onEvent } = options;
  const turn = createTurns();
  const follower = await begun(database, { now, pollSeconds, onEvent, settled: () => turn(async () => {}) });
  return {
    snapshot: () => follower.snapshot,
    async refresh() {
      const askedAt = performance.now();
      await follower.check();
      const isConfirmed = follower.ageSeconds() * 1000 <= performance.now() - askedAt;
      if (!isConfirmed) throw new RegistryUnavailable('the newest version cannot be read');
      return follower.snapshot;
    },
    ageSeconds: follower.ageSeconds,
    onChange: follower.onChange,
    async commit(expectedVersion, change) {
      const result = await turn(async () => {
        const planned = { expectedVersion, change, stamp: randomUUID() };
        if (follower.loaded.rows.version > expectedVersion) return 'conflict';
        const next = await written(database, planned, () => follower.loaded, now);
        if (next === 'conflict') return next;
        follower.adopt(next);
        return 'ok';
      });
      // Whoever plans again needs what was there first.
      if (result === 'conflict') await follower.check();
      return result;
    },
    keys: (app) =>
      database.read(async (sql) => {
        const [where, values] = app === undefined ? ['', []] : ['WHERE app = $1', [app]];
        return (await sql(`SELECT * FROM keys ${where} ORDER BY created_at, kid`, ...values)).map(keyOf);
      }),
    audit: (limit) =>
      database.read(async (sql) => {
        const rows = await sql('SELECT * FROM audit ORDER BY seq DESC LIMIT $1', limit);
        return rows.map(auditOf).toReversed();
      }),
    signingKeys: createSqlSigningKeyStore(database, now),
    replicas: createSqlReplicas(database, now),
    clockAheadSeconds: follower.clockAheadSeconds,
    async close() {
      follower.stop();
      await database.close();
    },
  };
}

async function begun(database: Database, options: Parameters<typeof followRows>[1]): ReturnType<typeof followRows> {
  try {
    await migrate(database);
    const follower = await followRows(database, options);
    await follower.check();
    return follower;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function written(
  database: Database,
  planned: Planned,
  known: () => Loaded,
  now: () => number,
): Promise<Loaded | 'conflict'> {
  let next: Loaded | undefined;
  try {
    const result = await database.write(async (sql) => {
      next = await writePlanned(sql, planned, { known, clock: database.dialect.clock, now });
      if (next !== undefined) for (const statement of database.dialect.news) await sql(statement);
      return next;
    });
    return result ?? 'conflict';
  } catch (error) {
    if (!(error instanceof RegistryUnavailable) || error.outcome !== 'unknown') throw error;
    if (next === undefined) return 'conflict';
    return (await settled(database, planned, error)) === 'conflict' ? 'conflict' : next;
  }
}

/** The rows after the change; undefined when another was first. The version is taken before anything is read, so that there is one writer at a time. */
async function writePlanned(
  sql: Sql,
  { expectedVersion, change, stamp }: Planned,
  { known, clock, now }: { known: () => Loaded; clock: string; now: () => number },
): Promise<Loaded | undefined> {
  const version = expectedVersion + 1;
  const [taken] = await sql(
    `UPDATE meta SET value = $1 WHERE name = 'generation' AND value = $2
     RETURNING ${clock} AS clock, (SELECT stamp FROM changes WHERE generation = $3) AS stamp`,
    String(version),
    String(expectedVersion),
    expectedVersion,
  );
  if (taken === undefined) return undefined;
  const at = timeOf(taken, now);
  const { rows } = await rowsAt(sql, known(), { version: expectedVersion, stamp: taken['stamp'] ?? undefined });
  refuseTakenIds(rows, change);
  await refuseDoubles(sql, change);
  await writeChange(sql, change, at);
  await appendChange(sql, { generation: version, stamp, at, change });
  return { rows: changedRows(rows, change, { version, at }), stamp };
}

/** What was committed last, though this process may not have heard of it yet. */
async function rowsAt(
  sql: Sql,
  known: Loaded,
  last: { readonly version: number; readonly stamp: unknown },
): Promise<Loaded> {
  const isLast = ({ rows, stamp }: Loaded): boolean => rows.version === last.version && stamp === last.stamp;
  if (isLast(known)) return known;
  const missed = await changesFrom(sql, known.rows.version);
  const next = followed(known, missed);
  if (next !== undefined && isLast(next)) return next;
  return loadRows(sql);
}

async function refuseDoubles(sql: Sql, change: RegistryChange): Promise<void> {
  for (const app of appsWithNewKeys(change)) {
    const keys = (await sql('SELECT * FROM keys WHERE app = $1', app)).map(keyOf);
    const putKeys = (change.putKeys ?? []).filter((key) => key.app === app);
    refuseDoubleKeys(keys, { ...change, putKeys });
  }
}

/** What became of a commit whose answer was lost. Whoever still works on it holds the version, so that this waits until it is over. */
async function settled(
  database: Database,
  { expectedVersion, stamp }: Planned,
  lost: Error,
): Promise<'ok' | 'conflict'> {
  const found = await database
    .write(async (sql) => {
      const [meta] = await sql(`UPDATE meta SET value = value WHERE name = 'generation' RETURNING value`);
      const [mine] = await sql('SELECT stamp FROM changes WHERE generation = $1', expectedVersion + 1);
      if (mine?.['stamp'] === stamp) return 'ok';
      return Number(meta?.['value']) === expectedVersion ? 'unchanged' : 'conflict';
    })
    .catch(() => 'unknown' as const);
  if (found === 'unknown') throw lost;
  if (found === 'unchanged') throw new RegistryUnavailable(lost.message, { cause: lost });
  return found;
}
