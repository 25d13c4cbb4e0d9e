import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FileChanges } from './case.ts';
import { quietPort } from './quiet-port.ts';

/** What one case has around its sidecar: a folder, and places to listen at. Both are made when they are first asked for. */
export interface Surroundings {
  folder(): Promise<string>;
  /** `127.0.0.1` and a port, the same for the same name. */
  place(name: string): Promise<string>;
  close(): Promise<void>;
}

/** Neither JSON nor anything else. */
const BROKEN = '{';

/** Makes what one case needs, once. */
export function createSurroundings(): Surroundings {
  let made: Promise<string> | undefined;
  const places = new Map<string, Promise<string>>();
  return {
    folder() {
      made ??= mkdtemp(join(tmpdir(), 'conformance-'));
      return made;
    },
    place(name) {
      const place = places.get(name) ?? quietPort().then((port) => `127.0.0.1:${port}`);
      places.set(name, place);
      return place;
    },
    async close() {
      if (made !== undefined) await rm(await made, { recursive: true, force: true });
    },
  };
}

/** Does to the files of a folder what a step says. Throws AssertionError where one is there that should not be, or the other way round. */
export async function changeFiles(folder: string, changes: FileChanges, at: string): Promise<void> {
  for (const [path, text] of Object.entries(changes.add)) {
    assert.ok(!(await exists(join(folder, path))), `${at}: ${path} is there already`);
    await write(join(folder, path), text);
  }
  const broken = changes.break.map((path) => [path, BROKEN] as const);
  for (const [path, text] of [...Object.entries(changes.change), ...broken]) {
    assert.ok(await exists(join(folder, path)), `${at}: ${path} is not there`);
    await write(join(folder, path), text);
  }
  for (const path of changes.remove) {
    assert.ok(await exists(join(folder, path)), `${at}: ${path} is not there`);
    await rm(join(folder, path), { recursive: true });
  }
}

/** All at once for whoever reads it, as whoever writes credentials does. */
async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = join(dirname(path), '.draft');
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
