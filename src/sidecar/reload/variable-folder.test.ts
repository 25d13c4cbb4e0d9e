import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { temporaryFolder } from '../testing/folders.ts';
import { readVariableFolder } from './variable-folder.ts';

test('any text comes back as it was written, less one newline at its end; no bytes are ever a fault (3.8)', async (t) => {
  const folder = temporaryFolder(t);
  const read = (): ReturnType<typeof readVariableFolder> => readVariableFolder(folder, new Set(['A']));
  const text = fc.string({ unit: 'binary' }).filter((value) => value !== '' && !/\0|\n$/.test(value));
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('', '\n', '\r\n'), async (value, end) => {
      fc.pre(!value.endsWith('\r'));
      await writeFile(join(folder, 'A'), value + end);
      // A lone surrogate is written as U+FFFD, and a mark of the byte order is none.
      const expected = value.toWellFormed().replace(/^\uFEFF/, '');
      assert.deepEqual(await read(), { variables: expected === '' ? {} : { A: expected }, problems: [] });
    }),
    { numRuns: 20 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
      await writeFile(join(folder, 'A'), bytes);
      const { variables, problems } = await read();
      assert.ok(problems.length === 0 || variables['A'] === undefined);
    }),
    { numRuns: 20 },
  );
});
