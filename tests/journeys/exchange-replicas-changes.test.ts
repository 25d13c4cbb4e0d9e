import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Client } from 'pg';
import { testApp, testClient, testGrant } from '../../src/exchange/testing/world.ts';
import { CLIENT_ASSERTION_TYPE } from '../../src/oauth/client-assertion.ts';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { RegistryUnavailable } from '../../src/registry/contract.ts';
import type { RegistryChange } from '../../src/registry/contract.ts';
import { isFull } from '../adversarial/scale.ts';
import { createFaultProxy } from '../fault-proxy.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { countAnswers, startLoad } from './exchange-load.ts';
import type { Load } from './exchange-load.ts';
import { installInFolder, installOnPostgres, isReady } from './exchange-replicas.ts';
import type { Installation } from './exchange-replicas.ts';
import { post } from './exchange-wire.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const ROUNDS = isFull ? 100 : 1;
/** Between the commit and the last request that was still allowed. */
const PROPAGATION_MS = 2000;
/** More than the time between two questions for news. */
const SETTLED_MS = 1200;
const postgres = noPostgres === false ? await startPostgres() : undefined;
after(() => postgres?.close());

/** What takes an edge away, what gives it back, and the reason a caller is told meanwhile. */
interface Withdrawal {
  readonly name: string;
  readonly reason: string;
  readonly take: (installation: Installation, origin: string) => Promise<void>;
  readonly give?: (installation: Installation) => Promise<void>;
}

async function commit({ registry }: Installation, change: RegistryChange): Promise<void> {
  await until(async () => {
    try {
      return (await registry.commit(registry.snapshot().version, change)) === 'ok';
    } catch (error) {
      if (error instanceof RegistryUnavailable) return false;
      throw error;
    }
  }, 'no commit');
}

const api = testApp('api').id;
const apiAgain = ({ fleet }: Installation): RegistryChange => ({
  putApps: [testApp('api')],
  putClients: [testClient('api', [publicJwk(fleet.client)])],
  replaceGrants: [{ target: api, grants: [testGrant('web', 'api')] }],
});

async function switchIssuer(installation: Installation, state: 'active' | 'disabled'): Promise<void> {
  const row = installation.registry.snapshot().issuer('idporten');
  assert.ok(row !== undefined);
  await commit(installation, { putIssuers: [{ ...row, state }] });
}

const WITHDRAWALS: readonly Withdrawal[] = [
  {
    name: 'the target is deleted',
    reason: 'target-unknown',
    take: (installation) => commit(installation, { removeApps: [api] }),
    give: (installation) => commit(installation, apiAgain(installation)),
  },
  {
    name: 'the target is disabled',
    reason: 'target-disabled',
    take: (installation) => commit(installation, { putApps: [testApp('api', { state: 'disabled' })] }),
    give: (installation) => commit(installation, apiAgain(installation)),
  },
  {
    name: 'the rule is removed',
    reason: 'no-rule',
    take: (installation) => commit(installation, { replaceGrants: [{ target: api, grants: [] }] }),
    give: (installation) => commit(installation, apiAgain(installation)),
  },
  {
    name: 'the caller is disabled',
    reason: 'client-auth-failed',
    take: (installation) => commit(installation, { putApps: [testApp('web', { state: 'disabled' })] }),
    give: (installation) => commit(installation, { putApps: [testApp('web')] }),
  },
  {
    name: 'the issuer is turned off',
    reason: 'subject-issuer',
    take: (installation) => switchIssuer(installation, 'disabled'),
    give: (installation) => switchIssuer(installation, 'active'),
  },
];

/** Ends the session of the load for good: the last of them. */
const revoked = (session: string): Withdrawal => ({
  name: 'the session is revoked',
  reason: 'subject-revoked',
  take: async (installation, origin) => {
    const body = JSON.stringify({ kind: 'sid', value: session });
    const bearer = await installation.operator();
    await until(async () => (await post({ origin, path: '/admin/revocations', body, bearer })).status === 202);
  },
});

