import { readFileSync } from 'node:fs';

/** A row of the threat table; `pending` says why nothing proves it yet. */
export interface Row {
  readonly id: string;
  readonly component: string;
  readonly line: string;
  readonly pending?: string;
}

/** What a test report says of one test. */
export interface Result {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

/** Which rows the tests prove. `missing` names each row that should be proven and is not, and why. */
export interface Coverage {
  readonly proven: readonly string[];
  readonly pending: readonly string[];
  readonly missing: readonly string[];
  /** Pending rows that have passing tests all the same. */
  readonly early: readonly string[];
}

interface Line {
  readonly depth: number;
  readonly result: Result;
}

const TEST_LINE = /^( *)(not )?ok \d+ - (.*?)(?: # (SKIP|TODO)\b.*)?$/;

/**
 * The tests of a TAP report, as `node --test --test-reporter=tap` writes it. A test around other tests passes only if
 * one of those passed: a suite whose tests were all skipped proves nothing.
 */
export function readTap(report: string): readonly Result[] {
  const results: Result[] = [];
  let open: Line[] = [];
  for (const line of withoutDiagnostics(report)) {
    const match = TEST_LINE.exec(line);
    if (match === null) continue;
    const depth = match[1]?.length ?? 0;
    const inner = open.filter((other) => other.depth > depth);
    const title = (match[3] ?? '').replaceAll(/\\([#\\])/g, '$1');
    const result: Result = { title, outcome: outcomeOf(match[2] !== undefined, match[4] !== undefined, inner) };
    open = [...open.filter((other) => other.depth <= depth), { depth, result }];
    results.push(result);
  }
  return results;
}

/** The lines of a report outside its YAML blocks: what a test said when it failed may look like a test line itself. */
function withoutDiagnostics(report: string): readonly string[] {
  let end: string | undefined;
  return report.split('\n').filter((line) => {
    if (end === undefined) {
      if (/^ *---$/.test(line)) end = line.replace('---', '...');
      return end === undefined;
    }
    if (line === end) end = undefined;
    return false;
  });
}

function outcomeOf(notOk: boolean, directive: boolean, inner: readonly Line[]): Result['outcome'] {
  if (directive) return 'skipped';
  if (notOk) return 'failed';
  return inner.length === 0 || inner.some(({ result }) => result.outcome === 'passed') ? 'passed' : 'skipped';
}

/** Compares the rows with the tests whose titles begin with their ids. */
export function cover(rows: readonly Row[], results: readonly Result[]): Coverage {
  const judged = rows.map((row) => {
    const mine = results.filter(({ title }) => title === row.id || title.startsWith(`${row.id} `));
    const failed = mine.filter(({ outcome }) => outcome === 'failed');
    const passes = mine.some(({ outcome }) => outcome === 'passed') && failed.length === 0;
    return { row, passes, why: reason(mine.length, failed) };
  });
  const due = judged.filter(({ row }) => row.pending === undefined);
  const early = judged.filter(({ row, passes }) => row.pending !== undefined && passes);
  return {
    proven: due.filter(({ passes }) => passes).map(({ row }) => row.id),
    pending: rows.filter(({ pending }) => pending !== undefined).map(({ id }) => id),
    missing: due
      .filter(({ passes }) => !passes)
      .map(({ row, why }) => `${row.id} (${row.component}): ${why}: ${row.line}`),
    early: early.map(({ row }) => row.id),
  };
}

function reason(tests: number, failed: readonly Result[]): string {
  if (failed[0] !== undefined) return `the test "${failed[0].title}" fails`;
  return tests === 0 ? 'no test begins with its id' : 'its tests were only skipped';
}

/** The rows of the file, or an Error that names what is wrong with it. Ids are T01, T02, ... without a gap. */
export function readRows(text: string): readonly Row[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('the rows are not a list');
  return list.map((row: unknown, i) => {
    const id = `T${String(i + 1).padStart(2, '0')}`;
    if (!isRow(row) || row.id !== id) throw new Error(`row ${i + 1} is not { id: "${id}", component, line, pending? }`);
    return row;
  });
}

function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false;
  if (!('id' in value && 'component' in value && 'line' in value)) return false;
  const words = [value.id, value.component, value.line, 'pending' in value ? value.pending : 'none'];
  return words.every((word) => typeof word === 'string' && word !== '');
}

function main(reports: readonly string[]): number {
  if (reports.length === 0) {
    console.error('usage: node scripts/coverage.ts <TAP report>...');
    return 2;
  }
  const rows = readRows(readFileSync(new URL('../tests/adversarial/rows.json', import.meta.url), 'utf8'));
  const results = reports.flatMap((report) => readTap(readFileSync(report, 'utf8')));
  const { proven, pending, missing, early } = cover(rows, results);
  for (const row of missing) console.error(`not proven: ${row}`);
  if (early.length > 0) console.log(`pending, yet with passing tests: ${early.join(' ')}`);
  console.log(`${proven.length}/${rows.length} proven, ${pending.length} pending`);
  return missing.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
