import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'node:test';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import { SDK_VARIABLES } from './settings/provider-variables.ts';

const ROOM = import.meta.dirname;
const OAUTH = join(ROOM, '..', 'oauth');
const manifest = JSON.parse(readFileSync(join(ROOM, 'package.json'), 'utf8')) as {
  exports: Record<string, string>;
  dependencies?: object;
};

/** Every import and re-export of a file, and whether it is for types alone. */
function importsOf(file: string): { readonly from: string; readonly typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm,
  );
  return Array.from(found, ([, type, from, bare, dynamic]) => ({
    from: from ?? bare ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
}

test('nothing reachable from an export imports more than Node, its own room, oauth, and types (1)', () => {
  const queue = Object.values(manifest.exports).map((path) => join(ROOM, path));
  const seen = new Set(queue);
  for (const file of queue) {
    for (const { from, typeOnly } of importsOf(file)) {
      if (from.startsWith('node:')) continue;
      if (!from.startsWith('.')) {
        assert.ok(typeOnly, `${relative(ROOM, file)} imports ${from}`);
        continue;
      }
      const target = join(dirname(file), from);
      assert.ok(
        target.startsWith(`${ROOM}/`) || target.startsWith(`${OAUTH}/`),
        `${relative(ROOM, file)} imports ${from}`,
      );
      if (!seen.has(target)) queue.push(target);
      seen.add(target);
    }
  }
  assert.ok(seen.size > 30, `${seen.size} files were walked`);
});

test('the package has no dependencies and exports exactly what is built', () => {
  assert.equal(manifest.dependencies, undefined);
  const frameworks = ['./express', './fastify', './hono', './next', './node'];
  assert.deepEqual(Object.keys(manifest.exports), ['.', './tokens', './fetch', ...frameworks, './testing']);
});

test('the facts of providers are the ones the rest of the product states (1)', () => {
  for (const { provider, issuer, jwksUri, wellKnownUrl, audience } of SDK_VARIABLES) {
    const theirs = PROVIDER_VARIABLES[provider];
    assert.deepEqual(
      { issuer, jwksUri, wellKnownUrl, audience },
      { issuer: theirs.issuer, jwksUri: theirs.jwksUri, wellKnownUrl: theirs.wellKnownUrl, audience: theirs.audience },
    );
  }
});
