import { textOf } from './columns.ts';
import type { RegistryChange } from './contract.ts';
import { timeOf } from './database.ts';
import type { Database, Sql } from './database.ts';
import type { Loaded } from './load-rows.ts';
import { changedRows } from './rows.ts';

/** A commit as others read it. Keys are left out: nobody holds them in memory, and what is wiped must be gone. */
export interface LoggedChange {
  readonly generation: number;
  /** Made for this commit alone. */
  readonly stamp: string;
  /** Seconds since the epoch. */
  readonly at: number;
  /** Undefined = too large to be told; read the rows. */
  readonly change: RegistryChange | undefined;
}

/** What the database says of its newest version. */
export interface Newest {
  readonly generation: number;
  readonly stamp: string | undefined;
  /** Seconds since the epoch by the database's clock; undefined where that is ours. */
  readonly clock: number | undefined;
}

const KEPT_CHANGES = 10_000;
const KEPT_SECONDS = 3600;
const PRUNE_EVERY = 100;
const MAX_CHARACTERS = 256 * 1024;
/** Beyond that it is quicker, and surer, to read the rows. */
const MAX_MISSED_BYTES = 4 * 1024 * 1024;

/** Appends a commit, in its transaction, and now and then forgets those that nobody needs any more. */
export async function appendChange(sql: Sql, { generation, stamp, at, change = {} }: LoggedChange): Promise<void> {
  const json = JSON.stringify({ ...change, putKeys: undefined, removeKeys: undefined, audit: undefined });
  const values = [generation, stamp, at, json.length > MAX_CHARACTERS ? null : json];
  await sql('INSERT INTO changes (generation, stamp, at, change) VALUES ($1, $2, $3, $4)', ...values);
  if (generation % PRUNE_EVERY !== 0) return;
  // The one before stays in any case: by it whoever is there knows that this one comes next.
  const oldest = [generation - KEPT_CHANGES, at - KEPT_SECONDS, generation - 1];
  await sql('DELETE FROM changes WHERE (generation <= $1 OR at < $2) AND generation < $3', ...oldest);
}

/** The newest version and who made it. */
export async function readNewest(sql: Sql, { clock }: Database['dialect']): Promise<Newest> {
  const [row] = await sql(
    `SELECT meta.value AS generation, changes.stamp AS stamp, ${clock} AS clock FROM meta
     LEFT JOIN changes ON changes.generation = CAST(meta.value AS BIGINT) WHERE meta.name = 'generation'`,
  );
  const generation = Number(row?.['generation']);
  if (row === undefined || !Number.isSafeInteger(generation)) throw new Error('the table meta holds no generation');
  const stamp = row['stamp'] === null ? undefined : textOf(row, 'stamp');
  return { generation, stamp, clock: row['clock'] === null ? undefined : timeOf(row, Date.now) };
}

/** The commit that made `version`, without what it changed, and those after it, oldest first; not all of them where that is more than an answer can hold in its time. */
export async function changesFrom(sql: Sql, version: number): Promise<readonly LoggedChange[]> {
  const rows = await sql(
    `SELECT generation, stamp, at, CASE WHEN generation > $1 THEN change END AS change FROM
     (SELECT changes.*, SUM(CASE WHEN generation > $1 THEN OCTET_LENGTH(change) ELSE 0 END) OVER (ORDER BY generation)
      AS bytes FROM changes WHERE generation >= $1 ORDER BY generation LIMIT 1000) AS missed
     WHERE bytes IS NULL OR bytes <= ${MAX_MISSED_BYTES} ORDER BY generation`,
    version,
  );
  return rows.map((row) => ({
    generation: Number(row['generation']),
    stamp: textOf(row, 'stamp'),
    at: Number(row['at']),
    change: row['change'] === null ? undefined : JSON.parse(textOf(row, 'change')),
  }));
}

/** The rows after whole commits in their order, as `changesFrom` gives them; undefined when one of them is missing or not told, or when they come after another history than ours. */
export function followed(from: Loaded, changes: readonly LoggedChange[]): Loaded | undefined {
  const { version } = from.rows;
  if (changes.find(({ generation }) => generation === version)?.stamp !== from.stamp) return undefined;
  let loaded = from;
  for (const { generation, stamp, at, change } of changes.filter((each) => each.generation > version)) {
    if (change === undefined || generation !== loaded.rows.version + 1) return undefined;
    loaded = { rows: changedRows(loaded.rows, change, { version: generation, at }), stamp };
  }
  return loaded;
}
