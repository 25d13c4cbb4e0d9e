import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';

/** A file of the state folder that cannot be used; the message names it. Nothing is deleted or replaced. */
export class StateFileDamaged extends Error {
  constructor(file: string, why: string, cause?: unknown) {
    super(`${file}: ${why}; move it away to have a new one made`, { cause });
    this.name = 'StateFileDamaged';
  }
}

/** The text of a file, or undefined when there is none. Other failures are thrown. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes by way of a temporary name, so that a reader sees the old file or the new one, never half of it. */
export async function writeWhole(file: string, data: string, mode: 0o600 | 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, data, { mode, flag: 'wx' });
  await chmod(temporary, mode); // the umask may have taken bits away
  await rename(temporary, file);
}
