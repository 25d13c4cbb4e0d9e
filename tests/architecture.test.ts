import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(root, 'src');

/** The import law: each room, and the rooms it may import. A room always imports itself. Keep in step with CONVENTIONS.md. */
const floor1 = ['oauth', 'web', 'store', 'observe', 'settings'];
const floor2 = ['providers', 'registry'];
const everything = [
  'main',
  'up',
  'cli',
  'login',
  'exchange',
  'sidecar',
  'registrar',
  'idp',
  'sdk',
  ...floor2,
  ...floor1,
];
const law: Readonly<Record<string, readonly string[]>> = {
  main: everything,
  up: everything,
  cli: everything,
  login: [...floor2, ...floor1],
  exchange: [...floor2, ...floor1],
  sidecar: [...floor2, ...floor1],
  registrar: [...floor2, ...floor1],
  idp: ['registry', ...floor1],
  sdk: ['oauth'],
  providers: floor1,
  registry: floor1,
  oauth: ['settings'],
  web: ['settings'],
  store: ['settings'],
  observe: ['settings'],
  settings: [],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly to: string;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
  .map((name) => join(src, name));
const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const shipped = files.filter((file) => !file.endsWith('.test.ts') && !file.includes(`${sep}testing${sep}`));

function roomOf(file: string): string {
  const [first = ''] = relative(src, file).split(sep);
  return first.replace(/(?:\.test)?\.ts$/, '');
}

function specifiersIn(text: string): string[] {
  const patterns = [/\bfrom\s+'([^']+)'/g, /\bimport\s+'([^']+)'/g, /\bimport\(\s*'([^']+)'\s*\)/g];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function importsOf(file: string): Import[] {
  return specifiersIn(sources.get(file) ?? '')
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ from: file, specifier, to: resolve(dirname(file), specifier) }));
}

const imports = shipped.flatMap(importsOf);

test('every room of src stands in the import law, and every room of the law exists', () => {
  assert.deepEqual([...new Set(files.map(roomOf))].toSorted(), Object.keys(law).toSorted());
});

test('imports only go down: no room imports one the law does not grant it', () => {
  const broken = imports
    .filter(({ from, to }) => roomOf(from) !== roomOf(to) && !(law[roomOf(from)] ?? []).includes(roomOf(to)))
    .map(({ from, specifier }) => `${relative(root, from)} imports ${specifier}`);
  assert.deepEqual(broken, []);
});

test('the local providers state the facts of a provider themselves: none comes from what clients send them', () => {
  const clientSide = join(src, 'oauth', 'grants') + sep;
  assert.ok(imports.some(({ to }) => to.startsWith(clientSide)));
  assert.deepEqual(
    imports.filter(({ from, to }) => roomOf(from) === 'idp' && to.startsWith(clientSide)),
    [],
  );
});

test('no shipped file imports a test, and every relative import names an existing .ts file', () => {
  const broken = imports.filter(({ to }) => to.endsWith('.test.ts') || !sources.has(to));
  assert.deepEqual(
    broken.map(({ from, specifier }) => `${relative(root, from)}: ${specifier}`),
    [],
  );
});

test('no import climbs higher than it must: no more `..` than leaving the room takes', () => {
  const broken = imports.filter(({ from, specifier, to }) => {
    const shortest = relative(dirname(from), to).split(sep).join('/');
    return specifier !== (shortest.startsWith('.') ? shortest : `./${shortest}`);
  });
  assert.deepEqual(
    broken.map(({ from, specifier }) => `${relative(root, from)}: ${specifier}`),
    [],
  );
});

test('there is no import cycle', () => {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].map((name) => relative(src, name)).join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const { to } of importsOf(file)) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of shipped) visit(file, []);
  assert.deepEqual(cycles, []);
});

test('there is no barrel but the entry points of the SDK, and no `export *` at all', () => {
  const manifest = JSON.parse(readFileSync(join(src, 'sdk', 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const entries = new Set(Object.values(manifest.exports).map((file) => join(src, 'sdk', file)));
  const barrels = shipped.filter((file) => {
    const statements = (sources.get(file) ?? '')
      .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      .split(';')
      .map((statement) => statement.trim())
      .filter(Boolean);
    const onlyHandsOn =
      statements.length > 0 && statements.every((statement) => /^export\b[\s\S]*\bfrom\s+'/.test(statement));
    return statements.some((statement) => /^export\s+\*/.test(statement)) || (onlyHandsOn && !entries.has(file));
  });
  assert.deepEqual(
    barrels.map((file) => relative(root, file)),
    [],
  );
});

test('only main.ts and cli/ read the environment or the arguments; in an application, the SDK may read its environment', () => {
  const readers = shipped.filter((file) => /\bprocess\.(env|argv)\b/.test(sources.get(file) ?? ''));
  assert.deepEqual(
    readers.filter((file) => !['main', 'cli', 'sdk'].includes(roomOf(file))).map((file) => relative(root, file)),
    [],
  );
});

/** What a file imports of modules that open connections; telling addresses apart opens none. */
function socketImports(text: string): string[] {
  const statements = text.matchAll(
    /^import (?!type)(?:\{([^}]*)\}|[^;{]*) from '(?:node:https?|node:http2|node:net|node:tls|undici)'/gm,
  );
  const names = [...statements].flatMap(([, list]) => (list ?? 'everything').split(',').map((name) => name.trim()));
  return names.filter(
    (name) => !['', 'isIP', 'isIPv4', 'isIPv6', 'BlockList'].includes(name) && !name.startsWith('type '),
  );
}

/** The test issuer may listen for programs that cannot be given `fetch`, and the SDK has no other room to ask. */
const LISTENS_IN_TESTS = join(src, 'sdk', 'test-issuer', 'listener.ts');

test('node:http, node:https, node:http2 and undici stay in web/ (and `up` asks whether an app listens): nobody else knows sockets', () => {
  const broken = shipped.filter(
    (file) =>
      !['web', 'up'].includes(roomOf(file)) &&
      file !== LISTENS_IN_TESTS &&
      socketImports(sources.get(file) ?? '').length > 0,
  );
  assert.deepEqual(
    broken.map((file) => relative(root, file)),
    [],
  );
});

test('examples import only what anybody could: @fullmakt/sdk, Node, and each other', () => {
  const examples = join(root, 'examples');
  const broken = readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const file = join(examples, name);
      return specifiersIn(readFileSync(file, 'utf8'))
        .filter((specifier) => {
          const inside = specifier.startsWith('.') && resolve(dirname(file), specifier).startsWith(examples + sep);
          return !inside && !specifier.startsWith('node:') && !/^@fullmakt\/sdk(\/|$)/.test(specifier);
        })
        .map((specifier) => `examples/${name} imports ${specifier}`);
    });
  assert.deepEqual(broken, []);
});
