import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { registryContract, sampleApp } from '../../tests/contract/registry.ts';
import { appId } from './app-id.ts';
import { createMemoryRegistry, openSqliteRegistry } from './registry.ts';
import { writeChange } from './write-change.ts';

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-registry-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const freshFile = (): string => join(folder, `registry-${++files}.sqlite`);
const now = (): number => 1000;
const api = appId('local', 'team-a', 'api');

registryContract('memory', () => createMemoryRegistry({ now }));
registryContract('sqlite', () => openSqliteRegistry(freshFile(), { now }));

test('sqlite: a restart finds the same rows at the same version', async () => {
  const file = freshFile();
  const first = await openSqliteRegistry(file, { now });
  await first.commit(0, { putApps: [sampleApp(api)] });
  await first.close();
  const second = await openSqliteRegistry(file, { now });
  assert.equal(second.snapshot().version, 1);
  assert.deepEqual(second.snapshot().app(api), sampleApp(api));
  await second.close();
});

test('sqlite: a second process is told by the version that its plan is old, and then sees the newer rows', async (t) => {
  const file = freshFile();
  const [one, other] = [await openSqliteRegistry(file, { now }), await openSqliteRegistry(file, { now })];
  t.after(async () => {
    await one.close();
    await other.close();
  });
  await one.commit(0, { putApps: [sampleApp(api)] });
  assert.equal(await other.commit(0, { removeApps: [api] }), 'conflict');
  assert.deepEqual(other.snapshot().app(api), sampleApp(api));
  assert.equal(await other.commit(1, { removeApps: [api] }), 'ok');
});

test('sqlite: another process’s change arrives without a commit of one’s own within a second', async (t) => {
  const file = freshFile();
  const [one, other] = [await openSqliteRegistry(file, { now }), await openSqliteRegistry(file, { now })];
  t.after(async () => {
    await one.close();
    await other.close();
  });
  const keepAlive = setTimeout(() => {}, 20_000);
  const arrived = new Promise<number>((resolve) => other.onChange((snapshot) => resolve(snapshot.version)));
  await one.commit(0, { putApps: [sampleApp(api)] });
  assert.equal(await arrived, 1);
  clearTimeout(keepAlive);
});

test('sqlite: the file is for its owner only', async () => {
  const file = freshFile();
  await (await openSqliteRegistry(file, { now })).close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('sqlite: a damaged file is refused by name and left as it was', async () => {
  const file = freshFile();
  writeFileSync(file, 'this is not a database, '.repeat(100));
  await assert.rejects(
    () => openSqliteRegistry(file, { now }),
    (error) => error instanceof Error && error.name === 'RegistryUnavailable' && error.message.includes(file),
  );
  assert.equal(readFileSync(file, 'utf8'), 'this is not a database, '.repeat(100));
});

test("sqlite: another program's database is refused and left as it was", async () => {
  const file = freshFile();
  const foreign = new DatabaseSync(file);
  foreign.exec('CREATE TABLE theirs (id INTEGER)');
  foreign.close();
  const before = readFileSync(file);
  await assert.rejects(() => openSqliteRegistry(file, { now }), {
    name: 'RegistryUnavailable',
    message: /another program/,
  });
  assert.deepEqual(readFileSync(file), before);
});

test('sqlite: the indexes by themselves refuse a second current key (section 4)', async (t) => {
  const file = freshFile();
  const registry = await openSqliteRegistry(file, { now });
  t.after(() => registry.close());
  const key = {
    app: api,
    uid: 'u',
    provider: 'tokenx',
    kind: 'jwk',
    alg: 'RS256',
    state: 'current',
    createdAt: 1,
  } as const;
  await registry.commit(0, { putApps: [sampleApp(api)], putKeys: [{ ...key, kid: 'a' }] });
  const db = new DatabaseSync(file);
  t.after(() => db.close());
  const sql = async (statement: string, ...values: readonly (string | number | Uint8Array | null)[]): Promise<[]> => {
    db.prepare(statement.replaceAll('$', '?')).run(...values);
    return [];
  };
  await assert.rejects(writeChange(sql, { putKeys: [{ ...key, kid: 'b' }] }, 1), /UNIQUE/);
});

test('sqlite: the snapshot grows old while the rows cannot be reached (tokenx.md G3)', async (t) => {
  const file = freshFile();
  const registry = await openSqliteRegistry(file, { now, pollSeconds: 0.02 });
  t.after(() => registry.close());
  await until(() => registry.ageSeconds() > 0.01);
  await until(() => registry.ageSeconds() < 0.01);
  const other = new DatabaseSync(file);
  t.after(() => other.close());
  other.exec('ALTER TABLE meta RENAME TO hidden');
  await until(() => registry.ageSeconds() > 0.1);
  other.exec('ALTER TABLE hidden RENAME TO meta');
  await until(() => registry.ageSeconds() < 0.1);
});

test('G3, sqlite: a file that is taken away, or replaced, is confirmed no more and not written to', async (t) => {
  const file = freshFile();
  const registry = await openSqliteRegistry(file, { now, pollSeconds: 0.02 });
  t.after(() => registry.close());
  const refused = { name: 'RegistryUnavailable', message: /removed or replaced/ };
  for (const ending of ['', '-wal', '-shm']) rmSync(`${file}${ending}`);
  await assert.rejects(registry.commit(0, { wildcardGrants: 'tokens' }), refused);
  const other = await openSqliteRegistry(file, { now });
  t.after(() => other.close());
  await assert.rejects(registry.commit(0, { wildcardGrants: 'tokens' }), refused);
  await assert.rejects(registry.refresh(), { name: 'RegistryUnavailable' });
  await until(() => registry.ageSeconds() > 0.1);
});

async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); ) {
    assert.ok(performance.now() < end, 'not within 20 s');
    await pause(2);
  }
}

