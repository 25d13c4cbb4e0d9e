import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreDamaged, StoreUnavailable } from './errors.ts';

/** Marks a database file as a store of ours: the ASCII letters FULm. */
const APPLICATION_ID = 0x46_55_4c_6d;
/** Grows only when an older program could no longer use the file. */
const FORMAT = 1;
/** How long opening waits for another process that is making the same file. */
const OPEN_TIMEOUT_MS = 5000;
/** How long one write may wait for another process; this blocks the event loop, so it is the whole store budget at most. */
const WRITE_TIMEOUT_MS = 500;
/** Below this size the whole file is checked when it is opened; that takes some 20 ms at most. */
const WHOLE_CHECK_BYTES = 16 * 1024 * 1024;

/** The result code of SQLite for a file that another process has. */
const BUSY = 5;
const RETRY_MS = 10;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL, expires_at REAL NOT NULL);
  CREATE INDEX IF NOT EXISTS entries_by_end ON entries (expires_at);
  CREATE TABLE IF NOT EXISTS members (
    name TEXT NOT NULL, member TEXT NOT NULL, expires_at REAL NOT NULL, PRIMARY KEY (name, member)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS members_by_end ON members (expires_at);
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
`;

/**
 * Opens the file, or makes it (mode 0600). Throws StoreDamaged when there is a file that is no sound store of ours,
 * StoreUnavailable when it cannot be opened or written. A file that is refused is not changed.
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    if (existsSync(file) && statSync(file).size > 0) inspect(file);
    else closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    return prepare(file);
  } catch (error) {
    throw asStoreError(file, error);
  }
}

/** What an error of SQLite or the file system means to a caller of the store. */
export function asStoreError(file: string, error: unknown): Error {
  if (error instanceof StoreDamaged || error instanceof StoreUnavailable || error instanceof RangeError) return error;
  const code = errcode(error);
  if (code === 26) return new StoreDamaged(file, 'is not a database', { cause: error });
  if (code === 11) return new StoreDamaged(file, 'is damaged', { cause: error });
  const said = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`the store file ${file} cannot be used: ${said}`, { cause: error });
}

/** The primary result code of SQLite, without the extension bits. */
function errcode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** Looks at an existing file through a connection that cannot write, since closing a writing one may change the file. */
function inspect(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true, timeout: OPEN_TIMEOUT_MS });
  try {
    const tables = numberFrom(database, 'SELECT count(*) FROM sqlite_schema');
    if (tables > 0 && numberFrom(database, 'PRAGMA application_id') !== APPLICATION_ID) {
      throw new StoreDamaged(file, 'belongs to another program');
    }
    if (numberFrom(database, 'PRAGMA user_version') > FORMAT) {
      throw new StoreDamaged(file, 'was made by a newer version of this program');
    }
    if (statSync(file).size > WHOLE_CHECK_BYTES) return;
    const verdict = firstColumn(database, 'PRAGMA quick_check(1)');
    if (verdict !== 'ok') throw new StoreDamaged(file, `is damaged (${String(verdict)})`);
  } finally {
    database.close();
  }
}

function prepare(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: OPEN_TIMEOUT_MS });
  try {
    // FULL: an acknowledged logout or replay mark is still there after a power cut, not only after a crash of ours.
    useWriteAheadLog(database);
    database.exec('PRAGMA synchronous = FULL;');
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA}`);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}; COMMIT;`);
    database.exec(`PRAGMA busy_timeout = ${WRITE_TIMEOUT_MS};`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Two processes that make the same file meet here, and SQLite tells one of them at once that it is busy, however long it may wait. */
function useWriteAheadLog(database: DatabaseSync): void {
  const until = performance.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      return database.exec('PRAGMA journal_mode = WAL;');
    } catch (error) {
      if (errcode(error) !== BUSY || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

function numberFrom(database: DatabaseSync, sql: string): number {
  const value = firstColumn(database, sql);
  return typeof value === 'number' ? value : Number.NaN;
}

function firstColumn(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}
