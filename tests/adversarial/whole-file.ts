import { after } from 'node:test';
import type { TestContext } from 'node:test';

/** What outlives one test takes the file for its test: what is put off is done when all of its tests are over, the last first. */
export function wholeFile(): TestContext {
  const closers: (() => unknown)[] = [];
  after(async () => {
    for (const step of closers.toReversed()) await step();
  });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what tests are given has more than worlds ask of it
  return { after: (step: () => unknown) => void closers.push(step) } as unknown as TestContext;
}
