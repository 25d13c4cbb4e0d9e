import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Makes a folder for its owner only. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
}

/**
 * Replaces a file whole (mode 0600): written beside it, renamed, so that a kill leaves the old one or the new one. An
 * equal file is not touched; says whether it wrote. `synced` files also outlive a power cut.
 */
export async function writeFileWhole(
  file: string,
  text: string,
  options: { readonly synced?: boolean } = {},
): Promise<boolean> {
  if (readText(file) === text) return false;
  const temporary = `${file}.${randomUUID()}.tmp`;
  const handle = await open(temporary, 'wx', FILE_MODE);
  try {
    await handle.writeFile(text);
    if (options.synced === true) await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  return true;
}

/**
 * Replaces a folder of files whole: the name is a link to a folder named by its content, and only the link is moved. A
 * folder that is as it should be is not touched.
 */
export async function writeFolderWhole(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(files);
  const digest = createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 16);
  const [parent, name] = [dirname(folder), basename(folder)];
  const target = `.${name}-${digest}`;
  const isWhole = entries.every(([path, text]) => readText(join(folder, path)) === text);
  if (linkTarget(folder) === target && isWhole) return;
  await writeContent(join(parent, target), entries);
  const link = join(parent, `.${name}.${randomUUID()}.tmp`);
  await symlink(target, link);
  await rename(link, folder);
  for (const old of await readdir(parent)) {
    const leftOver = old.startsWith(`.${name}-`) && old !== target;
    if (leftOver || old.startsWith(`.${name}.`)) await rm(join(parent, old), { recursive: true, force: true });
  }
}

/** Removes what lies below `<folder>/<namespace>/` and is not one of `keep` (`<namespace>/<name>`): also what was left while nobody watched. */
export async function removeOthers(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const namespace of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, namespace))) {
      if (!keep.has(`${namespace}/${name}`)) await rm(join(folder, namespace, name), { recursive: true, force: true });
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function writeContent(folder: string, entries: readonly (readonly [string, string])[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  const below = new Set(entries.map(([path]) => dirname(path)).filter((path) => path !== '.'));
  await Promise.all([...below].map((path) => makeFolder(join(folder, path))));
  await Promise.all(entries.map(([path, text]) => writeFileWhole(join(folder, path), text)));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
