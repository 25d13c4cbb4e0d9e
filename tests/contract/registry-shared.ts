import assert from 'node:assert/strict';
import { test as nodeTest } from 'node:test';
import type { TestContext } from 'node:test';
import type { App, Client, Snapshot } from '../../src/registry/model.ts';
import { appId } from '../../src/registry/app-id.ts';
import type { RegistryChange } from '../../src/registry/contract.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { createRandom, drawSeed } from '../adversarial/scale.ts';
import type { Random } from '../adversarial/scale.ts';
import { sampleApp } from './registry.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const api = appId('local', 'team-a', 'api');

/** One place for rows, and ways to open it and to change it behind the back of those who have it open. */
export interface SharedPlace {
  open(): Promise<Registry>;
  run(statement: string): Promise<void>;
}

/** What registries must do that several processes share. */
export function sharedRegistryContract(
  name: string,
  place: () => Promise<SharedPlace>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  const test = (title: string, run: (t: TestContext) => Promise<void>): void =>
    void nodeTest(`${title} (${name})`, { skip }, run);

  test('F01 a commit is everywhere within 2 s, also when nobody is told of it', async (t) => {
    const { one, other } = await pair(t, await place());
    for (let round = 0; round < 5; round++) {
      const version = one.snapshot().version;
      assert.equal(await one.commit(version, { putApps: [sampleApp(api, round)] }), 'ok');
      const committed = performance.now();
      await until(() => other.snapshot().version === version + 1);
      assertInTime(performance.now() - committed, 2000);
      assert.equal(other.snapshot().app(api)?.generation, round);
    }
  });

  test('F07 whoever follows has what whoever reads everything has, after any changes by either', async (t) => {
    const shared = await place();
    const { one, other } = await pair(t, shared);
    const seed = drawSeed();
    t.diagnostic(`seed ${seed}`);
    const random = createRandom(seed);
    for (let round = 0; round < 40; round++) {
      const writer = random.pick([one, other]);
      for (;;) {
        if ((await writer.commit(writer.snapshot().version, someChange(random))) === 'ok') break;
      }
    }
    const last = Math.max(one.snapshot().version, other.snapshot().version);
    await until(() => one.snapshot().version === last && other.snapshot().version === last);
    const fresh = await shared.open();
    t.after(() => fresh.close());
    assert.equal(last, 40);
    assert.deepEqual(contentOf(one.snapshot()), contentOf(fresh.snapshot()));
    assert.deepEqual(contentOf(other.snapshot()), contentOf(fresh.snapshot()));
  });

  test('G2 who missed changes that are forgotten reads everything anew', async (t) => {
    const shared = await place();
    const { one, other } = await pair(t, shared);
    await one.commit(0, { putApps: [sampleApp(api)] });
    await until(() => other.snapshot().version === 1);
    await shared.run(`BEGIN; DELETE FROM changes; UPDATE apps SET generation = 9;
      UPDATE meta SET value = '5' WHERE name = 'generation'; COMMIT`);
    await until(() => [one, other].every((each) => each.snapshot().app(api)?.generation === 9));
    assert.equal(await other.commit(1, {}), 'conflict');
    assert.equal(await other.commit(5, { wildcardGrants: 'tokens' }), 'ok');
    await until(() => one.snapshot().version === 6);
    assert.deepEqual(contentOf(other.snapshot()), contentOf(one.snapshot()));
  });

  test('G2 a change too large to be told arrives all the same', async (t) => {
    const { one, other } = await pair(t, await place());
    const apps = Array.from({ length: 1500 }, (_, place_) => sampleApp(appId('local', 'team-a', `app-${place_}`)));
    await one.commit(0, { putApps: apps });
    await until(() => other.snapshot().version === 1);
    assert.equal([...other.snapshot().apps()].length, 1500);
  });

  test('G2 who missed more than can be told in time reads everything anew', async (t) => {
    const shared = await place();
    const { one, other } = await pair(t, shared);
    await one.commit(0, { putApps: [sampleApp(api)] });
    await until(() => other.snapshot().version === 1);
    const issuer = { name: 'i', state: 'active', settings: { text: 'x'.repeat(250_000) } };
    const change = JSON.stringify({ putIssuers: [issuer] });
    const told = Array.from({ length: 40 }, (_, n) => `(${n + 2}, 's${n}', 0, '${change}')`);
    await shared.run(`BEGIN; INSERT INTO changes (generation, stamp, at, change) VALUES ${told.join(', ')};
      UPDATE meta SET value = '41' WHERE name = 'generation'; COMMIT`);
    await until(() => other.snapshot().version === 41);
    assert.equal(other.snapshot().issuer('i'), undefined, 'the rows were read, where there is none');
  });

  test('G5 an older generation is not followed, and the snapshot grows old', async (t) => {
    const shared = await place();
    const { one } = await pair(t, shared);
    await one.commit(0, { putApps: [sampleApp(api)] });
    await one.commit(1, { putApps: [sampleApp(api, 2)] });
    await shared.run(`UPDATE meta SET value = '1' WHERE name = 'generation'`);
    await until(() => one.ageSeconds() > 1.2);
    assert.equal(one.snapshot().app(api)?.generation, 2);
  });

  test('T57 a version that another history gave the same number is read anew', async (t) => {
    const shared = await place();
    const { one } = await pair(t, shared);
    await one.commit(0, { putApps: [sampleApp(api)] });
    await shared.run(`UPDATE changes SET stamp = 'of a server that took over'`);
    await shared.run(`UPDATE apps SET generation = 7`);
    await until(() => one.snapshot().app(api)?.generation === 7);
    assert.equal(await one.commit(1, { wildcardGrants: 'tokens' }), 'ok');
  });

  test('T57 changes of another history are not put on top of ours: a backup came back, and went on beyond it', async (t) => {
    const shared = await place();
    const { one } = await pair(t, shared);
    await one.commit(0, { putApps: [sampleApp(api)] });
    await one.commit(1, { wildcardGrants: 'tokens' });
    await shared.run(`BEGIN; UPDATE meta SET value = 'network-only' WHERE name = 'wildcardGrants';
      UPDATE changes SET stamp = 'of the others' WHERE generation = 2;
      INSERT INTO changes (generation, stamp, at, change) VALUES (3, 'of the others, too', 0, '{}');
      UPDATE meta SET value = '3' WHERE name = 'generation'; COMMIT`);
    await until(() => one.snapshot().version === 3);
    assert.equal(one.snapshot().wildcardGrants, 'network-only');
    assert.equal(await one.commit(3, { putApps: [sampleApp(api, 2)] }), 'ok');
  });

  test('T57 a change is planned on the rows of the history it is made in', async (t) => {
    const shared = await place();
    const { one, other } = await pair(t, shared);
    await one.commit(0, { wildcardGrants: 'tokens' });
    await until(() => other.snapshot().version === 1);
    await shared.run(`BEGIN; UPDATE meta SET value = 'network-only' WHERE name = 'wildcardGrants';
      UPDATE changes SET stamp = 'of the others'; INSERT INTO changes (generation, stamp, at, change)
      VALUES (2, 'of the others, too', 0, '{}'); UPDATE meta SET value = '2' WHERE name = 'generation'; COMMIT`);
    assert.equal(await one.commit(2, { putApps: [sampleApp(api)] }), 'ok');
    assert.equal(one.snapshot().wildcardGrants, 'network-only');
  });

  test('F07 a program goes on on the tables of the next version, beside it', async (t) => {
    const shared = await place();
    const { one } = await pair(t, shared);
    await shared.run('ALTER TABLE apps ADD COLUMN colour TEXT');
    await shared.run('ALTER TABLE clients ADD COLUMN colour TEXT');
    await shared.run('CREATE TABLE colours (name TEXT PRIMARY KEY)');
    await shared.run(`UPDATE meta SET value = '3' WHERE name = 'schema'`);
    const later = await shared.open();
    t.after(() => later.close());
    assert.equal(await later.commit(0, { putApps: [sampleApp(api)] }), 'ok');
    await shared.run(`UPDATE apps SET colour = 'blue'`);
    await until(() => one.snapshot().version === 1);
    assert.equal(await one.commit(1, { putApps: [sampleApp(api, 2)] }), 'ok');
    await shared.run(`INSERT INTO colours SELECT colour FROM apps`);
    await assert.rejects(
      shared.run(`INSERT INTO colours VALUES ('blue')`),
      'the column of the next version is left alone',
    );
  });

  test('F07 tables that a later version closed to this one are refused, and left as they were', async (t) => {
    const shared = await place();
    await (await shared.open()).close();
    await shared.run(`UPDATE meta SET value = '9' WHERE name IN ('schema', 'oldestReader')`);
    await assert.rejects(shared.open(), { name: 'RegistryUnavailable', message: /newer version \(schema 9/ });
    await shared.run(`UPDATE meta SET value = '2' WHERE name IN ('schema', 'oldestReader')`);
    const again = await shared.open();
    t.after(() => again.close());
    assert.equal(again.snapshot().version, 0);
  });
}

async function pair(t: TestContext, shared: SharedPlace): Promise<{ one: Registry; other: Registry }> {
  const [one, other] = [await shared.open(), await shared.open()];
  t.after(() => one.close());
  t.after(() => other.close());
  return { one, other };
}

/** Everything a snapshot says, in an order of its own. */
export function contentOf(snapshot: Snapshot): unknown {
  const apps = [...snapshot.apps()].toSorted((a, b) => a.id.localeCompare(b.id));
  const clients = [...snapshot.clients('tokenx')].toSorted((a, b) => a.app.localeCompare(b.app));
  return {
    version: snapshot.version,
    wildcardGrants: snapshot.wildcardGrants,
    apps,
    clients,
    byId: clients.map(({ clientId }) => snapshot.client('tokenx', clientId)),
    grants: apps.map(({ id }) => snapshot.grantsFor(id)),
    scopes: [...snapshot.scopes()].toSorted((a, b) => a.name.localeCompare(b.name)),
    issuers: [...snapshot.issuers()].toSorted((a, b) => a.name.localeCompare(b.name)),
    resources: clients.map(({ app }) => snapshot.appOfResource(`https://${app.split(':')[2]}.example.test/a/b`)),
    denials: snapshot.denials,
  };
}

function someChange(random: Random): RegistryChange {
  const id = (): App['id'] => appId('local', 'team-a', `app-${random.below(60)}`);
  const [app, target] = [id(), id()];
  const registration = {
    provider: 'tokenx',
    token: {},
    resources: [`https://shared-${random.below(3)}.example.test/`],
  } as const;
  const client = (owner: App['id']): Client => ({
    app: owner,
    provider: 'tokenx',
    clientId: `${owner}-${random.below(2)}`,
    state: 'ready',
    keys: [],
    registration,
  });
  const position = { file: 'apps/a.yaml', line: random.below(99), column: 1, path: 'x' };
  const consumer = { cluster: 'local', namespace: 'team-a', name: `app-${random.below(60)}` };
  const name = app.split(':')[2] ?? '';
  const spec = { ...sampleApp(app).spec, ingresses: [`https://${random.pick([name, 'everybody'])}.example.test/`] };
  const changes: readonly [RegistryChange, ...RegistryChange[]] = [
    { putApps: [{ ...sampleApp(app, random.below(9)), spec }], putClients: [client(app)] },
    { putApps: Array.from({ length: 20 }, () => sampleApp(id())) },
    { removeApps: [app, target] },
    { removeApps: [app], putApps: [sampleApp(app)], putClients: [client(app)] },
    { removeClients: [{ app, provider: 'tokenx' }] },
    {
      replaceGrants: [
        {
          target,
          grants: Array.from({ length: random.below(4) }, () => ({
            target,
            consumer,
            roles: [],
            scopes: ['s'],
            position,
          })),
        },
      ],
    },
    {
      replaceScopes: [
        {
          owner: app,
          scopes: [
            {
              name: `x:${app}/${random.below(2)}`,
              owner: app,
              ownerOrgno: '310000019',
              enabled: true,
              consumers: [],
              accessibleForAll: false,
              atMaxAge: 30,
            },
          ],
        },
      ],
    },
    { wildcardGrants: random.pick(['tokens', 'network-only']) },
    {
      putIssuers: [
        { name: `i${random.below(4)}`, state: random.pick(['active', 'disabled']), settings: { n: random.below(9) } },
      ],
    },
    { removeIssuers: [`i${random.below(4)}`] },
    { putDenials: [{ kind: 'jti', hash: `h${random.below(9)}`, notBefore: 1, expiresAt: random.pick([5, 9e9]) }] },
  ];
  return random.pick(changes);
}
