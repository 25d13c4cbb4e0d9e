import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSqliteRegistry } from '../registry/registry.ts';
import { createRegistrar } from './registrar.ts';
import { bench, manifest, now, platform, put } from './testing/bench.ts';
import { api, CITIZEN, front } from './testing/citizen.ts';

const root = mkdtempSync(join(tmpdir(), 'fullmakt-registrar-'));
after(() => rmSync(root, { recursive: true }));

/** Every path of a folder with the time it was written. */
function modified(folder: string): string {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return JSON.stringify(paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]));
}

test('a restart with unchanged manifests writes nothing and keeps every key (section 3)', async (t) => {
  const file = join(root, 'restart.sqlite');
  const first = await openSqliteRegistry(file, { now });
  const one = bench(t, CITIZEN, first);
  await one.registrar.start();
  const before = one.registrar.environmentOf(front);
  await one.registrar.close();
  await first.close();
  const second = await openSqliteRegistry(file, { now });
  t.after(async () => second.close());
  const { dir } = one;
  const state = modified(join(dir, '.fullmakt'));
  const config = { label: 'apps', cluster: 'local', wildcardGrants: 'network-only', naisIdentityMode: 'both' } as const;
  const rest = {
    entraTenants: [],
    entraTenant: 'tenant-1',
    entraPasswords: true,
    rereadSeconds: 3600,
    tokenxKeyAlgorithm: 'RS256' as const,
  };
  const registrar = createRegistrar(
    { dir, stateDir: join(dir, '.fullmakt'), ...config, ...rest, allowMassDelete: false, nextKeysAfterSeconds: 3600 },
    { registry: second, now, platform, emit: () => {} },
  );
  t.after(() => registrar.close());
  const version = second.snapshot().version;
  const outcome = await registrar.start();
  assert.equal(second.snapshot().version, version);
  assert.deepEqual([outcome.created, outcome.changed], [[], []]);
  assert.deepEqual(registrar.environmentOf(front), before);
  assert.equal(modified(join(dir, '.fullmakt')), state);
});

test('a manifest with an Error keeps its last good version, and the others proceed', async (t) => {
  const { registrar, registry, events, dir } = bench(t, CITIZEN);
  await registrar.start();
  put(dir, {
    'a/api.yaml': manifest('api', 'tokenx: {enabld: true}'),
    'a/third.yaml': manifest('third', 'tokenx: {enabled: true}'),
    'a/bad.yaml': manifest('bad', 'port: x'),
  });
  const outcome = await registrar.apply();
  assert.deepEqual(outcome.created, ['local:a:third']);
  assert.deepEqual(outcome.held, []);
  assert.ok(registry.snapshot().clientOf(api, 'azure'), 'still the last good version');
  assert.equal(registry.snapshot().app('local:a:bad'), undefined);
  assert.deepEqual(
    events.flatMap((event) => (event.event === 'manifest.invalid' ? [event.text] : [])),
    [
      'apps/a/api.yaml:5:12 error unknown-field spec.tokenx.enabld: no such field; did you mean "enabled"?',
      'apps/a/bad.yaml:5:9 error wrong-type spec.port: expected a whole number, found text',
    ],
  );
  const status = JSON.parse(readFileSync(join(dir, '.fullmakt/status/a/api.json'), 'utf8'));
  assert.equal(status.problems[0].code, 'unknown-field');
  const told = events.length;
  await registrar.apply();
  assert.equal(events.length, told, 'a problem is told once');
});

test('losing a rule is told and takes effect; losing a provider takes its client and keys', async (t) => {
  const { registrar, registry, dir } = bench(t, CITIZEN);
  await registrar.start();
  const generation = registry.snapshot().app(api)?.generation;
  put(dir, { 'a/api.yaml': manifest('api', 'tokenx: {enabled: true}') });
  const outcome = await registrar.apply();
  assert.deepEqual(outcome.loses, [{ consumer: front, target: api, provider: 'tokenx' }]);
  assert.equal(registry.snapshot().clientOf(api, 'azure'), undefined);
  assert.deepEqual([...new Set((await registry.keys(api)).map((key) => key.provider))], ['tokenx']);
  assert.equal(registry.snapshot().app(api)?.generation, (generation ?? 0) + 1);
});

test('a removed manifest takes its app and credentials along; a re-created one gets a new uid and new keys (13)', async (t) => {
  const { registrar, registry, dir } = bench(t, CITIZEN);
  await registrar.start();
  const [uid, kids] = [registry.snapshot().app(api)?.uid, (await registry.keys(api)).map((key) => key.kid)];
  rmSync(join(dir, 'a/api.yaml'));
  assert.deepEqual((await registrar.apply()).removed, [api]);
  assert.equal(registry.snapshot().app(api), undefined);
  assert.equal(registrar.environmentOf(api), undefined);
  assert.deepEqual(readdirSync(join(dir, '.fullmakt/run/a')), ['front']);
  put(dir, CITIZEN);
  await registrar.apply();
  assert.notEqual(registry.snapshot().app(api)?.uid, uid);
  for (const key of await registry.keys(api)) assert.ok(!kids.includes(key.kid));
});

test('an emptied, missing or half unreadable folder deletes nothing (D3)', async (t) => {
  const { registrar, registry, dir, events } = bench(t, CITIZEN);
  await registrar.start();
  const { version } = registry.snapshot();
  const attempts: readonly (() => void)[] = [
    () => renameSync(join(dir, 'a'), join(dir, '.gone')),
    () => {
      put(dir, { 'b/x.yaml': 'a: [' });
    },
    () => renameSync(dir, `${dir}-moved`),
  ];
  for (const attempt of attempts) {
    attempt();
    assert.deepEqual((await registrar.apply()).held, [api, front]);
    assert.equal(registry.snapshot().version, version);
  }
  assert.equal(events.filter((event) => event.event === 'prune.held').length, 1);
});

test('many apps at once are held until it is allowed (D4)', async (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`a/app-${index}.yaml`, manifest(`app-${index}`, 'port: 8080')]),
  );
  const { registrar, dir, again, registry } = bench(t, { ...many, 'a/stays.yaml': manifest('stays', 'port: 8080') });
  await registrar.start();
  for (const name of Object.keys(many).slice(0, 4)) rmSync(join(dir, name));
  const held = await registrar.apply();
  assert.equal(held.held.length, 4);
  assert.equal(held.problems.filter(({ problem }) => problem.code === 'prune-held').length, 4);
  assert.equal([...registry.snapshot().apps()].length, 7);
  put(dir, many);
  for (const name of Object.keys(many).slice(0, 3)) rmSync(join(dir, name));
  assert.equal((await again().start()).removed.length, 3);
});

test('a saved file is noticed and applied without being asked', async (t) => {
  const { registrar, dir } = bench(t, CITIZEN);
  await registrar.start();
  const keepAlive = setTimeout(() => {}, 10_000);
  const applied = new Promise<readonly string[]>((resolve) =>
    registrar.onApplied((outcome) => resolve(outcome.changed)),
  );
  put(dir, { 'a/api.yaml': manifest('api', 'tokenx: {enabled: true}') });
  assert.deepEqual(await applied, [api]);
  clearTimeout(keepAlive);
});
