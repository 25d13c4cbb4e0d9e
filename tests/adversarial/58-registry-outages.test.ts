import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Client } from 'pg';
import { appId } from '../../src/registry/app-id.ts';
import { RegistryUnavailable } from '../../src/registry/contract.ts';
import { openDatabaseRegistry } from '../../src/registry/database-registry.ts';
import { openPostgresDatabase } from '../../src/registry/postgres-database.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { sampleApp } from '../contract/registry.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import type { TestPostgres } from '../servers/postgres.ts';
import { isFull } from './scale.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';
import { commitTo, reachedBy, reachRegistry } from '../servers/reach-registry.ts';

const RESTARTS = isFull ? 100 : 4;
const api = appId('local', 'team-a', 'api');
const skip = { skip: noPostgres };
const started = noPostgres === false ? await startPostgres() : undefined;
after(() => started?.close());
const now = (): number => Date.now() / 1000;

interface Place {
  readonly server: TestPostgres;
  readonly url: string;
  readonly registry: Registry;
}

async function open(t: TestContext): Promise<Place> {
  assert.ok(started !== undefined);
  const url = await started.database();
  const registry = await reachRegistry(url, { now });
  t.after(() => registry.close());
  await commitTo(registry, 0, { putApps: [sampleApp(api)] });
  return { server: started, url, registry };
}

async function admin(t: TestContext, url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** What a database that is well gives: to connect to it may take longer than a program waits on a busy machine. */
function onceReached<T extends object>(ask: () => Promise<T>): Promise<T> {
  return until(async () => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      return undefined;
    }
  }, 'an answer of the database');
}

/** How a commit ended, and after how many milliseconds. */
async function outcome(registry: Registry, action = 'tried'): Promise<{ result: string; took: number }> {
  const began = performance.now();
  const change = { putApps: [sampleApp(api, registry.snapshot().version)], audit: [{ actor: 'test', action }] };
  let result: string;
  try {
    result = await registry.commit(registry.snapshot().version, change);
  } catch (error) {
    assert.ok(error instanceof RegistryUnavailable, String(error));
    result = error.outcome;
  }
  return { result, took: performance.now() - began };
}

