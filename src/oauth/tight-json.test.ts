import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';
import { isTight } from './tight-json.ts';

const space = fc.constantFrom('', '', '', '', '', '', '', ' ', '\n', '   ');
const name = fc.constantFrom('', '', 'a', 'b', 'exp', 'a', '__proto', 'n\u00e5', '\\u0061', '\\n', '__proto__');
// Spelt shorter than a machine would, as it would, and longer.
const number = fc.constantFrom(
  '0',
  '-0',
  '7',
  '1e3',
  '1e9',
  '1e21',
  '1.50',
  '-1e11',
  '1e99',
  '1764000000',
  '1764e6',
  '1.764e9',
  '1764000100',
  '17640001e2',
  '1764000001',
  '1764000001.0',
  '1764001000',
  '1764001e3',
  '12345678901',
  '1e-7',
);
const word = fc.constantFrom(
  'true',
  'false',
  'null',
  '""',
  '"x"',
  '"\u{1f600}"',
  '"a\\"b"',
  '"\\ud83d\\ude00"',
  '":,{"',
  '"\\ud800"',
);

const written = fc.letrec<{ value: string; member: string; object: string; array: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, number, word, tie('object'), tie('array')),
  member: fc
    .tuple(space, name, space, tie('value'))
    .map(([before, said, after, value]) => `${before}"${said}"${after}:${value}`),
  object: fc.array(tie('member'), { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
  array: fc
    .tuple(fc.array(tie('value'), { maxLength: 3 }), space)
    .map(([items, after]) => `[${items.join(',')}${after}]`),
}));

test('a text is read if it is clear in every member and refused if not, however tight it is written', () => {
  const seen = { read: 0, refused: 0, tight: 0 };
  fc.assert(
    fc.property(written.object, (text) => {
      const value: unknown = JSON.parse(text);
      const clear = isClear(text, value);
      seen[clear ? 'read' : 'refused'] += 1;
      if (clear) assert.deepEqual(parseStrictJson(text), value);
      else assert.throws(() => parseStrictJson(text), StrictJsonError);
      if (text.includes('\\') || !isTight(text, value)) return;
      seen.tight += 1;
      assert.ok(clear, text);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(
    Object.values(seen).every((times) => times > 1000),
    JSON.stringify(seen),
  );
});

test('no spelling of a number makes room enough for a member of the same name', () => {
  for (const spelt of [
    '1e9',
    '9e9',
    '1764e6',
    '1764001e3',
    '17640001e2',
    '1764000001',
    '1e10',
    '1e21',
    '-1e11',
    '1e-7',
    '0',
  ]) {
    for (const count of [1, 2, 3, 8]) {
      const others = Array.from({ length: count }, (_, at) => `"${at}":${spelt}`).join(',');
      for (const twice of [`{"":0,${others},"":1}`, `{"":0,"":1,${others}}`, `[{"":0,"":${spelt}},{${others}}]`]) {
        assert.throws(() => parseStrictJson(twice), StrictJsonError, twice);
      }
    }
  }
});

test('what machines write is tight, a time with three zeros at its end or any space too many is looked at again', () => {
  const claims = {
    iss: 'https://issuer.test',
    aud: ['a', 'b'],
    exp: 1_764_000_001,
    ok: true,
    none: null,
    of: { a: [{}] },
  };
  assert.ok(isTightly(JSON.stringify(claims)));
  assert.ok(!isTightly(JSON.stringify({ ...claims, exp: 1_764_001_000 })));
  assert.ok(!isTightly(JSON.stringify(claims, null, 1)));
  assert.ok(!isTightly('{"__proto__":1}'));
  assert.ok(isTightly(`${'['.repeat(16)}${']'.repeat(16)}`) && !isTightly(`${'['.repeat(17)}${']'.repeat(17)}`));
});

function isTightly(text: string): boolean {
  return isTight(text, JSON.parse(text));
}

/** The oracle: as many names are written as are in the value, none is `__proto__`, and every string is well formed. */
function isClear(text: string, value: unknown): boolean {
  const strings = stringsOf(text);
  const names = strings.filter(({ isName }) => isName);
  if (names.some(({ said }) => said === '__proto__') || !strings.every(({ said }) => said.isWellFormed())) return false;
  return names.length === stringsOf(JSON.stringify(value)).filter(({ isName }) => isName).length;
}

function stringsOf(json: string): readonly { readonly said: string; readonly isName: boolean }[] {
  return Array.from(json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/gu), ([, quoted = '', colon]) => ({
    said: String(JSON.parse(quoted)),
    isName: colon !== undefined,
  }));
}
