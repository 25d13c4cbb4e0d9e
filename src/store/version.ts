import { randomInt } from 'node:crypto';

const HIGHEST = 2 ** 48 - 1;

/** A version that no earlier record of any key had, so that a writer who read a deleted record cannot overwrite its successor. */
export function newVersion(): number {
  return randomInt(1, HIGHEST);
}
