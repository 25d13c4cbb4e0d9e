import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from 'pg';
import { isFull } from '../adversarial/scale.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { countAnswers, startLoad } from './exchange-load.ts';
import type { Load } from './exchange-load.ts';
import { installOnPostgres } from './exchange-replicas.ts';
import type { Installation } from './exchange-replicas.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const postgres = noPostgres === false ? await startPostgres() : undefined;
const redis = noRedis === false ? await startRedis() : undefined;
after(() => Promise.all([postgres?.close(), redis?.close()]));

async function database(): Promise<string> {
  return (await postgres?.database()) ?? '';
}

/** How many servers the installation says that it has. */
async function countReplicas(installation: Installation, origin: string): Promise<number> {
  const headers = { Authorization: `Bearer ${await installation.operator()}` };
  const said = Object(await (await fetch(`${origin}/admin/replicas`, { headers })).json());
  return said['replicas'].length;
}

/** Whoever was turned away by a server that is gone asks another now, and that must not be gone as well. */
async function settled(load: Load): Promise<void> {
  const asked = load.answers.length + 10;
  const since = performance.now();
  await until(() => load.answers.length > asked && performance.now() - since > 500);
}

test('one of three servers is killed under load, then all are restarted, twice: who asks a second time is served', {
  skip: noPostgres,
}, async (t) => {
  const installation = await installOnPostgres(t, await database());
  let servers = await installation.startAll(3);
  const load = startLoad({
    t,
    fleet: installation.fleet,
    origins: () => servers.map(({ origin }) => origin),
  });
  const [victim, ...others] = servers;
  assert.equal(await countReplicas(installation, others[0]?.origin ?? ''), 3);
  await until(() => load.answers.length > 30);
  await victim?.stop('SIGKILL');
  const enough = load.answers.length + 30;
  await until(() => load.answers.length > enough);
  assert.ok(load.answers.some(({ status }) => status === 0));
  servers = others;
  await settled(load);
  for (let round = 0; round < (isFull ? 20 : 2); round += 1) {
    for (const server of servers) {
      assert.equal(await server.stop(), 0, server.said());
      const next = await installation.start();
      servers = [...servers.filter((each) => each !== server), next];
      await settled(load);
    }
  }
  // Who ends gives its lease back; that of the killed one runs out.
  await until(async () => (await countReplicas(installation, servers[0]?.origin ?? '')) === 2);
  await load.stop();
  t.diagnostic(JSON.stringify(countAnswers(load.answers)));
  assert.deepEqual(load.wrong, []);
  assert.deepEqual(load.failed, []);
  assert.deepEqual(Object.keys(countAnswers(load.answers)).toSorted(), [
    '0',
    '200',
    '400 no-rule',
    '401 client-replay',
  ]);
});

test('F04: decisions on record in PostgreSQL are those that were answered, after a kill -9; without the database there is no token', {
  skip: noPostgres || noRedis,
}, async (t) => {
  const url = await database();
  const installation = await installOnPostgres(t, url, {
    FULLMAKT_EXCHANGE_AUDIT_SINK: 'postgres',
    FULLMAKT_EXCHANGE_REPLAY_STORE: redis?.url ?? '',
  });
  const [one, other] = await installation.startAll(2);
  assert.ok(one !== undefined && other !== undefined);
  const load = startLoad({ t, fleet: installation.fleet, origins: () => [one.origin, other.origin] });
  await until(() => load.answers.length > 100);
  await one.stop('SIGKILL');
  await load.stop();
  assert.deepEqual(load.wrong, []);
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  const { rows } = await client.query<{ line: string }>('SELECT line FROM audit_log ORDER BY 1');
  const records = rows.map(({ line }): { readonly cid?: string; readonly decision?: string } => JSON.parse(line));
  const decisions = Map.groupBy(records, ({ cid }) => cid);
  const answered = load.answers.filter(({ status }) => status > 0);
  assert.ok(answered.length > 50);
  for (const { status, correlationId } of answered) {
    const expected = status === 200 ? 'allow' : 'deny';
    assert.deepEqual(
      decisions.get(correlationId)?.map(({ decision }) => decision),
      [expected],
      correlationId ?? '',
    );
  }
  await postgres?.crash();
  for (let asked = 0; asked < 5; asked += 1) {
    const { status, body } = await installation.fleet.exchange(other.origin);
    assert.deepEqual([status, body['fm_reason']], [503, 'audit-unavailable']);
  }
  await postgres?.start();
  const back = performance.now();
  await until(async () => (await installation.fleet.exchange(other.origin)).status === 200);
  t.diagnostic(`back after ${Math.round(performance.now() - back)} ms`);
  assertInTime(performance.now() - back, 2000);
});
