import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the public test vectors are, or why they are not there. They lie beside the project, not in it. */
function vectorsFolder(): { readonly folder: string } | { readonly reason: string } {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const folder = resolve(root, '..', 'shared', 'vectors');
  return existsSync(folder) ? { folder } : { reason: 'no test vectors: ../shared/vectors is absent' };
}

/** The value for a test's `skip` option: the reason, or false. */
export function skipWithoutVectors(): string | false {
  const found = vectorsFolder();
  return 'reason' in found ? found.reason : false;
}

/** Reads one JSON file of the vectors, as the type the caller knows it to have. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the shape of a foreign file
export function readVectors<T>(...path: readonly string[]): T {
  const found = vectorsFolder();
  if ('reason' in found) throw new Error(found.reason);
  return JSON.parse(readFileSync(join(found.folder, ...path), 'utf8'));
}
