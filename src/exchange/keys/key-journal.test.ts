import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cheapKeys, createKeyBench, journalFile } from '../testing/key-bench.ts';
import { START } from '../testing/world.ts';
import { openKeyJournal } from './key-journal.ts';

const generate = await cheapKeys();

test('K9: the file of revoked keys may end in half a line, and goes on after it; damage before its end is refused', async (t) => {
  const file = journalFile(t);
  const journal = openKeyJournal(file);
  journal.add('one', 'test', START);
  appendFileSync(file, '{"kid":"tw');
  const after = openKeyJournal(file);
  assert.deepEqual([...after.kids], ['one']);
  after.add('three', 'test', START);
  after.add('three', 'test', START);
  assert.deepEqual([...openKeyJournal(file).kids], ['one', 'three']);
  assert.equal(readFileSync(file, 'utf8').split('\n').length, 3);
  const { open } = createKeyBench(t, generate);
  writeFileSync(file, '{"kid":"one"}\nnonsense\n{"kid":"two"}\n');
  await assert.rejects(open({ revocationsFile: file }), /revocations\.jsonl is damaged at line 2/);
  await assert.rejects(open({ revocationsFile: tmpdir() }), /cannot be read/);
});

test('K9: a file cut anywhere holds every key whose line is whole, and takes the next', (t) => {
  const file = journalFile(t);
  const property = fc.property(fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 5 }), fc.nat(), (kids, cut) => {
    writeFileSync(file, '');
    const journal = openKeyJournal(file);
    for (const kid of kids) journal.add(kid, 'test', START);
    const bytes = readFileSync(file);
    const left = bytes.subarray(0, cut % (bytes.length + 1));
    writeFileSync(file, left);
    const whole = left.toString().split('\n').length - 1;
    const again = openKeyJournal(file);
    // A line that lacks nothing but its end counts too.
    assert.ok(again.kids.size === whole || again.kids.size === whole + 1);
    for (const kid of kids.slice(0, whole)) assert.ok(again.kids.has(kid));
    again.add('next', 'test', START);
    assert.deepEqual([...openKeyJournal(file).kids], [...again.kids]);
  });
  fc.assert(property, { numRuns: 25 });
});
