import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteRegistry } from '../registry/registry.ts';
import type { Registry } from '../registry/registry.ts';
import type { ApplyOutcome } from './outcome.ts';
import { bench, manifest, now, put } from './testing/bench.ts';
import type { Files } from './testing/bench.ts';

async function inFile(t: { after(step: () => Promise<void>): void }): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-rows-'));
  const registry = await openSqliteRegistry(join(folder, 'registry.sqlite'), { now });
  t.after(async () => {
    await registry.close();
    rmSync(folder, { recursive: true });
  });
  return registry;
}

const errors = ({ problems }: ApplyOutcome): readonly string[] =>
  problems.filter(({ problem }) => problem.type === 'Error').map(({ id, problem }) => `${problem.code} ${id}`);

function exposing(name: string, ...scopes: readonly string[]): string {
  const exposes = scopes.map((scope) => `{enabled: true, product: permits, name: ${scope}}`).join(', ');
  return manifest(name, `maskinporten: {enabled: true, scopes: {exposes: [${exposes}]}}`);
}

const at = (name: string, ...ingresses: readonly string[]): string =>
  manifest(name, `ingresses: [${ingresses.join(', ')}]`);

test('a scope has one owner, and a second one stops nobody but itself (section 3)', async (t) => {
  const both: Files = { 'a/one.yaml': exposing('one', 'read'), 'a/two.yaml': exposing('two', 'read') };
  const { registrar, registry, dir } = bench(t, { ...both, 'a/other.yaml': at('other') }, await inFile(t));
  assert.deepEqual(errors(await registrar.start()), ['scope-owned local:a:two']);
  assert.equal(registry.snapshot().scope('example:permits:read')?.owner, 'local:a:one');
  assert.notEqual(registry.snapshot().app('local:a:other'), undefined);
  // The owner keeps it, wherever a newcomer stands in the order of files.
  put(dir, { 'a/aaa.yaml': exposing('aaa', 'read'), 'a/two.yaml': at('two') });
  assert.deepEqual(errors(await registrar.apply()), ['scope-owned local:a:aaa']);
  assert.equal(registry.snapshot().scope('example:permits:read')?.owner, 'local:a:one');
});

test('a scope can go from one app to another in one read, in either direction', async (t) => {
  const registry = await inFile(t);
  const { registrar, dir } = bench(
    t,
    { 'a/one.yaml': exposing('one', 'x', 'z'), 'a/two.yaml': exposing('two', 'y') },
    registry,
  );
  await registrar.start();
  put(dir, { 'a/one.yaml': exposing('one', 'y', 'z'), 'a/two.yaml': exposing('two', 'x') });
  assert.deepEqual(errors(await registrar.apply()), []);
  const owner = (name: string): unknown => registry.snapshot().scope(`example:permits:${name}`)?.owner;
  assert.deepEqual(['x', 'y', 'z'].map(owner), ['local:a:two', 'local:a:one', 'local:a:one']);
});

test('a scope that is exposed twice by one app is a conflict of that app alone', async (t) => {
  const { registrar, registry } = bench(
    t,
    { 'a/one.yaml': exposing('one', 'x', 'x'), 'a/two.yaml': at('two') },
    await inFile(t),
  );
  assert.deepEqual(errors(await registrar.start()), ['conflict local:a:one']);
  assert.notEqual(registry.snapshot().app('local:a:two'), undefined);
});

test('an app whose manifest is broken keeps its ingresses and scopes: nobody takes them over (security.md 56)', async (t) => {
  const good = manifest('api', 'ingresses: [https://api.example.no/x]');
  const { registrar, registry, dir } = bench(t, { 'b/api.yaml': good, 'b/own.yaml': exposing('own', 'read') });
  await registrar.start();
  put(dir, {
    'b/api.yaml': good.replace('ingresses', 'ingrsses'),
    'b/own.yaml': exposing('own', 'read').replace('enabled', 'enabeld'),
    'a/thief.yaml': at('thief', 'https://api.example.no/x'),
    'a/other.yaml': exposing('other', 'read'),
  });
  const outcome = await registrar.apply();
  assert.deepEqual(errors(outcome).toSorted(), [
    'ingress-taken local:a:thief',
    'scope-owned local:a:other',
    'unknown-field local:b:api',
    'unknown-field local:b:own',
  ]);
  assert.equal(registry.snapshot().app('local:a:thief'), undefined);
  // Neither does one that comes first in the order of files, once the manifest is whole again.
  put(dir, { 'b/api.yaml': good, 'b/own.yaml': exposing('own', 'read') });
  assert.deepEqual(errors(await registrar.apply()).toSorted(), [
    'ingress-taken local:a:thief',
    'scope-owned local:a:other',
  ]);
});

