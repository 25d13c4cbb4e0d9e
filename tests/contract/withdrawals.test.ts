import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { administer, askAs, bearer, selfSigned, tokenFor } from '../../src/exchange/testing/operators.ts';
import { createTestKeys, createWorld, defaultData, testApp, testGrant } from '../../src/exchange/testing/world.ts';
import type { World } from '../../src/exchange/testing/world.ts';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import type { Registry, RegistryChange } from '../../src/registry/contract.ts';
import { isFull } from '../adversarial/scale.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';
import { reachRegistry } from '../servers/reach-registry.ts';

const ROUNDS = isFull ? 250 : 3;
const REPLICAS = 3;

const keys = await createTestKeys();
const chief = await generatePrivateJwk('RS256', 'chief-1');
const server = noPostgres === false ? await startPostgres() : undefined;
const folder = mkdtempSync(join(tmpdir(), 'fullmakt-withdrawals-'));
after(async () => {
  rmSync(folder, { recursive: true });
  await server?.close();
});
const now = (): number => Date.now() / 1000;

/** Three servers, each with the registry open for itself. */
async function replicas(t: TestContext, open: () => Promise<Registry>): Promise<readonly World[]> {
  const worlds: World[] = [];
  for (let index = 0; index < REPLICAS; index += 1) {
    const registry = await open();
    const world = await createWorld({ keys, registry, config: { operators: [selfSigned(chief)] } });
    Object.defineProperty(world.clock, 'now', { get: now });
    t.after(async () => {
      await world.close();
      await registry.close();
    });
    worlds.push(world);
  }
  const [first] = worlds;
  const { apps, clients, grants } = defaultData(keys);
  const targets = apps.map(({ id }) => ({ target: id, grants: grants.filter(({ target }) => target === id) }));
  await commit(first, { putApps: apps, putClients: clients, replaceGrants: targets });
  for (const { registry } of worlds)
    await until(() => registry.snapshot().clientOf('dev:fleet:api', 'tokenx') !== undefined);
  return worlds;
}

async function commit(world: World | undefined, change: RegistryChange): Promise<void> {
  assert.ok(world !== undefined);
  while ((await world.registry.commit(world.registry.snapshot().version, change)) !== 'ok') {
    // Somebody else was faster: the version is read again.
  }
}

interface Round {
  readonly take: (one: World, sid: string) => Promise<void>;
  readonly giveBack?: RegistryChange;
}

const order = async (one: World, body: object): Promise<void> => {
  const answer = await administer(one, '/admin/revocations', { token: await bearer(one, chief), body });
  assert.equal(answer.status, 202, answer.text);
};
const [web, api] = [testApp('web'), testApp('api')];
const rule = testGrant('web', 'api');
const WITHDRAWALS: Readonly<Record<string, Round>> = {
  'the revocation of a session': { take: (one, sid) => order(one, { kind: 'sid', value: sid }) },
  'the removal of a rule': {
    take: (one) => commit(one, { replaceGrants: [{ target: api.id, grants: [] }] }),
    giveBack: { replaceGrants: [{ target: api.id, grants: [rule] }] },
  },
  'the end of a client': {
    take: (one) => commit(one, { putApps: [{ ...web, state: 'disabled', generation: 2 }] }),
    giveBack: { putApps: [{ ...web, generation: 3 }] },
  },
};

function suite(name: string, open: () => () => Promise<Registry>, skip: string | false = false): void {
  for (const [what, { take, giveBack }] of Object.entries(WITHDRAWALS)) {
    test(`F01, N07, V4: ${what} counts in every process within 2 s (${name})`, { skip }, async (t) => {
      const worlds = await replicas(t, open());
      const [one] = worlds;
      assert.ok(one !== undefined);
      for (let round = 0; round < ROUNDS; round += 1) {
        const sid = randomUUID();
        const subject = await one.subject({ claims: { sid } });
        const token = await tokenFor(one, ['web', 'api'], subject);
        for (const world of worlds) assert.equal(await isActive(world, token), true);
        await take(one, sid);
        const committed = performance.now();
        for (const world of worlds) {
          await until(async () => (await world.exchange({ subject_token: subject })).status !== 200);
          assert.equal(await isActive(world, token), false);
          assertInTime(performance.now() - committed, 2000);
        }
        if (giveBack === undefined) continue;
        await commit(one, giveBack);
        const { version } = one.registry.snapshot();
        for (const { registry } of worlds) await until(() => registry.snapshot().version >= version);
      }
    });
  }
}

async function isActive(world: World, token: string): Promise<unknown> {
  return (await askAs(world, 'api', { path: '/introspect', token })).body['active'];
}

let files = 0;
suite('sqlite', () => {
  const file = join(folder, `registry-${++files}.sqlite`);
  return () => openSqliteRegistry(file, { now });
});
suite(
  'postgres',
  () => {
    const url = server?.database();
    return async () => reachRegistry((await url) ?? '', { now });
  },
  noPostgres,
);
