import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { allFails, readFlips } from './flips.ts';

/*
 * Facts that only the real services can confirm. `flips.json` says for each what it would be otherwise and which tests notice.
 * A new constant, or a test that comes, goes or gets another title: write the constant into NUMBERS and into `flips.json` (`value`
 * as an expression, `files` that may notice, `fails` empty), run `node tests/contract/flips.ts`, which fills in `fails`, and read
 * the difference. A constant without any failing test needs a test of its own.
 */

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The constants by their number in the list of open questions; those of parts that do not exist yet are missing. */
const NUMBERS: Readonly<Record<number, string>> = {
  1: 'IDPORTEN_METADATA_EXTRA',
  2: 'IDPORTEN_TOKEN_URL_AUD',
  4: 'IDPORTEN_INVALID_CLIENT_STATUS',
  5: 'IDPORTEN_TESTID_LOW_ACR',
  6: 'IDPORTEN_CODE_REUSE_REVOKES',
  7: 'IDPORTEN_MAX_AGE',
  8: 'IDPORTEN_SUPPLIER_CLAIM',
  9: 'IDPORTEN_REQUEST_OBJECT',
  10: 'MASKINPORTEN_KID_FAULT',
  11: 'MASKINPORTEN_TIME_FAULT',
  12: 'MASKINPORTEN_UNKNOWN_CLAIM',
  13: 'MASKINPORTEN_AUD_ARRAY',
  14: 'MASKINPORTEN_RESOURCE_STRING',
  15: 'MASKINPORTEN_EXTRA_PARAMS',
  16: 'MASKINPORTEN_X5C_ORGNO',
  17: 'MASKINPORTEN_DELEGATION_SOURCE',
  20: 'ENTRA_ERROR_NAMES',
  21: 'ENTRA_50105_AUTHORIZE',
  22: 'ENTRA_MAX_AGE',
  23: 'ENTRA_DESCRIPTION_SEPARATOR',
  24: 'GRAPH_ERROR_CODES',
  25: 'HTTP_FAULT_ANSWERS',
  26: 'ENTRA_FRONTCHANNEL_ISS',
};

/** Nothing depends on the spelling of Graph's codes until the registrar speaks to it. */
const UNTESTED: readonly string[] = ['GRAPH_ERROR_CODES'];

const exportsOf = (file: string): readonly string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^export const (\w+)/gm)].map(([, name = '']) => name);

const shipped = globSync(['src/idp/**/*.ts', 'src/providers/**/*.ts'], { cwd: root })
  .filter((file) => !file.endsWith('.test.ts') && !file.includes('/testing/') && !file.endsWith('/unconfirmed.ts'))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

test('unconfirmed: every open question is one constant, and every constant answers one', () => {
  assert.deepEqual(exportsOf('src/idp/unconfirmed.ts').toSorted(), Object.values(NUMBERS).toSorted());
});

test('unconfirmed: every constant is imported in exactly one place, the twins of our client too', () => {
  for (const room of ['idp', 'providers']) {
    for (const name of exportsOf(`src/${room}/unconfirmed.ts`)) {
      const users = shipped.filter(
        ({ file, text }) => file.startsWith(`src/${room}/`) && new RegExp(`\\b${name}\\b`).test(text),
      );
      assert.equal(users.length, 1, `${name} is named in ${users.map(({ file }) => file).join(', ') || 'no file'}`);
    }
  }
});

const flips = Object.entries(readFlips());
const all = allFails(flips);

test('unconfirmed: no test takes what it expects from a constant, or it would expect whatever it says', () => {
  const tests = globSync('src/{idp,providers}/**/*.test.ts', { cwd: root });
  assert.deepEqual(
    tests.filter((file) => readFileSync(join(root, file), 'utf8').includes('unconfirmed.ts')),
    [],
  );
});

test('unconfirmed: every constant has a flip that some test notices', () => {
  const names = [...flips.map(([name]) => name), ...UNTESTED];
  assert.deepEqual(names.toSorted(), Object.values(NUMBERS).toSorted());
  for (const [name, { fails }] of flips) assert.ok(fails.length > 0, name);
});

for (const [index, [name, { fails }]] of flips.entries()) {
  test(`unconfirmed: flipping ${name} changes exactly its tests`, async () => {
    assert.deepEqual((await all)[index], fails);
  });
}
