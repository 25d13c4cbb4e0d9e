import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Client } from 'pg';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { createPostgresReplay } from '../../src/store/replay-postgres.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { connect, connected, raceFor, soon, works } from './replay.ts';

const RECOVERY_MS = 2000;
const now = (): number => Date.now() / 1000;
const postgres = noPostgres === false ? await startPostgres() : undefined;
after(() => postgres?.close());

async function withDatabase(
  t: TestContext,
): Promise<{ readonly make: () => ReplayStore; readonly sql: Client; readonly url: string }> {
  const url = (await postgres?.database()) ?? '';
  const sql = new Client(url);
  sql.on('error', () => {});
  await sql.connect();
  t.after(() => sql.end());
  return { make: () => createPostgresReplay({ url, now }), sql, url };
}

test('F04: PostgreSQL remembers over its own crash and that of its client', { skip: noPostgres }, async (t) => {
  const { make } = await withDatabase(t);
  const store = await connect(t, make);
  assert.equal(await store.claim('jti', now() + 60), 'fresh');
  const since = store.rememberedSince();
  await store.close();
  await postgres?.restart();
  const again = await connect(t, make);
  assert.equal(await again.claim('jti', now() + 60), 'seen');
  assert.equal(again.rememberedSince(), since);
});

test('many processes that start at once on an empty database share one table', { skip: noPostgres }, async (t) => {
  const { make } = await withDatabase(t);
  const stores = Array.from({ length: 12 }, make);
  t.after(() => Promise.all(stores.map((store) => store.close())));
  await connected(...stores);
  assert.deepEqual(await raceFor(stores, 'jti', now() + 60), { fresh: 1, seen: 199 });
  assert.equal(new Set(stores.map((store) => store.rememberedSince())).size, 1);
});

test('Y3: a table that was dropped or emptied begins anew, and says so', { skip: noPostgres }, async (t) => {
  const { make, sql } = await withDatabase(t);
  const store = await connect(t, make);
  await store.claim('jti', now() + 60);
  const since = store.rememberedSince();
  await sql.query('DROP TABLE assertion_ids');
  await assert.rejects(store.claim('jti', now() + 60), StoreUnavailable);
  await soon(() => works(store), RECOVERY_MS);
  assert.equal(await store.claim('jti', now() + 60), 'fresh');
  assert.ok(store.rememberedSince() > since);
  const renewed = store.rememberedSince();
  await sql.query('TRUNCATE assertion_ids');
  const next = await connect(t, make);
  assert.ok(next.rememberedSince() > renewed, 'a new connection notices');
});

test('a role needs no more than the use of the tables; a database that cannot be written is no replay store', {
  skip: noPostgres,
}, async (t) => {
  const { make, sql, url } = await withDatabase(t);
  await (await connect(t, make)).close();
  await sql.query(`CREATE ROLE just_use LOGIN;
    GRANT SELECT, INSERT, UPDATE, DELETE ON assertion_ids, assertion_memory TO just_use`);
  const role = url.replace('postgres@', 'just_use@');
  const user = await connect(t, () => createPostgresReplay({ url: role, now }));
  assert.equal(await user.claim('jti', now() + 60), 'fresh');
  await sql.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);
  const standby = make();
  t.after(() => standby.close());
  await soon(async () => {
    const error: unknown = await standby.check().catch((reason: unknown) => reason);
    return error instanceof StoreUnavailable && error.message.includes('read-only');
  }, 3000);
});

test('a database that prefers stricter isolation is used as any other', { skip: noPostgres }, async (t) => {
  const { make, sql, url } = await withDatabase(t);
  const name = new URL(url).pathname.slice(1);
  await sql.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  const stores = [await connect(t, make), await connect(t, make), await connect(t, make)];
  for (let round = 0; round < 10; round += 1) {
    assert.deepEqual(await raceFor(stores, `jti ${round}`, now() + 60), { fresh: 1, seen: 199 });
  }
});

test('what has expired is cleared away, what has not stays', { skip: noPostgres }, async (t) => {
  const { make, sql } = await withDatabase(t);
  const store = await connect(t, make);
  await store.claim('live', now() + 600);
  await sql.query(
    'INSERT INTO assertion_ids SELECT int4send(i), extract(epoch FROM now()) - 60 FROM generate_series(1, 2500) i',
  );
  const count = async (): Promise<number> =>
    Number((await sql.query('SELECT count(*) AS n FROM assertion_ids')).rows[0].n);
  await soon(async () => (await count()) < 10, 9000);
  assert.equal(await store.claim('live', now() + 600), 'seen');
});

test('F04: a server clock that was ahead when it forgot is a memory that begins anew', {
  skip: noPostgres,
}, async (t) => {
  const { make, sql } = await withDatabase(t);
  const store = await connect(t, make);
  await store.claim('a', now() + 60);
  const since = store.rememberedSince();
  await sql.query('UPDATE assertion_memory SET latest = latest + 3600');
  assert.equal(await store.claim('b', now() + 60), 'fresh');
  assert.ok(store.rememberedSince() > since);
  const moved = store.rememberedSince();
  await store.claim('c', now() + 60);
  assert.equal(store.rememberedSince(), moved, 'once');
});

test('a closed store has no connection left', { skip: noPostgres }, async (t) => {
  const { make, sql } = await withDatabase(t);
  const store = await connect(t, make);
  await store.close();
  const others = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  await soon(async () => (await sql.query(others)).rowCount === 0, 1000);
});

test('a server whose clock is far from ours is not ready', { skip: noPostgres }, async (t) => {
  const url = (await postgres?.database()) ?? '';
  for (const ahead of [-45, 45]) {
    const store = createPostgresReplay({ url, now: () => now() + ahead });
    t.after(() => store.close());
    await soon(async () => {
      const error: unknown = await store.check().catch((reason: unknown) => reason);
      return error instanceof StoreUnavailable && error.message.includes('45 s away');
    }, 3000);
  }
});
