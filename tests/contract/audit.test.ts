import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, it } from 'node:test';
import { AuditUnavailable } from '../../src/observe/audit.ts';
import { createAuditFile } from '../../src/observe/audit-file.ts';
import { openPostgresAudit } from '../../src/observe/audit-postgres.ts';
import { createAuditTrail, type AuditTrail } from '../../src/observe/audit-trail.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../servers/postgres.ts';
import { auditContract, trailAt } from './audit.ts';
import { verifyChain } from './audit-chain.ts';
import { filePlace, linesOf, postgresPlace, sql } from './audit-places.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

/** Ends the connections of audit sinks to this database. */
const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'fullmakt audit' AND datname = current_database()`;

let server: TestPostgres;

before(async () => {
  if (noPostgres === false) server = await startPostgres();
});
after(() => server?.close());

const inDatabase = async (): Promise<ReturnType<typeof postgresPlace>> => postgresPlace(await server.database());

auditContract('file, durability write', { skip: false }, (t) => filePlace(t, { durability: 'write' }));
auditContract('file, durability fsync', { skip: false }, (t) => filePlace(t, { durability: 'fsync' }));
auditContract('postgres', { skip: noPostgres }, inDatabase);

for (const durability of ['write', 'fsync'] as const) {
  it(`F04: a file that cannot be written refuses, and takes records again once it can (${durability})`, async (t) => {
    const { path } = filePlace(t, {});
    const inside = join(dirname(path), 'later', 'audit.jsonl');
    const trail = await trailAt(t, {
      open: () => createAuditFile(inside, { durability }),
      lines: () => linesOf(inside),
    });
    await assert.rejects(async () => trail.record({ n: 1 }), AuditUnavailable);
    assert.equal(await trail.ready(), false);
    mkdirSync(dirname(inside));
    await trail.record({ n: 2 });
    assert.equal(await trail.ready(), true);
    assert.deepEqual(verifyChain(linesOf(inside)), { records: 1, runs: 1 });
  });

  it(`F04: a full disk refuses every record (${durability})`, { skip: !existsSync('/dev/full') }, async (t) => {
    const trail = await trailAt(t, { open: () => createAuditFile('/dev/full', { durability }), lines: () => [] });
    for (let n = 0; n < 3; n += 1) await assert.rejects(async () => trail.record({ n }), AuditUnavailable);
  });
}

it('L1: with fsync nothing is done before the disk is, and what comes meanwhile shares the next wait', async (t) => {
  const waits: (() => void)[] = [];
  const place = filePlace(t, { durability: 'fsync', sync: (_, done) => void waits.push(() => done(null)) });
  const trail = await trailAt(t, place);
  const done: number[] = [];
  const records = Array.from({ length: 5 }, async (_, n) => {
    await trail.record({ n });
    done.push(n);
  });
  await until(() => waits.length === 1);
  assert.deepEqual([done, linesOf(place.path).length], [[], 1]);
  waits[0]?.();
  await until(() => waits.length === 2);
  assert.deepEqual([done, linesOf(place.path).length], [[0], 5]);
  waits[1]?.();
  await Promise.all(records);
  assert.equal(waits.length, 2);
});

it('F04: a disk that fails or hangs refuses its records within the budget; later ones do not refer to them', async (t) => {
  const hung: (() => void)[] = [];
  let mood: 'good' | 'failing' | 'hanging' = 'good';
  const sync = (_: number, done: (error: NodeJS.ErrnoException | null) => void): void => {
    if (mood === 'good') setImmediate(done, null);
    if (mood === 'failing') done(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    if (mood === 'hanging') hung.push(() => done(null));
  };
  const place = filePlace(t, { durability: 'fsync', sync });
  const trail = await trailAt(t, place);
  await trail.record({ n: 0 });
  mood = 'failing';
  await assert.rejects(async () => trail.record({ n: 1 }), AuditUnavailable);
  mood = 'good';
  await trail.record({ n: 2 });
  mood = 'hanging';
  const startedAt = performance.now();
  const refused = await Promise.allSettled([3, 4, 5].map(async (n) => trail.record({ n })));
  assert.ok(refused.every(({ status }) => status === 'rejected'));
  assertInTime(performance.now() - startedAt, 1000, 'within the budget');
  mood = 'good';
  hung[0]?.();
  await trail.record({ n: 6 });
  const lines = linesOf(place.path);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).n),
    [0, 1, 2, 3, 6],
    'those that waited behind the hanging one were given up, and not written late',
  );
  assert.deepEqual(verifyChain(lines), { records: 5, runs: 1, aside: 1 });
});

it('L1: a record of an earlier run that was cut short does not swallow the next one', async (t) => {
  const place = filePlace(t, {});
  writeFileSync(place.path, '{"t":"2026-11-22T00:00:00.0');
  await (await trailAt(t, place)).record({ n: 1 });
  assert.deepEqual(verifyChain(linesOf(place.path)), { records: 1, runs: 1 });
});

it('G4: many processes start at once on an empty database', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const trails = await Promise.all(Array.from({ length: 12 }, () => trailAt(t, place)));
  await Promise.all(trails.map(async (trail, n) => trail.record({ n })));
  assert.deepEqual(verifyChain(await place.lines()), { records: 12, runs: 12 });
});

it('L1: records that come while one is written go together in the next', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const trail = await trailAt(t, place);
  await Promise.all(Array.from({ length: 200 }, async (_, n) => trail.record({ n })));
  const [found] = await sql<{ readonly n: string }>(place.url, 'SELECT count(DISTINCT xmin::text) AS n FROM audit_log');
  assert.equal(Number(found?.n), 2);
});

it('F03: a server that is away refuses within 500 ms and is used again within 2 s', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const trail = await trailAt(t, place);
  for (const [stop, go] of [
    [() => server.crash(), () => server.start()],
    [() => server.freeze(), () => server.thaw()],
  ] as const) {
    await trail.record({ n: 'before' });
    await stop();
    await refusesInTime(trail);
    assert.equal(await trail.ready(), false);
    await go();
    await recovers(trail);
  }
  assert.equal(verifyChain(await place.lines()).broken, undefined);
});

it('F03: a connection that was cut is found anew at once', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const trail = await trailAt(t, place);
  await trail.record({ n: 1 });
  await sql(place.url, CUT);
  await recovers(trail);
  assert.equal(verifyChain(await place.lines()).broken, undefined);
});

it('F03: a server that takes no writes is not ready, until it does', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const trail = await trailAt(t, place);
  const [, database] = new URL(place.url).pathname.split('/');
  const readOnly = (value: string): Promise<unknown> =>
    sql(
      new URL('/postgres', place.url).href,
      `ALTER DATABASE ${database} SET default_transaction_read_only = ${value}`,
    );
  await readOnly('on');
  await sql(place.url, CUT);
  await until(async () => !(await trail.ready()));
  await refusesInTime(trail);
  await readOnly('off');
  await recovers(trail);
});

it('F03: a table that was dropped is made anew', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const trail = await trailAt(t, place);
  await sql(place.url, 'DROP TABLE audit_log');
  await assert.rejects(async () => trail.record({ n: 1 }), AuditUnavailable);
  await recovers(trail);
});

it('L1: a database that cannot be used is told at the start', { skip: noPostgres }, async () => {
  const url = await server.database();
  await assert.rejects(openPostgresAudit({ url: `${url}-not-there` }), AuditUnavailable);
});

it('L1: closing ends soon though the disk does not answer', async (t) => {
  const trail = createAuditTrail(await filePlace(t, { durability: 'fsync', sync: () => {} }).open());
  const record = assert.rejects(async () => trail.record({ n: 1 }), AuditUnavailable);
  const startedAt = performance.now();
  await trail.close();
  assertInTime(performance.now() - startedAt, 1500);
  await record;
});

it('L1: closing ends soon though the server does not answer', { skip: noPostgres }, async (t) => {
  const trail = createAuditTrail(await (await inDatabase()).open());
  server.freeze();
  t.after(() => server.thaw());
  const startedAt = performance.now();
  await trail.close();
  assertInTime(performance.now() - startedAt, 1500);
});

it('F03: a server that stands still holds no connection that was given up', { skip: noPostgres }, async (t) => {
  const place = await inDatabase();
  const socketsBefore = sockets();
  const trail = createAuditTrail(await place.open());
  server.freeze();
  t.after(() => server.thaw());
  // Long enough for a second and a third connection to be tried.
  const tried = performance.now() + 2000;
  await until(async () => !(await trail.ready()) && performance.now() > tried);
  await trail.close();
  await until(async () => sockets() <= socketsBefore);
});

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

async function refusesInTime(trail: AuditTrail): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    const startedAt = performance.now();
    const refused = await Promise.allSettled(Array.from({ length: 20 }, async () => trail.record({ n: 'away' })));
    assert.ok(refused.every((one) => one.status === 'rejected' && one.reason instanceof AuditUnavailable));
    assertInTime(performance.now() - startedAt, 1500);
  }
}

/** Within 2 s a record is kept, and from then on every record is. */
async function recovers(trail: AuditTrail): Promise<void> {
  const startedAt = performance.now();
  await until(async () => {
    try {
      await trail.record({ n: 'trying' });
      return true;
    } catch (error) {
      assert.ok(error instanceof AuditUnavailable);
      return false;
    }
  });
  assertInTime(performance.now() - startedAt, 2000);
  await Promise.all(Array.from({ length: 20 }, async () => trail.record({ n: 'after' })));
  assert.equal(await trail.ready(), true);
}
