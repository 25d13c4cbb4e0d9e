import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { StoreDamaged, StoreUnavailable } from './errors.ts';
import { checkKey } from './limits.ts';
import { asStoreError, openDatabase } from './sqlite-file.ts';
import { createWriter } from './sqlite-writer.ts';

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** One prepared statement; runs it and gives its first row. */
type Statement = (...values: SQLInputValue[]) => Row | undefined;

/** An open store file, and the only ways to read and change it. */
export interface Connection {
  readonly now: () => number;
  /** When the file was made, in seconds since the epoch. */
  readonly since: number;
  /** Throws for a closed store and for a key over the limits. */
  readonly check: (key: string) => void;
  readonly prepare: (sql: string) => Statement;
  /** As `prepare`, for statements of which all rows count. */
  readonly prepareAll: (sql: string) => (...values: SQLInputValue[]) => readonly Row[];
  /** Asks at once. Throws StoreUnavailable. */
  readonly read: <T>(question: () => T) => T;
  /** Changes together with what else is asked for just then; settles when it is on the disk. */
  readonly write: <T>(change: () => T) => Promise<T>;
  readonly close: () => void;
}

const PURGE_EVERY_SECONDS = 30;
const PURGE_ROWS = 1000;

/**
 * Opens the file (see `openDatabase` for what it throws); `now` is in seconds. A file that is made now remembers `since` then,
 * if given, else since now.
 */
export function connect(file: string, now: () => number, since: number = now()): Connection {
  const database = openDatabase(file);
  const asUnavailable = (error: unknown): Error => unavailable(asStoreError(file, error));
  const prepare = (sql: string): Statement => {
    const statement = database.prepare(sql);
    return (...values) => statement.get(...values);
  };
  const writer = createWriter({ database, before: purge(database, now), asError: asUnavailable });

  return {
    now,
    since: rememberedSince(prepare, since),
    check(key) {
      if (!database.isOpen) throw new StoreUnavailable(`the store file ${file} is closed`);
      checkKey(key);
    },
    prepare,
    prepareAll(sql) {
      const statement = database.prepare(sql);
      return (...values) => statement.all(...values);
    },
    read(question) {
      try {
        return question();
      } catch (error) {
        throw asUnavailable(error);
      }
    },
    write: writer.write,
    close() {
      if (!database.isOpen) return;
      writer.flush();
      database.close();
    },
  };
}

/** A file that turns out damaged while in use is an outage to those who use it. */
function unavailable(error: Error): Error {
  return error instanceof StoreDamaged ? new StoreUnavailable(error.message, { cause: error }) : error;
}

function rememberedSince(prepare: (sql: string) => Statement, time: number): number {
  prepare("INSERT INTO facts (name, value) VALUES ('remembered_since', ?) ON CONFLICT (name) DO NOTHING")(time);
  const value = prepare("SELECT value FROM facts WHERE name = 'remembered_since'")()?.['value'];
  return typeof value === 'number' ? value : time;
}

/**
 * Clears away what has run out, now and then and never much at a time, so that no timer is needed; with every write while
 * there is more, so that no rate of writing outgrows it.
 */
function purge(database: DatabaseSync, now: () => number): () => void {
  const entries = database.prepare(
    `DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  );
  const members = database.prepare(
    `DELETE FROM members WHERE (name, member) IN (SELECT name, member FROM members WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  );
  let next = 0;
  return () => {
    const time = now();
    if (time < next) return;
    const most = Math.max(Number(entries.run(time).changes), Number(members.run(time).changes));
    next = most < PURGE_ROWS ? time + PURGE_EVERY_SECONDS : time;
  };
}
