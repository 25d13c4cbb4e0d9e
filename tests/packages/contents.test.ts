import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { buildCommand } from '../../scripts/build/command.ts';
import { buildSdk } from '../../scripts/build/sdk.ts';

/* What a registry shows of both packages, and what whoever installs them finds. */

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-contents-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
buildSdk('0.0.0', join(folder, 'sdk'));
await buildCommand('0.0.0', join(folder, 'command'));

/** The files of a package, by their paths in it. */
function filesOf(name: string): readonly string[] {
  const args = ['pack', '--dry-run', '--json'];
  const told = execFileSync('npm', args, { cwd: join(folder, name), encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(told)[0].files.map(({ path }: { readonly path: string }) => path);
}

const MEMBERS = ['name', 'version', 'description', 'keywords', 'license', 'engines', 'type', 'files', 'publishConfig'];

for (const [name, own] of [
  ['sdk', ['exports', 'sideEffects', 'peerDependencies']],
  ['command', ['bin']],
] as const) {
  test(`the manifest of the packed ${name} has all that a registry shows and nothing that runs when it is installed`, () => {
    const manifest = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
    const empty = [...MEMBERS, ...own].filter((member) => {
      const value: unknown = manifest[member];
      return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    });
    assert.deepEqual(empty, []);
    assert.ok(manifest.keywords.length >= 5, String(manifest.keywords));
    assert.equal(manifest.type, 'module');
    assert.deepEqual([manifest.private, manifest.scripts, manifest.dependencies], [undefined, undefined, undefined]);
  });

  test(`every relative link of the pages in the packed ${name} leads to a file of the package`, () => {
    const files = filesOf(name);
    const pages = files.filter((file) => file.endsWith('.md'));
    assert.ok(pages.includes('README.md') && files.includes('LICENSE'), files.join(' '));
    for (const page of pages) {
      const text = readFileSync(join(folder, name, page), 'utf8');
      const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? '');
      const lost = links
        .filter((link) => !/^(?:https?:|mailto:|#)/.test(link))
        .filter((link) => !files.includes(normalize(join(dirname(page), link.replace(/#.*$/, '')))));
      assert.deepEqual(lost, [], page);
    }
  });
}

test('the library has types beside the code of every entry point, and both sides of them are packed', () => {
  const files = filesOf('sdk');
  const { exports } = JSON.parse(readFileSync(join(folder, 'sdk/package.json'), 'utf8'));
  const { './package.json': manifest, ...entries } = exports;
  assert.equal(manifest, './package.json');
  assert.equal(Object.keys(entries).length, 9);
  for (const [entry, { types, default: code }] of Object.entries<Record<string, string>>(entries)) {
    for (const file of [types, code]) assert.ok(files.includes(normalize(file ?? '')), `${entry}: ${file}`);
  }
});

test('the pages that the command names in its help are packed with it', () => {
  const files = filesOf('command');
  const help = readFileSync(join(import.meta.dirname, '../../src/cli/help.ts'), 'utf8');
  const named = [...new Set([...help.matchAll(/docs\/[a-z-]+\.md/g)].map(([page]) => page))];
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((page) => !files.includes(page)),
    [],
    readdirSync(join(folder, 'command')).join(' '),
  );
});
