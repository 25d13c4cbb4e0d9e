import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

const space = fc.constantFrom('', '', '', '', '', '', '', ' ', '\n', '   ');
const name = fc.constantFrom('', '', 'a', 'b', 'exp', 'a', '__proto', 'n\u00e5', '\\u0061', '\\n', '__proto__');
// Spelt shorter than a machine would, as it would, and longer.
const number = fc.constantFrom(
  '0',
  '-0',
  '1e3',
  '1e21',
  '1.50',
  '-1e11',
  '1764000001',
  '17640001e2',
  '1764000001.0',
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

test('a text is read if it is clear in every member and refused if not, however it is spaced and its numbers spelt', () => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(written.object, (text) => {
      const value: unknown = JSON.parse(text);
      const clear = isClear(text, value);
      seen[clear ? 'read' : 'refused'] += 1;
      if (clear) assert.deepEqual(parseStrictJson(text), value);
      else assert.throws(() => parseStrictJson(text), StrictJsonError);
    }),
    { numRuns: 5000 },
  );
  assert.ok(
    Object.values(seen).every((times) => times > 250),
    JSON.stringify(seen),
  );
});

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
