import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configurationPage } from '../scripts/configuration-page.ts';
import { help } from '../src/cli/help.ts';
import { LOGIN_EVENTS } from '../src/login/events.ts';
import { OWN_ROUTES } from '../src/login/own-routes.ts';
import { ERRORS } from '../src/login/pages/errors.ts';
import { PAGE_TEXTS } from '../src/login/pages/page-texts.ts';
import { PAGES } from '../src/login/testing/pages.ts';
import type { EventRule } from '../src/observe/events.ts';
import { apiRoutes } from '../src/sidecar/api-routes.ts';
import { sidecarEvents } from '../src/sidecar/events.ts';
import { probeRoutes } from '../src/sidecar/probe-routes.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].toSorted();
}

test('W15 settings-table-equals-docs: docs/configuration.md is what the settings tables say', () => {
  assert.equal(read('docs/configuration.md'), configurationPage(), 'run `npm run docs`');
});

test('docs/dependencies.md names every run-time dependency and no other', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  assert.deepEqual(matches(read('docs/dependencies.md'), /^\| `([^`]+)`/gm), Object.keys(dependencies).toSorted());
});

test('the SDK has no run-time dependency', () => {
  assert.equal(JSON.parse(read('src/sdk/package.json')).dependencies, undefined);
});

test('docs/architecture.md and CONVENTIONS.md name every room', () => {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).map((entry) =>
    entry.name.replace(/(\.test)?\.ts$/, ''),
  );
  for (const page of ['docs/architecture.md', 'CONVENTIONS.md']) {
    const missing = rooms.filter((room) => !read(page).includes(`\`${room}`) && !read(page).includes(`${room}/\``));
    assert.deepEqual(missing, [], `${page} does not name them`);
  }
});

test('docs/architecture.md names every folder of the login proxy, the sidecar, the library and what these two share', () => {
  const page = read('docs/architecture.md');
  const headings = { login: 'The login proxy', oauth: 'Tokens', sidecar: 'Tokens', sdk: 'Tokens' };
  for (const [room, heading] of Object.entries(headings)) {
    const [, section = ''] = page.split(`\n## ${heading}`);
    const [, rows = ''] = section.split('\n## ')[0]?.split(`| in \`${room}/\``) ?? [];
    const entries = readdirSync(join(root, 'src', room), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    assert.deepEqual(
      folders.filter((name) => name !== 'testing' && !(rows.split('\n\n')[0] ?? '').includes(`\`${name}/\``)),
      [],
      room,
    );
  }
});

test('docs/endpoints.md lists the own routes of the login proxy, with their methods, and no others', () => {
  const rows = [...read('docs/endpoints.md').matchAll(/^\| `P\/oauth2\/([^`]+)` \| ([A-Z, ]+) \|/gm)];
  const documented = rows.map(([, path = '', methods = '']) => [path, methods.split(', ').toSorted()]);
  const built = [...OWN_ROUTES].map(([path, { methods }]) => [path, [...methods].toSorted()]);
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(built));
});

function unasked(): never {
  return assert.fail('nobody asks');
}

test('docs/endpoints.md lists the routes of the sidecar, with their methods, and no others', () => {
  const [, after = ''] = read('docs/endpoints.md').split('\n## Sidecar\n');
  const [section = ''] = after.split('\n## ');
  const rows = [...section.matchAll(/^\| `(\/[^`]+)` \| ([A-Z, ]+) \|/gm)];
  const documented = rows.flatMap(([, path = '', methods = '']) =>
    methods.split(', ').map((each) => `${each} ${path}`),
  );
  const routes = apiRoutes(unasked, unasked).map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(documented.toSorted(), routes.toSorted());
  const [, probes = ''] = /\nOn the probe listener[^:]*: ([^(]*)/.exec(section) ?? [];
  const probed = probeRoutes({ ready: unasked, metrics: unasked, accepting: unasked }).map(({ path }) => path);
  assert.deepEqual(matches(probes, /`(\/[^`]*)`/g), probed.toSorted());
});

test('docs/endpoints.md names every path that a route table of the other programs holds, and nothing that is in none', () => {
  const tables = [
    'exchange/app',
    'exchange/operators/admin',
    'exchange/registration/registration',
    'exchange/figures',
    'exchange/health',
    'exchange/discovery',
    'sidecar/api-routes',
    'sidecar/probe-routes',
    'web/health',
  ];
  const providers = ['idporten', 'entra', 'maskinporten', 'graph', 'openid'].map((name) => `idp/routes/${name}`);
  const control = readdirSync(join(root, 'src/idp/control'))
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => `idp/control/${name.replace(/\.ts$/, '')}`);
  const held = [...tables, ...providers, ...control];
  // A table that moves stays held to the page.
  const written = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('testing'))
    .filter((file) => /\bmethod: '[A-Z]+',\s*path: '/.test(read(`src/${file}`)))
    .map((file) => file.replaceAll('\\', '/').replace(/\.ts$/, ''));
  assert.deepEqual(
    written.filter((file) => !held.includes(file)),
    [],
  );
  const sources = held.map((file) => read(`src/${file}.ts`)).join('\n');
  const page = read('docs/endpoints.md');
  const built = matches(
    sources,
    /(?:path: |path = |one = |all = |get\(|post\(|on\(|document\(site, |route\('[A-Z]+', |making\(|removing\()'(\/[^']*)'/g,
  );
  assert.ok(built.length > 40, `found only ${built.join(' ')}`);
  assert.deepEqual(
    built.filter((path) => !page.includes(`\`${path}\``)),
    [],
  );
  const documented = matches(page, /`(\/[a-z:.][^`]*)`/g);
  const stems = documented.filter(
    (path) =>
      !sources.includes(`${path}'`) &&
      !sources.includes(`${path}\``) &&
      !sources.includes(path.split('/').at(-1) ?? path),
  );
  assert.deepEqual(stems, []);
});

