import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CLIENT_ASSERTION_TYPE } from '../../src/oauth/client-assertion.ts';
import { countAnswers, startLoad } from '../journeys/exchange-load.ts';
import type { Load } from '../journeys/exchange-load.ts';
import { installOnPostgres, isReady } from '../journeys/exchange-replicas.ts';
import type { Installation } from '../journeys/exchange-replicas.ts';
import { post } from '../journeys/exchange-wire.ts';
import type { Wired } from '../journeys/exchange-wire.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { isFull } from './scale.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const RESTARTS = isFull ? 100 : 3;
/** Far more than a busy machine takes between two looks at the rules. */
const STALE_SECONDS = 5;
/** No request waits longer, with what a busy machine adds. */
const LONGEST_MS = 2500;
const RECOVERY_MS = 2000;
const postgres = noPostgres === false ? await startPostgres() : undefined;
const redis = noRedis === false ? await startRedis() : undefined;
after(() => Promise.all([postgres?.close(), redis?.close()]));

async function database(): Promise<string> {
  return (await postgres?.database()) ?? '';
}

/** Writes of every kind there is, at once: revocation by a client, by an operator, and a registration. */
async function write(installation: Installation, origin: string, count = 4): Promise<readonly Wired[]> {
  const { fleet } = installation;
  const bearer = await installation.operator();
  const revocation = new URLSearchParams({
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await fleet.assertion(),
    token: 'none of ours',
  });
  return Promise.all([
    post({ origin, path: '/revoke', body: revocation.toString() }),
    ...Array.from({ length: count }, (_, place) => {
      const body = JSON.stringify({ kind: 'sid', value: `s-${place}` });
      return post({ origin, path: '/admin/revocations', body, bearer });
    }),
    post({ origin, path: '/admin/keys/rotate', body: '', bearer }),
    post({ origin, path: '/admin/keys/none/revoke', body: '', bearer }),
  ]);
}

/** How long the servers take at most for what needs no database, in milliseconds: so much is the machine's and not the outage's. */
function watchKeySets(t: TestContext, origins: readonly string[]): () => number {
  const over = new AbortController();
  let most = 0;
  t.after(() => over.abort());
  const watch = async (origin: string): Promise<void> => {
    while (!over.signal.aborted) {
      const from = performance.now();
      await (await fetch(`${origin}/jwks`, { signal: over.signal })).text();
      most = Math.max(most, performance.now() - from);
      await pause(50);
    }
  };
  // With the servers it ends.
  for (const origin of origins) void watch(origin).catch(() => undefined);
  return () => most;
}

function assertSound(load: Load, busyMs: number): void {
  assert.deepEqual(load.wrong, []);
  const took = load.answers.map(({ sentAt, doneAt }) => doneAt - sentAt);
  const slow = took.filter((ms) => ms > LONGEST_MS + busyMs);
  assert.deepEqual(slow, [], `a key set took up to ${busyMs} ms`);
  const other = load.answers.filter(
    ({ question, status, reason }) =>
      question === 'good' && status !== 200 && !(status === 503 && /^(replay|audit|registry)-/.test(String(reason))),
  );
  assert.deepEqual(countAnswers(other), {});
}

/** Waits for the first token of a good request that was sent after this moment; how long it took to come. */
async function recovery(load: Load, since: number): Promise<number> {
  const good = (): number | undefined =>
    load.answers.find(({ question, status, sentAt }) => question === 'good' && status === 200 && sentAt > since)
      ?.doneAt;
  await until(() => good() !== undefined);
  return (good() ?? since) - since;
}

test('T58 F03 B9: PostgreSQL is restarted under load: what needs the rules alone goes on, writes are refused, nothing wrong is answered', {
  skip: noPostgres || noRedis,
}, async (t) => {
  const url = await database();
  const installation = await installOnPostgres(t, url, {
    FULLMAKT_EXCHANGE_REPLAY_STORE: redis?.url ?? '',
    FULLMAKT_EXCHANGE_REGISTRY_STALE_LIMIT: String(STALE_SECONDS),
  });
  const origins = (await installation.startAll(2)).map(({ origin }) => origin);
  const load = startLoad({ t, fleet: installation.fleet, origins: () => origins });
  const busyMs = watchKeySets(t, origins);
  t.after(() => postgres?.restart());
  const took: number[] = [];
  for (let round = 0; round < RESTARTS; round += 1) {
    await postgres?.crash();
    const down = performance.now();
    for (const origin of origins) {
      for (const { status, retryAfter, sentAt, doneAt, body } of (await write(installation, origin, 30)).slice(1)) {
        assert.deepEqual([status, retryAfter], [503, '1'], JSON.stringify(body));
        assertInTime(doneAt - sentAt, LONGEST_MS);
      }
    }
    // The first round outlives the snapshot's age cap.
    if (round === 0) {
      await until(() => load.answers.some(({ reason }) => reason === 'registry-stale'));
      const served = load.answers.filter(({ status, sentAt }) => status === 200 && sentAt > down);
      assert.ok(served.length > 0, 'no token while the database was away');
      const last = Math.max(...served.map(({ sentAt }) => sentAt));
      assert.ok(last - down < (STALE_SECONDS + 0.5) * 1000, `${last - down} ms`);
      for (const origin of origins) await until(async () => !(await isReady(origin)));
    }
    await postgres?.start();
    const back = performance.now();
    took.push(await recovery(load, back));
    for (const origin of origins) {
      await until(
        async () => (await write(installation, origin)).every(({ status }) => status < 300 || status === 404),
        'no write',
      );
      await until(() => isReady(origin));
    }
    assertInTime(performance.now() - back, RECOVERY_MS + 1000);
  }
  await load.stop();
  t.diagnostic(JSON.stringify({ recoveryMs: took.map(Math.round), ...countAnswers(load.answers) }));
  assertSound(load, busyMs());
  assertInTime(Math.max(...took), RECOVERY_MS);
});

