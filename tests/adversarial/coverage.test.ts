import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cover, readRows, readTap, type Row } from '../../scripts/coverage.ts';

const ROWS_FILE = new URL('rows.json', import.meta.url);
const SCRIPT = fileURLToPath(new URL('../../scripts/coverage.ts', import.meta.url));

const row = (id: string, pending?: string): Row => ({
  id,
  component: 'login',
  line: `what ${id} is about`,
  ...(pending !== undefined && { pending }),
});

/** A report as the runner writes it: nested tests, a suite of skipped ones, escapes, diagnostics that look like tests. */
const REPORT = `TAP version 13
# Subtest: T01 refuses a swapped callback
ok 1 - T01 refuses a swapped callback
  ---
  duration_ms: 3.1
  type: 'test'
  ...
# Subtest: T02 family
    # Subtest: one
    ok 1 - one # SKIP no browser here
      ---
      type: 'test'
      ...
    # Subtest: two
    ok 2 - two # SKIP
    1..2
ok 2 - T02 family
  ---
  type: 'suite'
  ...
# Subtest: T03 needs a browser
ok 3 - T03 needs a browser # SKIP there is no Chromium
# Subtest: T04 goes wrong
not ok 4 - T04 goes wrong
  ---
  error: |-
    ok 9 - T06 quoted in a diagnosis is no test
  ...
# Subtest: T04 goes right
ok 5 - T04 goes right
# Subtest: suite
    # Subtest: T05 escapes \\# and \\\\
    ok 1 - T05 escapes \\# and \\\\
    1..1
ok 6 - suite
ok 7 - T07 some day # TODO
ok 8 - T080 is not row T08
ok 9 - about T09
1..9
`;

describe('reading a report', () => {
  it('finds passed, failed and skipped tests, nested ones included', () => {
    const outcome = Object.fromEntries(readTap(REPORT).map((result) => [result.title, result.outcome]));
    assert.deepEqual(outcome, {
      'T01 refuses a swapped callback': 'passed',
      one: 'skipped',
      two: 'skipped',
      'T02 family': 'skipped',
      'T03 needs a browser': 'skipped',
      'T04 goes wrong': 'failed',
      'T04 goes right': 'passed',
      'T05 escapes # and \\': 'passed',
      suite: 'passed',
      'T07 some day': 'skipped',
      'T080 is not row T08': 'passed',
      'about T09': 'passed',
    });
  });

  it('reads what the test runner of this Node really writes', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fullmakt-coverage-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'sample.test.mjs');
    writeFileSync(
      file,
      `import { describe, it, test } from 'node:test'
       test('T01 passes # with a hash', () => {})
       test('T02 skipped', { skip: 'no reason' }, () => {})
       test('T03 fails', () => { throw new Error('ok 1 - T02 not a test') })
       describe('T04 suite', () => { it('inner', { skip: true }, () => {}) })
       describe('suite', () => { it('T05 inner', () => {}) })
       test('T06 later', { todo: true }, () => {})`,
    );
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const run = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { encoding: 'utf8', env });
    const { proven, missing } = cover(
      ['T01', 'T02', 'T03', 'T04', 'T05', 'T06'].map((id) => row(id)),
      readTap(run.stdout),
    );
    assert.deepEqual(proven, ['T01', 'T05']);
    assert.equal(missing.length, 4);
  });
});

describe('coverage of the threat table', () => {
  const rows = ['T01', 'T02', 'T03', 'T04', 'T05', 'T06', 'T07', 'T08', 'T09'];

  it('counts a row as proven only by a passing test whose title begins with its id', () => {
    const { proven, missing } = cover(
      rows.map((id) => row(id)),
      readTap(REPORT),
    );
    assert.deepEqual(proven, ['T01', 'T05']);
    assert.deepEqual(
      missing.map((line) => line.replace(/: what.*/, '')),
      [
        'T02 (login): its tests were only skipped',
        'T03 (login): its tests were only skipped',
        'T04 (login): the test "T04 goes wrong" fails',
        'T06 (login): no test begins with its id',
        'T07 (login): its tests were only skipped',
        'T08 (login): no test begins with its id',
        'T09 (login): no test begins with its id',
      ],
    );
  });

  it('asks nothing of a pending row, and says when it has tests already', () => {
    const all = [row('T01', 'login gets this depth in a later issue'), row('T06', 'as well')];
    const { missing, pending, early } = cover(all, readTap(REPORT));
    assert.deepEqual({ missing, pending, early }, { missing: [], pending: ['T01', 'T06'], early: ['T01'] });
  });
});

describe('the table of rows', () => {
  it('has the 63 rows in order, each with its component, a line, and a reason where nothing proves it yet', () => {
    const rows = readRows(readFileSync(ROWS_FILE, 'utf8'));
    assert.equal(rows.length, 63);
    assert.equal(new Set(rows.map(({ line }) => line)).size, 63);
  });

  it('is refused with a gap, an empty reason or a missing line', () => {
    const bad: unknown[] = [{}, [row('T02')], [row('T01', '')], [{ id: 'T01', component: 'login' }], [null]];
    for (const rows of bad) assert.throws(() => readRows(JSON.stringify(rows)), Error);
  });
});

describe('the coverage script', () => {
  it('prints the figures, and fails without a report', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fullmakt-coverage-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const report = join(folder, 'report.tap');
    const rows = readRows(readFileSync(ROWS_FILE, 'utf8'));
    const due = rows.filter(({ pending }) => pending === undefined);
    writeFileSync(report, due.map(({ id }, i) => `ok ${i + 1} - ${id} is proven\n`).join(''));
    const good = spawnSync(process.execPath, [SCRIPT, report], { encoding: 'utf8' });
    assert.equal(good.stdout, `${due.length}/63 proven, ${63 - due.length} pending\n`);
    assert.equal(good.status, 0);
    assert.equal(spawnSync(process.execPath, [SCRIPT]).status, 2);
  });
});
