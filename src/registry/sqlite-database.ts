import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { KeyStateConflict, RegistryUnavailable } from './contract.ts';
import type { Database, Dialect, Sql } from './database.ts';
import { watchFile } from '../store/same-file.ts';
import { createTurns } from './in-turn.ts';

/** How long a write waits for those of other processes. */
const BUSY_SECONDS = 5;
const RETRY_MILLISECONDS = 5;
const SQLITE_BUSY = 5;

const DIALECT: Dialect = {
  integer: 'INTEGER',
  float: 'REAL',
  bytes: 'BLOB',
  counter: 'INTEGER',
  keyed: 'STRICT, WITHOUT ROWID',
  counted: 'STRICT',
  clock: 'NULL',
  tables: `SELECT name FROM sqlite_schema WHERE type = 'table'`,
  alone: ['PRAGMA user_version = 2'],
  news: [],
};

/** Opens a file, or creates it (mode 0600). Throws RegistryUnavailable for one that is damaged or another program's, and leaves it as it was. One connection: whoever asks waits for its turn, so that nothing ever comes between the statements of a transaction. */
export function openSqliteDatabase(file: string): Database {
  const db = opened(file);
  const sql: Sql = async (statement, ...values) => db.prepare(statement.replaceAll(/\$(\d+)/g, '?$1')).all(...values);
  const isSameFile = watchFile(file);
  const turn = createTurns();
  const inTurn = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await turn(step);
    } catch (error) {
      throw unavailable(file, error);
    }
  };
  const onFile = <T>(step: () => Promise<T>): Promise<T> =>
    inTurn(() => {
      // Else this process would go on with rows that nobody else can see, and believe them to be the newest.
      if (!isSameFile()) throw new Error('it was removed or replaced while it was in use');
      return step();
    });
  const transaction = async <T>(begin: () => Promise<void>, step: (sql: Sql) => Promise<T>): Promise<T> => {
    await begin();
    try {
      const result = await step(sql);
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    dialect: DIALECT,
    write: (step) => onFile(() => transaction(() => beginWrite(db), step)),
    read: (step) => onFile(() => transaction(async () => db.exec('BEGIN'), step)),
    watch: (step) => onFile(() => step(sql)),
    onNews() {},
    close: () =>
      inTurn(async () => {
        if (db.isOpen) db.close();
      }),
  };
}

/** Waits without holding up the process. */
async function beginWrite(db: DatabaseSync): Promise<void> {
  const until = performance.now() + BUSY_SECONDS * 1000;
  for (;;) {
    try {
      db.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await pause(RETRY_MILLISECONDS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY;
}

function opened(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    db = new DatabaseSync(file, { timeout: BUSY_SECONDS * 1000 });
    refuseForeign(db);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 20');
    return db;
  } catch (error) {
    db?.close();
    throw unavailable(file, error);
  }
}

/** Before anything is written: another program's file, or a store of ours, is left as it is. A later version says in `user_version` which is the oldest that can use it. */
function refuseForeign(db: DatabaseSync): void {
  const tables = db
    .prepare(`SELECT count(*) AS all_tables, sum(name = 'signing_sets') AS ours FROM sqlite_schema`)
    .get();
  if (Number(tables?.['all_tables']) > 0 && tables?.['ours'] !== 1) throw new Error('it belongs to another program');
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > 2) throw new Error(`written by a newer version (schema ${version}, known 2)`);
}

/** What SQLite, the file system or a damaged row says becomes RegistryUnavailable with the file's name. */
function unavailable(file: string, error: unknown): Error {
  if (error instanceof KeyStateConflict) return error;
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof RegistryUnavailable && said.includes(file)) return error;
  return new RegistryUnavailable(`the registry ${file} cannot be used: ${said}; nothing was deleted`, { cause: error });
}
