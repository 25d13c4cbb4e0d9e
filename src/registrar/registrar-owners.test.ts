import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appId } from '../registry/app-id.ts';
import type { AppId } from '../registry/app-id.ts';
import type { RegistryChange } from '../registry/contract.ts';
import type { App } from '../registry/model.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import type { Registry } from '../registry/registry.ts';
import type { ApplyOutcome } from './outcome.ts';
import { bench, manifest, now, put } from './testing/bench.ts';

const TOKENX = 'tokenx: {enabled: true}';
const [mine, theirs] = [appId('local', 'a', 'mine'), appId('local', 'a', 'theirs')];

const errors = ({ problems }: ApplyOutcome): readonly string[] =>
  problems.filter(({ problem }) => problem.type !== 'Info').map(({ id, problem }) => `${problem.code} ${id}`);

/** An app as an operator registers it at TokenX. */
function registered(id: AppId): RegistryChange {
  const spec: App['spec'] = {
    ingresses: [],
    port: 0,
    upstream: { host: '', port: 0 },
    identity: { mode: 'keys', serviceAccount: 'x' },
    tokenx: { token: {} },
    inbound: [],
    outbound: [],
  };
  const row = { uid: `uid ${id}`, generation: 1, hash: 'h', state: 'active', kind: 'Registration' } as const;
  return {
    putApps: [{ id, ...row, source: 'operator:jwker', spec }],
    putClients: [
      {
        app: id,
        provider: 'tokenx',
        clientId: id,
        state: 'ready',
        keys: [],
        registration: { provider: 'tokenx', token: {} },
      },
    ],
  };
}

async function registryWith(...ids: readonly AppId[]): Promise<Registry> {
  const registry = createMemoryRegistry({ now });
  for (const id of ids) await registry.commit(registry.snapshot().version, registered(id));
  return registry;
}

const rowsOf = (registry: Registry, id: AppId): unknown => [
  registry.snapshot().app(id),
  registry.snapshot().clientOf(id, 'tokenx'),
  registry.snapshot().grantsFor(id),
];

test('T2, one owner: a manifest of an app that an operator registered is an Error naming the operator, and changes nothing', async (t) => {
  const registry = await registryWith(theirs);
  const before = rowsOf(registry, theirs);
  const files = { 'a/mine.yaml': manifest('mine', TOKENX), 'a/theirs.yaml': manifest('theirs', TOKENX) };
  const { registrar, dir } = bench(t, files, registry);
  const outcome = await registrar.start();
  assert.deepEqual(errors(outcome), [`duplicate-app ${theirs}`]);
  assert.deepEqual(outcome.created, [mine]);
  const found = outcome.problems.find(({ problem }) => problem.code === 'duplicate-app');
  assert.match(found?.problem.message ?? '', /operator:jwker/);
  assert.match(found?.problem.file ?? '', /theirs\.yaml$/);
  assert.deepEqual(rowsOf(registry, theirs), before);
  const status = JSON.parse(readFileSync(join(dir, '.fullmakt/status/a/theirs.json'), 'utf8'));
  assert.deepEqual([status.state, status.ready, status.clients], ['absent', false, []]);
  assert.equal(status.problems[0].code, 'duplicate-app');
});

test('T2: once the operator has removed it, the manifest is applied', async (t) => {
  const registry = await registryWith(theirs);
  const { registrar } = bench(t, { 'a/theirs.yaml': manifest('theirs', TOKENX) }, registry);
  assert.deepEqual(errors(await registrar.start()), [`duplicate-app ${theirs}`]);
  await registry.commit(registry.snapshot().version, { removeApps: [theirs] });
  const outcome = await registrar.apply();
  assert.deepEqual([errors(outcome), outcome.created], [[], [theirs]]);
  assert.equal(registry.snapshot().app(theirs)?.source, undefined);
});

test('D3, D4, T2: apps of operators are never pruned, and do not count as missing', async (t) => {
  const many = Array.from({ length: 30 }, (_, place) => appId('local', 'b', `app-${place}`));
  const registry = await registryWith(...many);
  const before = many.map((id) => rowsOf(registry, id));
  const { registrar, dir } = bench(
    t,
    { 'a/mine.yaml': manifest('mine', TOKENX), 'a/last.yaml': manifest('last', TOKENX) },
    registry,
    {
      allowMassDelete: true,
    },
  );
  assert.deepEqual((await registrar.start()).held, []);
  rmSync(join(dir, 'a/mine.yaml'));
  const outcome = await registrar.apply();
  assert.deepEqual([outcome.removed, outcome.held], [[mine], []]);
  assert.deepEqual(
    many.map((id) => rowsOf(registry, id)),
    before,
  );
});

test('T2: credentials, run folders, status files and keys are for apps of manifests alone', async (t) => {
  const registry = await registryWith(theirs);
  const { registrar, dir } = bench(t, { 'a/mine.yaml': manifest('mine', TOKENX) }, registry);
  const outcome = await registrar.start();
  assert.deepEqual(outcome.environments, [mine]);
  assert.equal(registrar.environmentOf(theirs), undefined);
  assert.deepEqual(readdirSync(join(dir, '.fullmakt/run/a')), ['mine']);
  assert.ok(!existsSync(join(dir, '.fullmakt/status/a/theirs.json')));
  assert.deepEqual(
    (await registry.keys()).map(({ app }) => app).filter((app) => app !== mine),
    [],
  );
});

test('T2: a rule may name an app that an operator registered', async (t) => {
  const registry = await registryWith(theirs);
  const rules = `${TOKENX}\naccessPolicy: {inbound: {rules: [{application: theirs}, {application: nobody}]}}`;
  const { registrar } = bench(t, { 'a/mine.yaml': manifest('mine', rules) }, registry);
  const outcome = await registrar.start();
  const unknown = outcome.problems.filter(({ problem }) => problem.code === 'unknown-consumer');
  assert.deepEqual(
    unknown.map(({ problem }) => problem.source),
    ['spec.accessPolicy.inbound.rules[1]'],
  );
});

test('T2: an operator that registers an app while its manifest is being applied keeps it, and the next words say so', async (t) => {
  const rows = createMemoryRegistry({ now });
  const registry: Registry = {
    ...rows,
    async commit(version, change) {
      if (rows.snapshot().app(theirs) === undefined) await rows.commit(rows.snapshot().version, registered(theirs));
      return rows.commit(version, change);
    },
  };
  const { registrar, dir } = bench(t, { 'a/theirs.yaml': manifest('theirs', TOKENX) }, registry);
  put(dir, { 'a/mine.yaml': manifest('mine', TOKENX) });
  const outcome = await registrar.start();
  assert.deepEqual(errors(outcome), [`duplicate-app ${theirs}`]);
  assert.deepEqual(outcome.created, [mine]);
  assert.equal(registry.snapshot().app(theirs)?.source, 'operator:jwker');
  assert.equal((await registry.keys(theirs)).length, 0);
});