function refusedEverywhere(load: Load, origins: readonly string[], since: number, reason: string): boolean {
  return origins.every((origin) =>
    load.answers.some((answer) => answer.origin === origin && answer.sentAt > since && answer.reason === reason),
  );
}

/** Withdraws each under load; how many ms after the commit the last request was sent that got a token all the same. */
async function withdrawAll(
  installation: Installation,
  origins: readonly string[],
  load: Load,
  withdrawals: readonly Withdrawal[],
): Promise<Readonly<Record<string, number>>> {
  const last: Record<string, number> = {};
  for (const { name, reason, take, give } of withdrawals) {
    const from = load.answers.length;
    const granted = (origin: string): boolean =>
      load.answers.slice(from).some((answer) => answer.origin === origin && answer.token !== undefined);
    await until(() => origins.every(granted), `no token before ${name}`);
    await take(installation, origins[0] ?? '');
    const committed = performance.now();
    await until(() => refusedEverywhere(load, origins, committed, reason), `${name}: never refused`);
    // Whoever asks later than this is refused: the load goes on long enough to see it, and longer where one address is several processes.
    const enough = load.answers.length + 30;
    const since = performance.now();
    const settledMs = origins.length > 1 ? 0 : SETTLED_MS;
    await until(() => load.answers.length > enough && performance.now() - since > settledMs);
    const late = load.answers.filter(({ token, sentAt }) => token !== undefined && sentAt > committed);
    last[name] = Math.max(last[name] ?? 0, ...late.map(({ sentAt }) => Math.round(sentAt - committed)), 0);
    await give?.(installation);
  }
  return last;
}

async function withdrawn(t: TestContext, installation: Installation, origins: readonly string[]): Promise<void> {
  const session = randomUUID();
  const load = startLoad({
    t,
    fleet: installation.fleet,
    origins: () => origins,
    clients: 6,
    subject: { sid: session },
  });
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const last = await withdrawAll(installation, origins, load, WITHDRAWALS);
    slowest = Math.max(slowest, ...Object.values(last));
    if (round === 0) t.diagnostic(JSON.stringify(last));
  }
  const last = await withdrawAll(installation, origins, load, [revoked(session)]);
  slowest = Math.max(slowest, ...Object.values(last));
  await load.stop();
  t.diagnostic(JSON.stringify({ slowest, ...countAnswers(load.answers) }));
  assert.deepEqual(load.wrong, []);
  assertInTime(slowest, PROPAGATION_MS);
}

test('F01, N07: whatever is withdrawn under load, no server of three gives a token for it 2 s after the commit, also when the words of the database are lost', {
  skip: noPostgres,
}, async (t) => {
  const url = (await postgres?.database()) ?? '';
  const installation = await installOnPostgres(t, url);
  const origins = (await installation.startAll(3)).map(({ origin }) => origin);
  await withdrawn(t, installation, origins);
  await revokedByCaller(installation, origins);
  await cutListeners(t, url);
  await withdrawn(t, installation, origins);
});

