import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

function refuses(input: string | Uint8Array): void {
  assert.throws(() => parseStrictJson(input), StrictJsonError);
}

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

const wellFormed = fc.jsonValue({ maxDepth: 6 }).map((value) => JSON.stringify(value));

test('reads what JSON.parse reads, as text and as bytes, when nothing is ambiguous (RFC 8259)', () => {
  fc.assert(
    fc.property(wellFormed, (text) => {
      fc.pre(!text.includes('"__proto__"') && text.isWellFormed() && !/\\ud[89a-f]/iu.test(text));
      assert.deepEqual(parseStrictJson(text), JSON.parse(text));
      assert.deepEqual(parseStrictJson(Buffer.from(text)), JSON.parse(text));
    }),
  );
});

test('on any text either refuses or agrees with JSON.parse; never throws anything else', () => {
  const fragment = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"b"',
    '"__proto__"',
    '1',
    'null',
    '"\\"',
    '\\',
    '"',
    ' ',
    '\ufeff',
    '\ud800',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: fragment, maxLength: 12 }), fc.string()), (text) => {
      let value: unknown;
      try {
        value = parseStrictJson(text);
      } catch (error) {
        assert.ok(error instanceof StrictJsonError);
        return;
      }
      assert.deepEqual(value, JSON.parse(text));
    }),
    { numRuns: 2000 },
  );
});

test('refuses a repeated name wherever it stands and however it is escaped', () => {
  const name = fc.constantFrom(['a', 'a'], ['a', '\\u0061'], ['', ''], ['1', '1'], ['constructor', 'constructor']);
  const wrap = fc.constantFrom(
    (inner: string) => inner,
    (inner: string) => `[${inner}]`,
    (inner: string) => `{"x":[0,{"y":${inner}}]}`,
  );
  fc.assert(
    fc.property(name, wrap, fc.jsonValue(), ([one, two], around, value) => {
      refuses(around(`{"${one}":1,"${two}":${JSON.stringify(value)}}`));
    }),
  );
});

test('a name that is written with escapes is read as it is, whatever names earlier texts had in its place', () => {
  const written = ['\\u0061ud', '\\u0022', 'n\\u00e5', '\\u0063rit', '\\"', '\\\\x'];
  for (const [at, name] of written.entries()) {
    const before = `{"place ${at}":1,"`;
    const meant = String(JSON.parse(`"${name}"`));
    parseStrictJson(`${before}${JSON.stringify(name.slice(0, meant.length)).slice(1)}:2}`);
    const text = `${before}${name}":[2, -1.5e1 ,"a\\n,]"], "z" : {"\\u0062":{}, "c":[ ]} }`;
    assert.deepEqual(parseStrictJson(text), {
      [`place ${at}`]: 1,
      [meant]: [2, -15, 'a\n,]'],
      z: { b: {}, c: [] },
    });
    refuses(`${before}${name}":2,${JSON.stringify(meant)}:3}`);
    refuses(`${before}${JSON.stringify(meant).slice(1)}:2,"${name}":3}`);
  }
  parseStrictJson('{"place":1,"\\\\u005f_pr":2}');
  refuses('{"place":1,"\\u005f_proto__":2}');
});

test('a name with one short escape, in a text that has room for nothing else, is read as it is too', () => {
  for (const [at, name] of ['\\"', '\\\\', '\\n', '\\/'].entries()) {
    const before = `{"short ${at}":1,"`;
    const meant = String(JSON.parse(`"${name}"`));
    parseStrictJson(`${before}${JSON.stringify(name.slice(0, meant.length)).slice(1)}:2}`);
    assert.deepEqual(parseStrictJson(`${before}${name}":3}`), { [`short ${at}`]: 1, [meant]: 3 });
  }
});

test('colons and brackets inside strings count for nothing', () => {
  assert.deepEqual(parseStrictJson('{"a:\\"{":"b:\\\\","c":"[[:"}'), { 'a:"{': 'b:\\', c: '[[:' });
});

test('accepts 16 levels and refuses 17 (security.md 4)', () => {
  assert.ok(Array.isArray(parseStrictJson(nested(16))));
  refuses(nested(17));
  // Levels, and not brackets, are counted.
  for (const one of ['[]', '{}', nested(15), '[{"a":[]}]']) {
    assert.ok(Array.isArray(parseStrictJson(`[${Array.from({ length: 40 }, () => one).join(',')}]`)));
  }
  refuses('{"a":'.repeat(17) + '1' + '}'.repeat(17));
  refuses('['.repeat(100_000));
  refuses(nested(100_000));
});

for (const [text, why] of [
  ['{"__proto__":1}', 'the name __proto__'],
  ['{"a":{"\\u005f_proto__":1}}', 'the name __proto__, escaped and deep'],
  ['"\\ud800"', 'a lone surrogate in a string'],
  ['"\ud800"', 'a lone surrogate that is not escaped'],
  ['{"\\udc00":1}', 'a lone surrogate in a name'],
  ['\ufeff{}', 'a byte order mark'],
  ['{} x', 'anything after the value'],
  ['', 'nothing at all'],
  ["{'a':1}", 'another dialect'],
  ['{"a":1,}', 'a trailing comma'],
  ['NaN', 'a number that is none'],
] as const) {
  test(`refuses ${why}`, () => {
    refuses(text);
  });
}

test('refuses bytes that are not UTF-8 and a byte order mark in bytes', () => {
  refuses(Uint8Array.of(0x22, 0xff, 0x22));
  refuses(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22));
  refuses(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d));
});

test('an error never quotes the text', () => {
  assert.throws(
    () => parseStrictJson('{"secret-value'),
    (error: Error) => !error.message.includes('secret') && error.cause === undefined,
  );
});
