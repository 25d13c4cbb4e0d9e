/** What a column holds. Structured values are JSON in text. */
export type SqlValue = string | number | Uint8Array | null;

/** A row as the database gives it; whole numbers may come as text. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** One connection, for as long as a step has it. Parameters are numbered: `$1`. Gives the rows of a query or of RETURNING. */
export type Sql = (statement: string, ...values: readonly SqlValue[]) => Promise<readonly SqlRow[]>;

/** Where the rows are. Every step rejects with RegistryUnavailable when the database cannot be used; what a step itself throws of ours goes through. */
export interface Database {
  readonly dialect: Dialect;
  /** One transaction, all or nothing; it is undone when the step throws. `patient` = may wait for others longer than a request would. */
  write<T>(step: (sql: Sql) => Promise<T>, patience?: 'patient'): Promise<T>;
  /** One view of everything, however long it takes to read. */
  read<T>(step: (sql: Sql) => Promise<T>): Promise<T>;
  /** Single questions on the connection over which news come, free also when all others are taken. */
  watch<T>(step: (sql: Sql) => Promise<T>): Promise<T>;
  /** Calls the listener when another process may have written; some news may get lost. */
  onNews(listener: () => void): void;
  close(): Promise<void>;
}

/** Where the two databases do not speak alike. */
export interface Dialect {
  /** Words of the schema. */
  readonly integer: string;
  readonly float: string;
  readonly bytes: string;
  readonly counter: string;
  /** After the columns of a table that has a key of its own, and of one that is counted. */
  readonly keyed: string;
  readonly counted: string;
  /** The database's clock in seconds since the epoch, as an expression; NULL where it is the machine's. */
  readonly clock: string;
  /** Lists the tables, each as `name`. */
  readonly tables: string;
  /** Said first in a migration: only one process is there at a time. */
  readonly alone: readonly string[];
  /** Said last in a transaction that changed rows: wakes the others. */
  readonly news: readonly string[];
}

/** Most parameters of one statement. Either database takes more, but SQLite is slow to read many. */
const MAX_PARAMETERS = 300;

/** Writes rows over those with the same key, in the statements' order; of two in one call with the same key the last counts. Columns in `kept` are written for new rows only. */
export async function putRows(
  sql: Sql,
  table: { readonly name: string; readonly key: readonly string[]; readonly kept?: readonly string[] },
  rows: readonly Readonly<Record<string, SqlValue>>[],
): Promise<void> {
  const distinct = new Map(rows.map((row) => [JSON.stringify(table.key.map((column) => row[column])), row]));
  const columns = Object.keys(rows[0] ?? {});
  const changed = columns.filter((column) => !table.key.includes(column) && table.kept?.includes(column) !== true);
  const sets = changed.map((column) => `${column} = excluded.${column}`).join(', ');
  const conflict = sets === '' ? 'DO NOTHING' : `DO UPDATE SET ${sets}`;
  for (const part of parts([...distinct.values()], Math.floor(MAX_PARAMETERS / Math.max(1, columns.length)))) {
    const places = part.map(
      (_, row) => `(${columns.map((_name, column) => `$${row * columns.length + column + 1}`).join(', ')})`,
    );
    await sql(
      `INSERT INTO ${table.name} (${columns.join(', ')}) VALUES ${places.join(', ')} ON CONFLICT (${table.key.join(', ')}) ${conflict}`,
      ...part.flatMap((row) => columns.map((column) => row[column] ?? null)),
    );
  }
}

/** Removes the rows whose column holds one of the values. */
export async function dropRows(
  sql: Sql,
  from: { readonly table: string; readonly column: string },
  values: readonly string[],
): Promise<void> {
  for (const part of parts(values, MAX_PARAMETERS)) {
    const places = part.map((_, place) => `$${place + 1}`).join(', ');
    await sql(`DELETE FROM ${from.table} WHERE ${from.column} IN (${places})`, ...part);
  }
}

/** The database's time, or `now` where the database has no clock of its own. Seconds since the epoch. */
export async function storeTime(sql: Sql, dialect: Dialect, now: () => number): Promise<number> {
  const [row] = await sql(`SELECT ${dialect.clock} AS clock`);
  return timeOf(row, now);
}

/** The column `clock` of a row, or `now` where that is null. */
export function timeOf(row: SqlRow | undefined, now: () => number): number {
  const clock = row?.['clock'];
  return clock === null || clock === undefined ? now() : Number(clock);
}

function parts<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, part) => list.slice(part * size, (part + 1) * size));
}
