import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const TABLE = join(here, 'flips.json');
const TIMEOUT_MS = 120_000;

/** One unconfirmed fact: what it would be otherwise, as an expression, which tests may notice, and which do. */
export interface Flip {
  readonly value: string;
  readonly files: readonly string[];
  readonly fails: readonly string[];
}

const Table = z.record(
  z.string(),
  z.strictObject({ value: z.string(), files: z.array(z.string()), fails: z.array(z.string()) }),
);

/** The committed table, by name of the constant. */
export function readFlips(): Readonly<Record<string, Flip>> {
  return Table.parse(JSON.parse(readFileSync(TABLE, 'utf8')));
}

/** Titles of the tests that fail when a constant has another value. */
async function failsWith(
  files: readonly string[],
  [name, value]: readonly [name: string, value: string],
): Promise<readonly string[]> {
  const paths = files.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted();
  const args = ['--test', '--test-isolation=none', '--test-force-exit', `--import=${join(here, 'flip-preload.ts')}`];
  const reporter = ['--test-reporter', join(here, 'flip-reporter.ts'), '--test-reporter-destination', 'stdout'];
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, FLIP_NAME: name, FLIP_VALUE: value };
  const stdout = await new Promise<string>((done, fail) => {
    const options = { cwd: root, env, timeout: TIMEOUT_MS };
    execFile(process.execPath, [...args, ...reporter, ...paths], options, (error, out) => {
      // The exit code says that a test failed, which is what is wanted here. Half a list of them is not.
      if (error?.killed === true) fail(new Error(`the tests of ${name} took longer than ${TIMEOUT_MS / 1000} s`));
      else done(out);
    });
  });
  const titles = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith('"') ? [z.string().parse(JSON.parse(line))] : []));
  return [...new Set(titles)].toSorted();
}

/** Runs jobs, at most two at a time, in order. */
async function twoAtATime<T>(jobs: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const results: T[] = [];
  const queue = jobs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, job] of queue) results[index] = await job();
  };
  await Promise.all([worker(), worker()]);
  return results;
}

/** The failed titles of every flip, in order. */
export async function allFails(flips: readonly (readonly [string, Flip])[]): Promise<readonly (readonly string[])[]> {
  return await twoAtATime(
    flips.map(
      ([name, { files, value }]) =>
        () =>
          failsWith(files, [name, value]),
    ),
  );
}

/** `node tests/contract/flips.ts` writes down which tests fail now. Read the difference before you commit it. */
async function rewrite(): Promise<void> {
  const flips = Object.entries(readFlips());
  const fails = await allFails(flips);
  const table = Object.fromEntries(flips.map(([name, flip], index) => [name, { ...flip, fails: fails[index] ?? [] }]));
  writeFileSync(TABLE, `${JSON.stringify(table, null, 2)}\n`);
}

if (import.meta.main) await rewrite();