/** Whoever listens is cut off twice a second from now on, so that it learns of changes by asking or not at all. */
async function cutListeners(t: TestContext, url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  const cutting = setInterval(() => {
    void client
      .query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'fullmakt registry'`,
      )
      .catch(() => {});
  }, 500);
  t.after(() => clearInterval(cutting));
}

/** A token that its caller revokes at one server is nothing at the others 2 s later. */
async function revokedByCaller(installation: Installation, origins: readonly string[]): Promise<void> {
  const { fleet } = installation;
  const asApi = { iss: 'dev:fleet:api', sub: 'dev:fleet:api' };
  const about = async (path: string, origin: string, token: string): Promise<Readonly<Record<string, unknown>>> => {
    const form = {
      client_assertion_type: CLIENT_ASSERTION_TYPE,
      client_assertion: await fleet.assertion(asApi),
      token,
    };
    return (await post({ origin, path, body: new URLSearchParams(form).toString() })).body;
  };
  for (let round = 0; round < 3 * ROUNDS; round += 1) {
    const token = String((await fleet.exchange(origins[0] ?? '')).body['access_token']);
    for (const origin of origins) assert.equal((await about('/introspect', origin, token))['active'], true);
    await about('/revoke', origins[0] ?? '', token);
    const revokedAt = performance.now();
    for (const origin of origins)
      await until(async () => (await about('/introspect', origin, token))['active'] === false);
    assertInTime(performance.now() - revokedAt, PROPAGATION_MS);
    const again = { client_assertion: await fleet.assertion(asApi), subject_token: token, audience: 'dev:fleet:store' };
    assert.equal((await fleet.exchange(origins[1] ?? '', again)).body['fm_reason'], 'subject-revoked');
  }
}

test('F01, N07: the same with workers on one folder', async (t) => {
  const installation = await installInFolder(t);
  const { origin } = await installation.start({}, ['--workers', '3']);
  await withdrawn(t, installation, [origin]);
});

test('F01, G3: a server that is cut off from the database says so after the stale limit, is not ready, and recovers alone', {
  skip: noPostgres,
}, async (t) => {
  const url = (await postgres?.database()) ?? '';
  const proxy = await createFaultProxy({ host: '127.0.0.1', port: postgres?.port ?? 0 });
  t.after(() => proxy.close());
  const limit = { FULLMAKT_EXCHANGE_REGISTRY_STALE_LIMIT: '2' };
  const installation = await installOnPostgres(t, url, { FULLMAKT_EXCHANGE_REPLAY_STORE: url });
  const through = new URL(url);
  through.port = String(proxy.port);
  const [cut, other] = await Promise.all([
    installation.start({ ...limit, FULLMAKT_EXCHANGE_STORE: through.href }),
    installation.start(),
  ]);
  for (const fault of ['blackhole', 'reset'] as const) {
    const loads = [cut, other].map(({ origin }) =>
      startLoad({ t, fleet: installation.fleet, origins: () => [origin], clients: 2 }),
    );
    const [atCut, atOther] = loads;
    await until(() => atCut?.answers.some(({ status }) => status === 200) === true);
    proxy.set({ kind: fault });
    const since = performance.now();
    await until(() => atCut?.answers.some(({ reason }) => reason === 'registry-stale') === true, fault);
    const stale = performance.now();
    assert.equal(await isReady(cut.origin), false);
    await installation.registry.commit(installation.registry.snapshot().version, {
      putApps: [testApp('api', { state: 'disabled' })],
    });
    const enough = (atCut?.answers.length ?? 0) + 30;
    await until(() => (atCut?.answers.length ?? 0) > enough);
    const late = atCut?.answers.filter(({ token, sentAt }) => token !== undefined && sentAt > stale) ?? [];
    assert.deepEqual(late, []);
    assertInTime(stale - since, 3000);
    assert.equal(await isReady(other.origin), true);
    await installation.registry.commit(installation.registry.snapshot().version, apiAgain(installation));
    proxy.set({ kind: 'pass' });
    const back = performance.now();
    await until(async () => await isReady(cut.origin));
    await until(() => atCut?.answers.some(({ token, sentAt }) => token !== undefined && sentAt > back) === true);
    t.diagnostic(
      `${fault}: stale after ${Math.round(stale - since)} ms, back after ${Math.round(performance.now() - back)} ms`,
    );
    assertInTime(performance.now() - back, 3000);
    for (const load of loads) {
      await load.stop();
      assert.deepEqual(load.wrong, []);
    }
    assert.deepEqual(
      Object.keys(countAnswers(atOther?.answers ?? [])).filter((name) => name.startsWith('503')),
      [],
    );
  }
});