test('docs/local-providers.md names only fields of clients that are read, and every fault and setting it names is one', () => {
  const page = read('docs/local-providers.md');
  const [, clients = ''] = /## Clients\n([\s\S]*?)\n## /.exec(page) ?? [];
  const readers = [
    'clients/file',
    'clients/openid-client',
    ...['idporten', 'entra', 'maskinporten', 'scopes'].map((name) => `control/client-${name}`),
  ];
  const source = readers.map((file) => read(`src/idp/${file}.ts`)).join('\n');
  const fields = matches(clients, /`([a-z]+(?:_[a-z]+)+|[a-z]+[A-Z][A-Za-z]+)(?:\[\])?(?:\.\w+)?`/g);
  assert.ok(fields.length > 30, `found only ${fields.join(' ')}`);
  const values = new Set(['private_key_jwt', 'client_secret_basic']);
  assert.deepEqual(
    fields.filter((field) => !values.has(field) && !new RegExp(`\\b${field}\\b`).test(source)),
    [],
  );
  const settings = matches(page, /(FULLMAKT_IDP_\w+)/g);
  assert.deepEqual(
    settings.filter((name) => !read('docs/configuration.md').includes(`\`${name}\``)),
    [],
  );
  for (const fault of matches(page, /"fault": "([^"]+)"/g))
    assert.match(read('src/idp/faults.ts'), new RegExp(`'${fault}'`));
});

test('docs/errors.md lists every fm_reason of TokenX and every code of the SDK, and no others', () => {
  const [tokenx = '', rest = ''] = read('docs/errors.md').split('## SDK');
  const unions = ['errors', 'registration/registration-errors']
    .map((name) => read(`src/exchange/${name}.ts`))
    .join('\n');
  const reasons = matches(unions, /^  \| '([a-z-]+)'/gm);
  const codes = matches(read('src/sdk/auth-error.ts'), /\| '([a-z_]+)'/g);
  assert.ok(reasons.length > 20 && codes.length > 10, `found ${reasons.length} reasons and ${codes.length} codes`);
  assert.deepEqual(matches(tokenx, /^\| `([a-z-]+)`/gm), reasons);
  assert.deepEqual(matches(rest, /^\| `([a-z_]+)`/gm), codes);
});

test('docs/errors.md lists the pages and errors of the login proxy under the words they have', () => {
  const [, login = ''] = read('docs/errors.md').split('## Login proxy');
  const rows = [...(login.split('## ')[0] ?? '').matchAll(/^\| ([A-Z][^|]*?) \| \d{3} \| `([a-z_]+)` \|/gm)];
  const names = PAGES.filter((name) => !['confirm-logout', 'logging-out', 'signed-out', 'signed-in'].includes(name));
  assert.deepEqual(
    rows.map(([, title, error]) => `${title}: ${error}`).toSorted(),
    names.map((name) => `${PAGE_TEXTS.en.pages[name].title}: ${ERRORS[name].error}`).toSorted(),
  );
});

test('README names only files that exist and commands that --help knows', () => {
  const readme = read('README.md');
  const files = matches(readme, /\]\((?!https?:)([^)#]+)\)/g);
  assert.deepEqual(
    files.filter((file) => !existsSync(join(root, file))),
    [],
  );
  for (const command of matches(readme, /`fullmakt (\w+)/g)) assert.match(help, new RegExp(`fullmakt ${command}`));
});

test('docs/login-proxy.md lists every metric of the login proxy with its labels, and no others', () => {
  const page = read('docs/login-proxy.md');
  const documented = [...page.matchAll(/^\| `(fullmakt_login_\w+)` \| ([^|]*) \|/gm)].map(
    ([, name = '', labels = '']) => [name, matches(labels, /`(\w+)`/g)] as const,
  );
  const rules = Object.values<EventRule>(LOGIN_EVENTS).flatMap(({ counter, histogram, gauge }) =>
    [counter, histogram, gauge].flatMap((rule) => (rule === undefined ? [] : [rule])),
  );
  const built = rules.map(({ name, labels }) => [name, [...labels].toSorted()] as const);
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(built));
});

test('docs/migrating-from-texas.md lists every metric of the sidecar with its labels, and no others', () => {
  const rows = read('docs/migrating-from-texas.md').matchAll(/^\| [^|]*\| `(fullmakt_sidecar_\w+)` \| ([^|]*) \|/gm);
  const documented = [...rows].map(([, name = '', labels = '']) => [name, matches(labels, /`(\w+)`/g)] as const);
  const rules = Object.values<EventRule>(sidecarEvents)
    .flatMap((rule) => [rule, ...(rule.also ?? [])])
    .flatMap(({ counter, histogram, gauge }) => [counter, histogram, gauge].filter((each) => each !== undefined));
  const built = rules.map(({ name, labels }) => [name, [...labels].toSorted()] as const);
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(built));
});
