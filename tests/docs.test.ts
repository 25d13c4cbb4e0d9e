import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configurationPage } from '../scripts/configuration-page.ts';
import { help } from '../src/cli/help.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].toSorted();
}

/** The rows of the first column of every table under a heading. */
function firstColumn(page: string, heading: string): string[] {
  const [, section = ''] = page.split(new RegExp(`^## ${heading}$`, 'm'));
  return matches(section.split(/^## /m)[0] ?? '', /^\| `([^`]+)`/gm);
}

test('docs/configuration.md is what the settings tables say', () => {
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
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).map((entry) => entry.name.replace(/\.ts$/, ''));
  for (const page of ['docs/architecture.md', 'CONVENTIONS.md']) {
    const missing = rooms.filter((room) => !read(page).includes(`\`${room}`) && !read(page).includes(`${room}/\``));
    assert.deepEqual(missing, [], `${page} does not name them`);
  }
});

const programs = ['login', 'exchange', 'sidecar', 'idp'];

for (const program of programs) {
  test(`docs/endpoints.md lists the routes of ${program}, and no others`, () => {
    const folder = join(root, 'src', program);
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(^|\/)(app|routes|endpoints)[^/]*\.ts$/.test(name) && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
    const routes = matches(sources, /\b(?:path|suffix): ['`]([^'`]+)['`]/g);
    assert.ok(routes.length > 0, `no routes found in src/${program}`);
    assert.deepEqual(firstColumn(read('docs/endpoints.md'), program), routes);
  });
}

test('docs/errors.md lists every fm_reason of TokenX and every code of the SDK', () => {
  const listed = new Set(matches(read('docs/errors.md'), /^\| `([^`]+)`/gm));
  const reasons = matches(read('src/exchange/errors.ts'), /^\s+'?([a-z]+(?:-[a-z]+)*)'?: \{/gm);
  const codes = matches(read('src/sdk/auth-error.ts'), /\| '([a-z_]+)'/g);
  assert.ok(reasons.length > 20 && codes.length > 10, `found ${reasons.length} reasons and ${codes.length} codes`);
  assert.deepEqual([...reasons, ...codes].filter((each) => !listed.has(each)), []);
});

test('README names only files that exist and commands that --help knows', () => {
  const readme = read('README.md');
  const files = matches(readme, /\]\((?!https?:)([^)#]+)\)/g);
  assert.deepEqual(files.filter((file) => !existsSync(join(root, file))), []);
  for (const command of matches(readme, /`fullmakt (\w+)/g)) assert.match(help, new RegExp(`fullmakt ${command}`));
});
