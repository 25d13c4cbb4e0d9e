import { textOf } from './columns.ts';
import { putRows, storeTime } from './database.ts';
import type { Database } from './database.ts';
import type { Replicas } from './replicas.ts';

/** Replicas in the registry's database, by its clock. */
export function createSqlReplicas(database: Database, now: () => number): Replicas {
  return {
    beat: ({ id, version, keyVersion }, leaseSeconds) =>
      database.write(async (sql) => {
        const at = await storeTime(sql, database.dialect, now);
        await sql('DELETE FROM replicas WHERE lease_until <= $1', at);
        const row = { id, version, key_version: keyVersion, lease_until: at + leaseSeconds };
        await putRows(sql, { name: 'replicas', key: ['id'] }, [row]);
      }),
    live: () =>
      database.read(async (sql) => {
        const at = await storeTime(sql, database.dialect, now);
        const rows = await sql('SELECT * FROM replicas WHERE lease_until > $1 ORDER BY id', at);
        return rows.map((row) => ({
          id: textOf(row, 'id'),
          version: Number(row['version']),
          keyVersion: Number(row['key_version']),
          leaseUntil: Number(row['lease_until']),
        }));
      }),
    leave: (id) =>
      database.write(async (sql) => {
        await sql('DELETE FROM replicas WHERE id = $1', id);
      }),
  };
}
