import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { build } from 'esbuild';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

/** Whatever handles the text of a token before it is proven. */
const FILES = globSync(
  [
    'oauth/{jws,jws-header,jwt,base64url,strict-json,escaped-names,claims,registered-claims,bearer,algorithms,verified-cache,judge-token,claims-text}.ts',
    'sdk/judge/*.ts',
    'sdk/http/authenticate.ts',
    'sidecar/judge/*.ts',
    'sidecar/introspect.ts',
  ],
  { cwd: SOURCE },
).filter((file) => !file.endsWith('.test.ts'));

/** Code without comments and without what stands in quotes. */
function bare(code: string): string {
  return code
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/g, "''")
    .replaceAll(/(?:^|\s)\/\/.*$/gm, '');
}

/** Regular expressions, and what takes them. */
function expressionsIn(code: string): readonly string[] {
  const text = bare(code);
  const literals = text.match(/(?:[(=,:[!&|?{};]|\breturn)\s*\/(?![/*]).*/g) ?? [];
  const users = text.match(/\bRegExp\b|\.(?:match|matchAll|search|test|exec)\(/g) ?? [];
  return [...literals, ...users];
}

test('L12 strict-jose: no regular expression is laid over the text of a token', () => {
  assert.ok(FILES.length >= 20, `only ${FILES.length} files were looked at`);
  for (const file of FILES) {
    assert.deepEqual(expressionsIn(readFileSync(`${SOURCE}${file}`, 'utf8')), [], file);
  }
  const samples = ['if (/^a+$/u.test(x)) y();', 'const r = /a/g;', 'x.match(y)', 'new RegExp(x)', 'return /a/;'];
  for (const sample of samples) assert.notDeepEqual(expressionsIn(sample), [], `would be found: ${sample}`);
  assert.deepEqual(expressionsIn("a = '/x/'; // not /this/\n/* nor /that/ */ b = c / d;"), []);
});

test('L5 algorithm: what is shipped to applications has no HMAC, no secret keys and no name of either', async () => {
  for (const entry of ['index', 'express', 'hono', 'fetch', 'tokens']) {
    const { outputFiles } = await build({
      entryPoints: [`${SOURCE}sdk/${entry}.ts`],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    const text = outputFiles.map((file) => file.text).join('\n');
    assert.ok(text.length > 1000);
    assert.deepEqual(text.match(/createHmac|createSecretKey|\bHS(?:256|384|512)\b|\bHmac\b/g) ?? [], [], entry);
  }
});
