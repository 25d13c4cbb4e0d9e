import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { KeyStateConflict, RegistryUnavailable } from './contract.ts';
import type { AuditRow, Registry, RegistryChange } from './contract.ts';
import { parseAppId } from './app-id.ts';
import { createListeners } from './listeners.ts';
import type { Snapshot } from './model.ts';
import { applyChange, snapshotOf } from './rows.ts';
import type { Rows } from './rows.ts';
import { loadRows, writeChange } from './sqlite-rows.ts';
import { SCHEMA, SCHEMA_VERSION, SECOND } from './sqlite-schema.ts';
import { createSqliteReplicas } from './sqlite-replicas.ts';
import { createSqliteSigningKeyStore } from './sqlite-signing-keys.ts';

/** How often another process's writes are looked for. */
const POLL_MILLISECONDS = 500;
const BUSY_MILLISECONDS = 5000;

/** See openSqliteRegistry. */
export function openSqlite(file: string, options: { readonly now: () => number }): Registry {
  const guarded = guardFor(file);
  const db = guarded(() => openDatabase(file));
  let rows = guarded(() => loadRows(db));
  let snapshot = snapshotOf(rows);
  let confirmedAt = performance.now();
  const listeners = createListeners<Snapshot>();
  const adopt = (next: Rows): void => {
    rows = next;
    snapshot = snapshotOf(rows);
    listeners.notify(snapshot);
  };
  const commit = (expectedVersion: number, change: RegistryChange): Rows | 'conflict' => {
    const stored = generationOf(db);
    if (stored !== expectedVersion) return 'conflict';
    const next = applyChange(stored === rows.version ? rows : loadRows(db), change, options.now());
    writeChange(db, change, options.now());
    db.prepare(`UPDATE meta SET value = ? WHERE name = 'generation'`).run(String(next.version));
    return next;
  };
  const stopPolling = pollForOthers(db, {
    onChange: () => {
      if (generationOf(db) !== rows.version) adopt(loadRows(db));
    },
    onAnswer: () => {
      confirmedAt = performance.now();
    },
  });
  return {
    snapshot: () => snapshot,
    ageSeconds: () => (performance.now() - confirmedAt) / 1000,
    onChange: (listener) => listeners.add(listener),
    async commit(expectedVersion, change) {
      const next = guarded(() => transaction(db, () => commit(expectedVersion, change)));
      adopt(next === 'conflict' ? guarded(() => loadRows(db)) : next);
      return next === 'conflict' ? 'conflict' : 'ok';
    },
    keys: async (app) => [...rows.keys.values()].filter((key) => app === undefined || key.app === app),
    audit: async (limit) => guarded(() => auditRows(db, limit)),
    signingKeys: createSqliteSigningKeyStore({
      db,
      now: options.now,
      transaction: (step) => guarded(() => transaction(db, step)),
    }),
    replicas: createSqliteReplicas({ db, now: options.now, guarded }),
    clockAheadSeconds: () => 0,
    async close() {
      stopPolling();
      if (db.isOpen) db.close();
    },
  };
}

function openDatabase(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const db = new DatabaseSync(file, { timeout: BUSY_MILLISECONDS });
  try {
    refuseForeign(db);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    transaction(db, () => migrate(db));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Before anything is written: another program's file, or a store of ours, is left as it is. */
function refuseForeign(db: DatabaseSync): void {
  const tables = db
    .prepare(`SELECT count(*) AS all_tables, sum(name = 'signing_sets') AS ours FROM sqlite_schema`)
    .get();
  if (Number(tables?.['all_tables']) > 0 && tables?.['ours'] !== 1) throw new Error('it belongs to another program');
}

function migrate(db: DatabaseSync): void {
  const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found > SCHEMA_VERSION) throw new Error(`written by a newer version (schema ${found}, known ${SCHEMA_VERSION})`);
  if (found === 0) db.exec(SCHEMA);
  if (found < 2) db.exec(SECOND);
}

function transaction<T>(db: DatabaseSync, step: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = step();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function generationOf(db: DatabaseSync): number {
  return Number(db.prepare(`SELECT value FROM meta WHERE name = 'generation'`).get()?.['value']);
}

function auditRows(db: DatabaseSync, limit: number): readonly AuditRow[] {
  const rows = db.prepare('SELECT * FROM audit ORDER BY seq DESC LIMIT ?').all(limit).toReversed();
  return rows.map((row) => {
    const app = parseAppId(String(row['app']));
    const detail = row['detail'];
    return {
      seq: Number(row['seq']),
      at: Number(row['at']),
      actor: String(row['actor']),
      action: String(row['action']),
      ...(app === undefined ? {} : { app }),
      ...(typeof detail === 'string' ? { detail: JSON.parse(detail) } : {}),
    };
  });
}

/** A failing poll is left to the next read or write, which says what is wrong; until one answers, the age of the snapshot grows. */
function pollForOthers(
  db: DatabaseSync,
  { onChange, onAnswer }: { readonly onChange: () => void; readonly onAnswer: () => void },
): () => void {
  const current = (): unknown => db.prepare('PRAGMA data_version').get()?.['data_version'];
  let seen = current();
  const timer = setInterval(() => {
    try {
      const version = current();
      if (version !== seen) onChange();
      seen = version;
      onAnswer();
    } catch {
      seen = undefined;
    }
  }, POLL_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}

/** What SQLite, the file system or a damaged row says becomes RegistryUnavailable with the file's name. */
function guardFor(file: string): <T>(step: () => T) => T {
  return (step) => {
    try {
      return step();
    } catch (error) {
      if (error instanceof KeyStateConflict || error instanceof RegistryUnavailable) throw error;
      const said = error instanceof Error ? error.message : String(error);
      const message = `the registry ${file} cannot be used: ${said}; nothing was deleted`;
      throw new RegistryUnavailable(message, { cause: error });
    }
  };
}
