import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from './yaml-tree.ts';

const faults = (text: string | Buffer): readonly string[] =>
  parseYaml(Buffer.from(text)).flatMap((document) =>
    document.ok ? [] : document.faults.map(({ at, message }) => `${at.line}:${at.column} ${message}`),
  );

test('what no manifest may contain is refused with its place (2.6)', () => {
  assert.deepEqual(faults('a: 1\na: 2'), ['2:1 the key a is there twice']);
  assert.deepEqual(faults('{"1": x, 1: y}'), ['1:10 the key 1 is there twice']);
  assert.match(faults('a: !custom x').join(), /^1:4 /);
  assert.deepEqual(faults('a: &x {b: 1}\nc:\n  <<: *x'), ['3:3 merge keys (<<) are not supported']);
  assert.deepEqual(faults('a:\n  __proto__: {b: 1}'), ['2:3 the key __proto__ is not allowed']);
  assert.deepEqual(faults('constructor: 1'), ['1:1 the key constructor is not allowed']);
  assert.deepEqual(faults('a: "\0"'), ['1:1 the file contains a NUL character']);
  assert.deepEqual(faults(String.raw`a: "x\0y"`), ['1:4 a NUL character is not allowed']);
  assert.deepEqual(faults(String.raw`"a\x00b": y`), ['1:1 a NUL character is not allowed']);
  assert.deepEqual(faults(Buffer.from([0x61, 0x3a, 0x20, 0xff])), ['1:1 the file is not valid UTF-8']);
  assert.notEqual(faults('a: [').length, 0);
});

test('size, depth and aliases are bounded', () => {
  assert.deepEqual(faults(`a: ${'x'.repeat(1024 * 1024)}`), ['1:1 the file is larger than 1 MiB']);
  assert.deepEqual(faults(`a: ${'x'.repeat(300 * 1024)}`), ['1:1 the document is larger than 256 KiB']);
  assert.match(faults('['.repeat(40) + ']'.repeat(40)).join(), /nested deeper than 32/);
  assert.match(faults('['.repeat(200_000)).join(), /nested deeper/);
  assert.match(
    faults(`a: &a x\nb: [${Array.from({ length: 51 }, () => '*a').join(', ')}]`).join(),
    /more than 50 aliases/,
  );
  const levels = Array.from({ length: 8 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`);
  assert.match(faults(`l0: &l0 [x]\n${levels.join('\n')}`).join(), /more than (50 aliases|10000 nodes)/);
});

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

test('a file costs time by its size only, whatever is in it (security.md 60)', () => {
  const worst = [lines(20_000, (index) => `k${index}: 1\n`), '---\n'.repeat(20_000), '}\n'.repeat(20_000)];
  for (const text of worst) {
    const began = process.cpuUsage();
    const found = faults(text);
    const { user, system } = process.cpuUsage(began);
    assert.ok(user + system < 1_500_000, `${text.slice(0, 9)}: ${user + system} µs`);
    assert.ok(found.length > 0 && found.length <= 100, `${found.length} faults`);
  }
});

test('several documents, comments and JSON are read with their places', () => {
  const documents = parseYaml(Buffer.from('# c\na: 1\n---\n{"b": [true, null]}\n'));
  assert.deepEqual(documents, [
    {
      ok: true,
      tree: {
        kind: 'map',
        at: { line: 2, column: 1 },
        entries: [
          { key: 'a', keyAt: { line: 2, column: 1 }, value: { kind: 'scalar', at: { line: 2, column: 4 }, value: 1 } },
        ],
      },
    },
    {
      ok: true,
      tree: {
        kind: 'map',
        at: { line: 4, column: 1 },
        entries: [
          {
            key: 'b',
            keyAt: { line: 4, column: 2 },
            value: {
              kind: 'list',
              at: { line: 4, column: 7 },
              items: [
                { kind: 'scalar', at: { line: 4, column: 8 }, value: true },
                { kind: 'scalar', at: { line: 4, column: 14 }, value: null },
              ],
            },
          },
        ],
      },
    },
  ]);
});