test(
  'T58 F03 over immediate restarts reads go on, writes are refused and never half told, and all is well 2 s later',
  skip,
  async (t) => {
    const { server, registry } = await open(t);
    const told: { readonly action: string; readonly result: string }[] = [];
    const over = new AbortController();
    const writing = (async (): Promise<void> => {
      for (let place = 0; !over.signal.aborted; place++) {
        const action = `c${place}`;
        told.push({ action, result: (await outcome(registry, action)).result });
        assert.equal(registry.snapshot().app(api)?.id, api);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let round = 0; round < RESTARTS; round++) {
      const enough = told.length + 10;
      await until(() => told.length > enough);
      await server.restart();
      const back = performance.now();
      const version = registry.snapshot().version;
      await until(() => registry.snapshot().version > version && registry.ageSeconds() < 1.2);
      assertInTime(performance.now() - back, 2000);
    }
    over.abort();
    await writing;
    const kept = new Set((await registry.audit(1_000_000)).map(({ action }) => action));
    for (const { action, result } of told) {
      if (result === 'ok') assert.ok(kept.has(action), `${action} was said to be written`);
      if (result === 'unchanged' || result === 'conflict')
        assert.ok(!kept.has(action), `${action} was refused: ${result}`);
    }
    t.diagnostic(
      JSON.stringify(Object.fromEntries([...Map.groupBy(told, (each) => each.result)].map(([k, v]) => [k, v.length]))),
    );
    assert.ok(told.some(({ result }) => result !== 'ok'));
  },
);

test(
  'T58 F03 a server that stands still refuses writes quickly, lets reads grow old, and holds up no end',
  skip,
  async (t) => {
    const { server, url, registry } = await open(t);
    const other = await reachRegistry(url, { now });
    server.freeze();
    try {
      const { result, took } = await outcome(registry);
      assert.notEqual(result, 'ok');
      assertInTime(took, 1500);
      const began = performance.now();
      await other.close();
      assertInTime(performance.now() - began, 1500);
      await until(() => registry.ageSeconds() > 1.5);
      assert.equal(registry.snapshot().app(api)?.id, api);
    } finally {
      server.thaw();
    }
    const thawed = performance.now();
    await until(async () => (await outcome(registry)).result === 'ok' && registry.ageSeconds() < 1.2);
    assertInTime(performance.now() - thawed, 2000);
  },
);

test('T58 F03 a read-only server is read and not written, also by who starts then', skip, async (t) => {
  const { url, registry } = await open(t);
  const client = await admin(t, url);
  const name = new URL(url).pathname.slice(1);
  const switched = async (state: 'on' | 'off'): Promise<void> => {
    await client.query('SET default_transaction_read_only = off');
    await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${state}`);
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  };
  await switched('on');
  await until(async () => (await outcome(registry)).result === 'unchanged');
  const late = await reachRegistry(url, { now });
  t.after(() => late.close());
  assert.equal(late.snapshot().app(api)?.id, api);
  await until(async () => (await outcome(late)).result === 'unchanged');
  await until(() => registry.ageSeconds() < 1.2);
  await switched('off');
  await until(async () => (await outcome(registry)).result === 'ok');
});

test(
  'T58 a writer that holds the version for long has the others refused in time, and their reads stay new',
  skip,
  async (t) => {
    const { url, registry } = await open(t);
    const client = await admin(t, url);
    await client.query('BEGIN');
    await client.query(`UPDATE meta SET value = value WHERE name = 'generation'`);
    for (let round = 0; round < 4; round++) {
      const { result, took } = await outcome(registry);
      assert.equal(result, 'unchanged');
      assertInTime(took, 1000);
    }
    await until(() => registry.ageSeconds() < 1);
    await client.query('ROLLBACK');
    await until(async () => (await outcome(registry)).result === 'ok');
  },
);

test('T58 G5 when every connection is taken a write waits 250 ms for one, and news still come', skip, async (t) => {
  const { url } = await open(t);
  const database = await openPostgresDatabase(url);
  t.after(() => database.close());
  const hold = Promise.withResolvers<void>();
  let taken = 0;
  const take = (): Promise<object> =>
    onceReached(() =>
      database.write(async () => {
        taken += 1;
        await hold.promise;
        return {};
      }),
    );
  const held = Array.from({ length: 4 }, take);
  await until(() => taken === 4);
  const began = performance.now();
  await assert.rejects(
    database.write((sql) => sql('SELECT 1')),
    { name: 'RegistryUnavailable' },
  );
  assertInTime(performance.now() - began, 700);
  assert.equal((await onceReached(() => database.watch((sql) => sql('SELECT 1 AS one'))))[0]?.['one'], 1);
  hold.resolve();
  await Promise.all(held);
});

test('F01 the connection that listens is cut: the next commit is there within 2 s all the same', skip, async (t) => {
  const { url, registry } = await open(t);
  const other = await reachRegistry(url, { now });
  t.after(() => other.close());
  const client = await admin(t, url);
  for (let round = 0; round < 3; round++) {
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    await until(async () => (await outcome(registry)).result === 'ok');
    const committed = performance.now();
    await until(() => other.snapshot().version === registry.snapshot().version);
    assertInTime(performance.now() - committed, 2000);
  }
});

test('F01 a process that never hears a word finds each commit within 2 s', skip, async (t) => {
  const { url, registry } = await open(t);
  const deaf = await reachedBy(async () =>
    openDatabaseRegistry({ ...(await openPostgresDatabase(url)), onNews() {} }, { now }),
  );
  t.after(() => deaf.close());
  for (let round = 0; round < 3; round++) {
    await until(async () => (await outcome(registry)).result === 'ok');
    const committed = performance.now();
    await until(() => deaf.snapshot().version === registry.snapshot().version);
    assertInTime(performance.now() - committed, 2000);
  }
});

test('G3 the clock of a process is held against the one of the database', skip, async (t) => {
  const { url } = await open(t);
  const ahead = await reachRegistry(url, { now: () => now() + 40 });
  t.after(() => ahead.close());
  assert.ok(Math.abs(ahead.clockAheadSeconds() - 40) < 10, `${ahead.clockAheadSeconds()} s`);
  assert.ok(Math.abs((await ahead.signingKeys.load('tokenx')).storeTime - now()) < 10);
});

test('F01 a server that lets us in and then says no is not asked again without end', skip, async (t) => {
  const { url, registry } = await open(t);
  const client = await admin(t, url);
  const sessions = async (): Promise<number> => {
    const { rows } = await client.query<{ readonly n: string }>(
      'SELECT sessions AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(rows[0]?.n);
  };
  await client.query('ALTER TABLE meta RENAME TO elsewhere');
  const before = await sessions();
  await until(() => registry.ageSeconds() > 2.5);
  const made = (await sessions()) - before;
  assert.ok(made < 10, `${made} connections in 2.5 s`);
  await client.query('ALTER TABLE elsewhere RENAME TO meta');
  await until(() => registry.ageSeconds() < 1);
});
