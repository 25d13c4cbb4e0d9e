import { RegistryUnavailable } from './contract.ts';
import { textOf } from './columns.ts';
import { putRows, storeTime } from './database.ts';
import type { Database, Sql, SqlRow } from './database.ts';
import type { SigningKeyRow, SigningKeyStore } from './signing-keys.ts';

/** Key sets in the registry's database, by its clock. */
export function createSqlSigningKeyStore(database: Database, now: () => number): SigningKeyStore {
  return {
    load: (use) =>
      database.read(async (sql) => ({
        version: await versionOf(sql, use),
        keys: await keysOf(sql, use),
        storeTime: await storeTime(sql, database.dialect, now),
      })),
    version: (use) => database.watch((sql) => versionOf(sql, use)),
    async save(use, expectedVersion, keys) {
      try {
        return await database.write((sql) => replaceKeys(sql, { use, expectedVersion, keys }));
      } catch (error) {
        if (!(error instanceof RegistryUnavailable) || error.outcome !== 'unknown') throw error;
        return settled(database, { use, expectedVersion, keys }, error);
      }
    },
  };
}

interface Replacement {
  readonly use: string;
  readonly expectedVersion: number;
  readonly keys: readonly SigningKeyRow[];
}

/** The version is taken first, so that there is one writer at a time. */
async function replaceKeys(sql: Sql, { use, expectedVersion, keys }: Replacement): Promise<'ok' | 'conflict'> {
  await sql('INSERT INTO signing_sets (use, version) VALUES ($1, 0) ON CONFLICT (use) DO NOTHING', use);
  const taken = await sql(
    'UPDATE signing_sets SET version = version + 1 WHERE use = $1 AND version = $2 RETURNING version',
    use,
    expectedVersion,
  );
  if (taken.length === 0) return 'conflict';
  await sql('DELETE FROM signing_keys WHERE use = $1', use);
  const rows = keys.map(({ sealedPrivate, ...key }, place) => ({
    use,
    place,
    value: JSON.stringify(key),
    private_enc: sealedPrivate,
  }));
  await putRows(sql, { name: 'signing_keys', key: ['use', 'place'] }, rows);
  return 'ok';
}

/** What became of a replacement whose answer was lost. It is ours if it holds our keys: no two are sealed alike. */
async function settled(database: Database, planned: Replacement, lost: Error): Promise<'ok' | 'conflict'> {
  const { use, expectedVersion, keys } = planned;
  const found = await database
    .write(async (sql) => {
      await sql('UPDATE signing_sets SET version = version WHERE use = $1', use);
      if ((await versionOf(sql, use)) === expectedVersion) return 'unchanged';
      return haveSameSeals(await keysOf(sql, use), keys) ? 'ok' : 'conflict';
    })
    .catch(() => 'unknown' as const);
  if (found === 'unknown') throw lost;
  if (found === 'unchanged') throw new RegistryUnavailable(lost.message, { cause: lost });
  return found;
}

function haveSameSeals(found: readonly SigningKeyRow[], written: readonly SigningKeyRow[]): boolean {
  return JSON.stringify(found.map(sealOf)) === JSON.stringify(written.map(sealOf));
}

function sealOf({ kid, state, sealedPrivate }: SigningKeyRow): readonly string[] {
  return [kid, state, sealedPrivate.toString('base64')];
}

async function versionOf(sql: Sql, use: string): Promise<number> {
  const [row] = await sql('SELECT version FROM signing_sets WHERE use = $1', use);
  return Number(row?.['version'] ?? 0);
}

async function keysOf(sql: Sql, use: string): Promise<readonly SigningKeyRow[]> {
  return (await sql('SELECT value, private_enc FROM signing_keys WHERE use = $1 ORDER BY place', use)).map(keyOf);
}

function keyOf(row: SqlRow): SigningKeyRow {
  const sealed = row['private_enc'];
  if (!(sealed instanceof Uint8Array)) throw new Error('a signing key has no private part');
  const key: Omit<SigningKeyRow, 'sealedPrivate'> = JSON.parse(textOf(row, 'value'));
  return { ...key, sealedPrivate: Buffer.from(sealed) };
}