test('an ingress is the same with and without a slash at its end', async (t) => {
  const { registrar } = bench(t, {
    'a/one.yaml': at('one', 'https://a.example.no/x'),
    'a/two.yaml': at('two', 'https://A.example.no/x/'),
  });
  assert.deepEqual(errors(await registrar.start()), ['ingress-taken local:a:two']);
});

test('an app that is renamed takes its ingress and scopes along', async (t) => {
  const { registrar, registry, dir } = bench(
    t,
    { 'a/old.yaml': exposing('old', 'read'), 'a/web.yaml': at('web', 'https://a.no') },
    await inFile(t),
  );
  await registrar.start();
  rmSync(join(dir, 'a/old.yaml'));
  rmSync(join(dir, 'a/web.yaml'));
  put(dir, { 'a/new.yaml': exposing('new', 'read'), 'a/www.yaml': at('www', 'https://a.no') });
  assert.deepEqual(errors(await registrar.apply()), []);
  assert.equal(registry.snapshot().scope('example:permits:read')?.owner, 'local:a:new');
});

test('a link that leads nowhere, as in the middle of a swap, deletes nothing (D1, D3)', async (t) => {
  const real = mkdtempSync(join(tmpdir(), 'fullmakt-links-'));
  t.after(() => rmSync(real, { recursive: true }));
  const { registrar, registry, dir } = bench(t, {
    'a/one.yaml': at('one'),
    '.v1/b.yaml': at('two'),
    '.v1/ns/c.yaml': at('three'),
  });
  symlinkSync('../.v1/b.yaml', join(dir, 'a/two.yaml'));
  symlinkSync('.v1/ns', join(dir, 'linked'));
  await registrar.start();
  const ids = (): readonly string[] => [...registry.snapshot().apps()].map(({ id }) => id);
  assert.deepEqual(ids(), ['local:a:one', 'local:a:two', 'local:linked:three']);
  rmSync(join(dir, '.v1'), { recursive: true });
  const outcome = await registrar.apply();
  assert.deepEqual([outcome.removed, outcome.held], [[], ['local:a:two', 'local:linked:three']]);
  assert.deepEqual(ids(), ['local:a:one', 'local:a:two', 'local:linked:three']);
});

test('credentials and status of an app that went while nobody watched are taken away at the next start (13)', async (t) => {
  const { registrar, dir, again } = bench(t, {
    'a/one.yaml': manifest('one', 'tokenx: {enabled: true}'),
    'a/two.yaml': at('two'),
  });
  await registrar.start();
  await registrar.close();
  const left = ['run/a/one', 'status/a/one.json'].map((path) => join(dir, '.fullmakt', path));
  assert.deepEqual(
    left.map((path) => existsSync(path)),
    [true, true],
  );
  rmSync(join(dir, 'a/one.yaml'));
  await again().start();
  assert.deepEqual(
    left.map((path) => existsSync(path)),
    [false, false],
  );
  assert.equal(existsSync(join(dir, '.fullmakt/run/a/two')), true);
});

test('a state folder that others could look into is closed to them (D5)', async (t) => {
  const { dir, again } = bench(t, { 'a/one.yaml': at('one') });
  const stateDir = join(dir, '.fullmakt');
  rmSync(stateDir, { recursive: true });
  put(dir, { '.fullmakt/x': '' });
  again();
  assert.equal(statSync(stateDir).mode & 0o777, 0o700);
  writeFileSync(join(stateDir, 'y'), '');
});