test('T58 F03 B9: PostgreSQL is restarted under load with the used assertions in it: 503 alone while it is down', {
  skip: noPostgres,
}, async (t) => {
  const installation = await installOnPostgres(t, await database());
  const origins = (await installation.startAll(2)).map(({ origin }) => origin);
  const load = startLoad({ t, fleet: installation.fleet, origins: () => origins });
  const busyMs = watchKeySets(t, origins);
  t.after(() => postgres?.restart());
  const took: number[] = [];
  for (let round = 0; round < RESTARTS; round += 1) {
    const before = load.answers.length;
    await until(() => load.answers.slice(before).filter(({ status }) => status === 200).length > 20);
    await postgres?.crash();
    const down = performance.now();
    await until(() => load.answers.filter(({ sentAt }) => sentAt > down).length > 30);
    const told = load.answers.filter(({ sentAt, question }) => sentAt > down && question === 'good');
    assert.deepEqual([...new Set(told.map(({ reason }) => reason))], ['replay-unavailable']);
    await postgres?.start();
    took.push(await recovery(load, performance.now()));
  }
  await load.stop();
  t.diagnostic(JSON.stringify({ recoveryMs: took.map(Math.round), ...countAnswers(load.answers) }));
  assertSound(load, busyMs());
  assertInTime(Math.max(...took), RECOVERY_MS);
});

test('T58 F03 B9: Valkey is restarted under load: 503 alone while it is down, and what was used before stays used', {
  skip: noPostgres || noRedis,
}, async (t) => {
  const installation = await installOnPostgres(t, await database(), {
    FULLMAKT_EXCHANGE_REPLAY_STORE: redis?.url ?? '',
  });
  const origins = (await installation.startAll(2)).map(({ origin }) => origin);
  const load = startLoad({ t, fleet: installation.fleet, origins: () => origins });
  t.after(() => redis?.crash().then(() => redis.start()));
  const took: number[] = [];
  for (let round = 0; round < RESTARTS; round += 1) {
    const before = load.answers.length;
    await until(() => load.answers.slice(before).filter(({ status }) => status === 200).length > 20);
    await redis?.crash();
    const down = performance.now();
    await until(() => load.answers.filter(({ sentAt }) => sentAt > down).length > 20);
    const told = load.answers.filter(({ sentAt, question }) => sentAt > down && question === 'good');
    assert.deepEqual([...new Set(told.map(({ status }) => status))], [503]);
    await redis?.start();
    took.push(await recovery(load, performance.now()));
  }
  await load.stop();
  t.diagnostic(JSON.stringify({ recoveryMs: took.map(Math.round), ...countAnswers(load.answers) }));
  assert.deepEqual(load.wrong, []);
  assertInTime(Math.max(...took), RECOVERY_MS);
});

for (const which of ['PostgreSQL', 'Valkey'] as const) {
  test(`T58 F03 B9: ${which} stands still for some seconds: every request is answered in its time, and all is well after`, {
    skip: noPostgres || noRedis,
  }, async (t) => {
    const frozen = which === 'PostgreSQL' ? postgres : redis;
    const installation = await installOnPostgres(t, await database(), {
      FULLMAKT_EXCHANGE_AUDIT_SINK: 'postgres',
      ...(which === 'Valkey' ? { FULLMAKT_EXCHANGE_REPLAY_STORE: redis?.url ?? '' } : {}),
    });
    const origins = (await installation.startAll(2)).map(({ origin }) => origin);
    const load = startLoad({ t, fleet: installation.fleet, origins: () => origins });
    const busyMs = watchKeySets(t, origins);
    await until(() => load.answers.length > 20);
    const began = performance.now();
    frozen?.freeze();
    try {
      while (performance.now() - began < (isFull ? 30_000 : 3000)) {
        const writes = which === 'PostgreSQL' ? await write(installation, origins[0] ?? '', 30) : [];
        for (const { status, sentAt, doneAt } of writes) {
          assert.equal(status, 503);
          assertInTime(doneAt - sentAt, LONGEST_MS);
        }
        await pause(50);
      }
    } finally {
      frozen?.thaw();
    }
    const took = await recovery(load, performance.now());
    for (const origin of origins) await until(() => isReady(origin));
    await load.stop();
    t.diagnostic(JSON.stringify({ recoveryMs: Math.round(took), ...countAnswers(load.answers) }));
    assertSound(load, busyMs());
    assertInTime(took, RECOVERY_MS);
  });
}
