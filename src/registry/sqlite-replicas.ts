import type { DatabaseSync } from 'node:sqlite';
import type { Replica, Replicas } from './replicas.ts';

/** Replicas in the registry's file. */
export function createSqliteReplicas({
  db,
  now,
  guarded,
}: {
  readonly db: DatabaseSync;
  readonly now: () => number;
  readonly guarded: <T>(step: () => T) => T;
}): Replicas {
  return {
    async beat({ id, version, keyVersion }, leaseSeconds) {
      guarded(() => {
        db.prepare('DELETE FROM replicas WHERE lease_until <= ?').run(now());
        const put = db.prepare('INSERT OR REPLACE INTO replicas VALUES (?, ?, ?, ?)');
        put.run(id, version, keyVersion, now() + leaseSeconds);
      });
    },
    live: async () =>
      guarded(() =>
        db
          .prepare('SELECT * FROM replicas WHERE lease_until > ? ORDER BY id')
          .all(now())
          .map(
            (row): Replica => ({
              id: String(row['id']),
              version: Number(row['version']),
              keyVersion: Number(row['key_version']),
              leaseUntil: Number(row['lease_until']),
            }),
          ),
      ),
    async leave(id) {
      guarded(() => db.prepare('DELETE FROM replicas WHERE id = ?').run(id));
    },
  };
}
