import { join } from 'node:path';
import { childProcess } from './child-process.ts';
import type { Implementation } from './implementation.ts';
import { makeKeys } from './keys.ts';

/** `fullmakt sidecar` of this tree, as a process of its own. */
export async function ourCommand(): Promise<Implementation> {
  const main = join(import.meta.dirname, '../../../src/main.ts');
  return childProcess([process.execPath, main, 'sidecar'], await makeKeys());
}
