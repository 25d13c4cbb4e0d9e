import { RegistryUnavailable } from './contract.ts';
import type { Database, Dialect, Sql } from './database.ts';

/** The number of the newest migration. */
const SCHEMA_VERSION = 2;
/** The oldest version whose programs can go on on this schema. Migrations only add, so it moves a release after what it takes away fell out of use. */
const OLDEST_READER = 2;

/**
 * Brings the tables to this version; several processes may try at once. Throws RegistryUnavailable when they are of a later
 * version that this program cannot use. A program goes on on later ones that say that it can.
 */
export async function migrate(database: Database): Promise<void> {
  if ((await database.read((sql) => schemaVersion(sql, database.dialect))) >= SCHEMA_VERSION) return;
  await database.write(async (sql) => {
    for (const statement of database.dialect.alone) await sql(statement);
    const found = await schemaVersion(sql, database.dialect);
    if (found < 1) for (const statement of first(database.dialect)) await sql(statement);
    if (found < 2) for (const statement of second(database.dialect)) await sql(statement);
  }, 'patient');
}

/** 0 = no tables of ours. */
async function schemaVersion(sql: Sql, { tables }: Dialect): Promise<number> {
  const names = (await sql(tables)).map(({ name }) => name);
  if (!names.includes('signing_sets')) return 0;
  const meta = new Map((await sql('SELECT name, value FROM meta')).map(({ name, value }) => [name, value]));
  const [version, oldest] = [Number(meta.get('schema') ?? 1), Number(meta.get('oldestReader') ?? 1)];
  if (oldest > SCHEMA_VERSION)
    throw new RegistryUnavailable(`written by a newer version (schema ${version}, known ${SCHEMA_VERSION})`);
  return version;
}

/** Structured values are JSON; times are seconds since the epoch; private parts are sealed before they come here. */
function first({ integer, float, bytes, counter, keyed, counted }: Dialect): readonly string[] {
  return [
    `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) ${keyed}`,
    `CREATE TABLE apps (id TEXT PRIMARY KEY, uid TEXT NOT NULL, generation ${integer} NOT NULL, hash TEXT NOT NULL,
      state TEXT NOT NULL, kind TEXT NOT NULL, spec TEXT NOT NULL, positions TEXT, created_at ${float} NOT NULL,
      updated_at ${float} NOT NULL) ${keyed}`,
    `CREATE TABLE clients (app TEXT NOT NULL, provider TEXT NOT NULL, external_id TEXT NOT NULL, state TEXT NOT NULL,
      keys TEXT NOT NULL, registration TEXT NOT NULL, PRIMARY KEY (app, provider)) ${keyed}`,
    'CREATE UNIQUE INDEX clients_external ON clients (provider, external_id)',
    `CREATE TABLE grants (target TEXT NOT NULL, place ${integer} NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY (target, place)) ${keyed}`,
    `CREATE TABLE scopes (name TEXT PRIMARY KEY, owner TEXT NOT NULL, value TEXT NOT NULL) ${keyed}`,
    `CREATE TABLE keys (kid TEXT PRIMARY KEY, app TEXT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL,
      state TEXT NOT NULL, created_at ${float} NOT NULL, value TEXT NOT NULL, private_enc ${bytes}) ${keyed}`,
    `CREATE UNIQUE INDEX keys_one_current ON keys (app, provider, kind) WHERE state = 'current'`,
    `CREATE UNIQUE INDEX keys_one_next ON keys (app, provider, kind) WHERE state = 'next'`,
    `CREATE TABLE signing_sets (use TEXT PRIMARY KEY, version ${integer} NOT NULL) ${keyed}`,
    `CREATE TABLE signing_keys (use TEXT NOT NULL, place ${integer} NOT NULL, value TEXT NOT NULL,
      private_enc ${bytes} NOT NULL, PRIMARY KEY (use, place)) ${keyed}`,
    `CREATE TABLE audit (seq ${counter} PRIMARY KEY, at ${float} NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
      app TEXT, detail TEXT) ${counted}`,
    `INSERT INTO meta (name, value) VALUES ('generation', '0'), ('wildcardGrants', 'network-only')`,
  ];
}

/** Adds who declared an app, TokenX's issuers, revocations and processes, and the list of changes by which processes follow each other. */
function second({ integer, float, keyed }: Dialect): readonly string[] {
  return [
    'ALTER TABLE apps ADD COLUMN source TEXT',
    'CREATE INDEX keys_app ON keys (app)',
    'CREATE INDEX scopes_owner ON scopes (owner)',
    `CREATE TABLE issuers (name TEXT PRIMARY KEY, state TEXT NOT NULL, settings TEXT NOT NULL) ${keyed}`,
    `CREATE TABLE deny_list (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, not_before ${float} NOT NULL,
      expires_at ${float} NOT NULL) ${keyed}`,
    'CREATE INDEX deny_list_expires ON deny_list (expires_at)',
    `CREATE TABLE replicas (id TEXT PRIMARY KEY, version ${integer} NOT NULL, key_version ${integer} NOT NULL,
      lease_until ${float} NOT NULL) ${keyed}`,
    `CREATE TABLE changes (generation ${integer} PRIMARY KEY, stamp TEXT NOT NULL, at ${float} NOT NULL, change TEXT) ${keyed}`,
    `INSERT INTO meta (name, value) VALUES ('schema', '${SCHEMA_VERSION}'), ('oldestReader', '${OLDEST_READER}')`,
  ];
}
