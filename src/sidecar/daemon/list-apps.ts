import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The folders of applications, by `<namespace>/<app>`, and those of namespaces. */
export interface ListedApps {
  readonly apps: ReadonlyMap<string, string>;
  readonly namespaces: readonly string[];
}

/** What Kubernetes allows as a name; nothing else becomes a label of metrics. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_APPS = 10_000;

/**
 * Lists them, in the order of their names. Throws an Error when the folder cannot be read or holds more than anybody serves, and for
 * one without a single namespace where some were before: a volume that is not mounted looks like that.
 */
export async function listApps(root: string, hadSome = false): Promise<ListedApps> {
  const namespaces = (await foldersIn(root)).map((name) => join(root, name));
  if (hadSome && namespaces.length === 0) throw new Error(`${root} is empty, as if its volume were not there`);
  const found = await Promise.all(
    namespaces.map(async (folder) => {
      const names = await foldersIn(folder).catch((error: unknown) => goneOrThrow(root, error));
      return names.map((name) => [join(folder, name).slice(root.length + 1), join(folder, name)] as const);
    }),
  );
  const apps = found.flat();
  if (apps.length > MAX_APPS) throw new Error(`more than ${MAX_APPS} applications`);
  return { apps: new Map(apps.toSorted(([one], [other]) => (one < other ? -1 : 1))), namespaces };
}

/** A namespace that is gone has no applications; one that cannot be read may well have some, and so may a folder that is gone as a whole. */
async function goneOrThrow(root: string, error: unknown): Promise<readonly string[]> {
  const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
  if (!isGone) throw error;
  await readdir(root);
  return [];
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) =>
    NAME.test(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()) ? [entry.name] : [],
  );
}
