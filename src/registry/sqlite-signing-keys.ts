import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { SigningKeyRow, SigningKeySet, SigningKeyStore } from './signing-keys.ts';

/** The file, the clock it goes by, and how a step is run in a write transaction of it. */
interface SqliteKeyFile {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly transaction: <T>(step: () => T) => T;
}

/** Key sets in the registry's file. */
export function createSqliteSigningKeyStore({ db, now, transaction }: SqliteKeyFile): SigningKeyStore {
  const version = (use: string): number =>
    Number(db.prepare('SELECT version FROM signing_sets WHERE use = ?').get(use)?.['version'] ?? 0);
  const load = (use: string): SigningKeySet => {
    const keys = db.prepare('SELECT value, private_enc FROM signing_keys WHERE use = ? ORDER BY place').all(use);
    return { version: version(use), keys: keys.map(keyOf), storeTime: now() };
  };
  return {
    load: async (use) => load(use),
    version: async (use) => version(use),
    save: async (use, expectedVersion, keys) =>
      transaction(() => {
        if (version(use) !== expectedVersion) return 'conflict';
        db.prepare('INSERT OR REPLACE INTO signing_sets VALUES (?, ?)').run(use, expectedVersion + 1);
        db.prepare('DELETE FROM signing_keys WHERE use = ?').run(use);
        const put = db.prepare('INSERT INTO signing_keys VALUES (?, ?, ?, ?)');
        for (const [place, { sealedPrivate, ...key }] of keys.entries()) {
          put.run(use, place, JSON.stringify(key), sealedPrivate);
        }
        return 'ok';
      }),
  };
}

function keyOf(row: Record<string, SQLOutputValue>): SigningKeyRow {
  const sealed = row['private_enc'];
  if (!(sealed instanceof Uint8Array)) throw new Error('a signing key has no private part');
  const key: Omit<SigningKeyRow, 'sealedPrivate'> = JSON.parse(String(row['value']));
  return { ...key, sealedPrivate: Buffer.from(sealed) };
}