test('sqlite: a file in a folder that is not there is refused by name', async () => {
  await assert.rejects(() => openSqliteRegistry(join(folder, 'absent', 'r.sqlite'), { now }), {
    name: 'RegistryUnavailable',
  });
});

test('sqlite: a path that is no file is refused by name', async () => {
  await assert.rejects(() => openSqliteRegistry(folder, { now }), { name: 'RegistryUnavailable' });
});

test('sqlite: a row that makes no sense is refused, and stays', async () => {
  const file = freshFile();
  const registry = await openSqliteRegistry(file, { now });
  await registry.commit(0, { putApps: [sampleApp(api)] });
  await registry.close();
  const db = new DatabaseSync(file);
  db.exec(`UPDATE apps SET spec = '{"half'`);
  await assert.rejects(() => openSqliteRegistry(file, { now }), { name: 'RegistryUnavailable' });
  assert.equal(db.prepare('SELECT count(*) AS rows FROM apps').get()?.['rows'], 1);
  db.close();
});

test('F07, sqlite: a file of the first version is brought up to date with what it holds', async (t) => {
  const file = freshFile();
  const db = new DatabaseSync(file);
  db.exec(FIRST_VERSION);
  const app = sampleApp(api);
  db.prepare('INSERT INTO apps VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 1, 1)').run(
    app.id,
    app.uid,
    app.generation,
    app.hash,
    app.state,
    app.kind,
    JSON.stringify(app.spec),
  );
  db.exec(`UPDATE meta SET value = '7' WHERE name = 'generation'`);
  db.close();
  const [one, other] = await Promise.all([openSqliteRegistry(file, { now }), openSqliteRegistry(file, { now })]);
  t.after(async () => {
    await one.close();
    await other.close();
  });
  assert.equal(one.snapshot().version, 7);
  assert.equal(one.snapshot().app(api)?.uid, app.uid);
  assert.equal(await one.commit(7, { putIssuers: [{ name: 'idp', state: 'active', settings: {} }] }), 'ok');
  assert.equal(await other.commit(7, {}), 'conflict');
  assert.equal(other.snapshot().issuer('idp')?.state, 'active');
});

test('F07, sqlite: a file that a later version closed to this one is refused by name, and left as it was', async () => {
  const file = freshFile();
  await (await openSqliteRegistry(file, { now })).close();
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 3');
  db.close();
  const before = readFileSync(file);
  await assert.rejects(openSqliteRegistry(file, { now }), (error) => {
    return (
      error instanceof Error &&
      /newer version \(schema 3, known 2\)/.test(error.message) &&
      error.message.includes(file)
    );
  });
  assert.deepEqual(readFileSync(file), before);
});

/** The tables as the first version made them. */
const FIRST_VERSION = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE apps (
  id TEXT PRIMARY KEY, uid TEXT NOT NULL, generation INTEGER NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL,
  kind TEXT NOT NULL, spec TEXT NOT NULL, positions TEXT, created_at REAL NOT NULL, updated_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE clients (
  app TEXT NOT NULL, provider TEXT NOT NULL, external_id TEXT NOT NULL, state TEXT NOT NULL, keys TEXT NOT NULL,
  registration TEXT NOT NULL, PRIMARY KEY (app, provider)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX clients_external ON clients (provider, external_id);
CREATE TABLE grants (target TEXT NOT NULL, place INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (target, place))
  STRICT, WITHOUT ROWID;
CREATE TABLE scopes (name TEXT PRIMARY KEY, owner TEXT NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  kid TEXT PRIMARY KEY, app TEXT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  created_at REAL NOT NULL, value TEXT NOT NULL, private_enc BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX keys_one_current ON keys (app, provider, kind) WHERE state = 'current';
CREATE UNIQUE INDEX keys_one_next ON keys (app, provider, kind) WHERE state = 'next';
CREATE TABLE signing_sets (use TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE signing_keys (
  use TEXT NOT NULL, place INTEGER NOT NULL, value TEXT NOT NULL, private_enc BLOB NOT NULL, PRIMARY KEY (use, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, app TEXT, detail TEXT
) STRICT;
INSERT INTO meta VALUES ('generation', '0'), ('wildcardGrants', 'network-only');
PRAGMA user_version = 1;
`;
