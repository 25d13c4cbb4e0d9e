import test from 'node:test';
import type { Case, Revision } from './case.ts';
import type { Implementation } from './implementation.ts';
import { familyNames, readFamily } from './read-family.ts';
import { runCase } from './run-case.ts';

/** Which cases are run. */
export interface Selection {
  readonly revision: Revision;
  /** `S1`: only those. */
  readonly stage: 'S1' | 'S2';
  /** Names of case files; all unless given. */
  readonly families?: readonly string[];
  /** What cannot be run here is run elsewhere in this tree: it is counted at the end, and not a skipped test. */
  readonly restElsewhere?: boolean;
}

const OVER = (): undefined => undefined;
const failure = (error: unknown): { readonly error: unknown } => ({ error });

interface Count {
  readonly name: string;
  passed: number;
  failed: number;
  /** How many cases were left out, by the reason. */
  readonly left: Map<string, number>;
}

/** Declares a test for each family, with one for each of its cases, and says at the end how many there were. */
export async function declareSuite(
  implementation: Implementation,
  { revision, stage, families, restElsewhere = false }: Selection,
): Promise<void> {
  const counts: Count[] = [];
  // All are read before the first runs, so that a misspelt case is not lost among results.
  const read = await Promise.all((families ?? (await familyNames())).map(readFamily));
  for (const { name, cases } of read) {
    const mine = cases
      .filter((one) => one.revisions.includes(revision) && one.stage <= stage)
      // Those with the same variables together: they may share a process.
      .toSorted((one, other) => variables(one).localeCompare(variables(other)));
    const count: Count = { name, passed: 0, failed: 0, left: new Map() };
    if (mine.length === 0) continue;
    counts.push(count);
    test(`the cases of ${name} hold, ${implementation.name} (8.1)`, {
      concurrency: implementation.concurrency,
    }, async (t) => {
      const here = mine.filter((one) => !restElsewhere || !isLeftOut(one, implementation, count));
      await Promise.all(here.map((one) => t.test(one.id, (inner) => runOne(one, implementation, count, inner))));
    });
  }
  test(`every case is counted, ${implementation.name}`, async (t) => {
    await implementation.close();
    for (const count of counts) t.diagnostic(lineOf(count));
    t.diagnostic(lineOf(sum(counts)));
  });
}

function variables({ env, fresh }: Case): string {
  return `${fresh} ${JSON.stringify(env)}`;
}

/** Whether it cannot be run here; then that is counted. */
function isLeftOut(one: Case, implementation: Implementation, { left }: Count): boolean {
  const reason = implementation.cannot(one);
  if (reason !== undefined) left.set(reason, (left.get(reason) ?? 0) + 1);
  return reason !== undefined;
}

async function runOne(one: Case, implementation: Implementation, count: Count, t: test.TestContext): Promise<void> {
  if (isLeftOut(one, implementation, count)) return t.skip(implementation.cannot(one));
  count.failed += 1;
  const { world, release } = await implementation.open(one);
  const [ran, released] = [
    await runCase(one, world, implementation.blurSeconds).then(OVER, failure),
    await release().then(OVER, failure),
  ];
  // What a case found says more than what it left behind.
  const failed = ran ?? released;
  if (failed !== undefined) throw failed.error;
  count.failed -= 1;
  count.passed += 1;
}

function lineOf({ name, passed, failed, left }: Count): string {
  const reasons = [...left].map(([reason, number]) => `, ${number} left out: ${reason}`).join('');
  return `${name.padEnd(12)} ${passed} passed, ${failed} failed${reasons}`;
}

function sum(counts: readonly Count[]): Count {
  const left = new Map<string, number>();
  for (const [reason, number] of counts.flatMap((count) => [...count.left]))
    left.set(reason, (left.get(reason) ?? 0) + number);
  const total = (which: 'passed' | 'failed'): number => counts.reduce((before, count) => before + count[which], 0);
  return { name: 'all', passed: total('passed'), failed: total('failed'), left };
}
