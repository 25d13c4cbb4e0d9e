import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Makes a folder for its owner only. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
}

/** Replaces a file whole (mode 0600): written beside it, synced, renamed, so that a kill leaves the old one or the new one. An equal file is not touched; says whether it wrote. */
export function writeFileWhole(file: string, text: string): boolean {
  if (readText(file) === text) return false;
  const temporary = `${file}.${randomUUID()}.tmp`;
  const handle = openSync(temporary, 'wx', FILE_MODE);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  return true;
}

/** Replaces a folder of files whole: the name is a link to a folder named by its content, and only the link is moved. */
export function writeFolderWhole(folder: string, files: Readonly<Record<string, string>>): void {
  const digest = createHash('sha256')
    .update(JSON.stringify(Object.entries(files)))
    .digest('hex')
    .slice(0, 16);
  const [parent, name] = [dirname(folder), basename(folder)];
  const target = `.${name}-${digest}`;
  if (linkTarget(folder) === target) return;
  const content = join(parent, target);
  rmSync(content, { recursive: true, force: true });
  makeFolder(content);
  for (const [path, text] of Object.entries(files)) {
    makeFolder(dirname(join(content, path)));
    writeFileWhole(join(content, path), text);
  }
  const link = join(parent, `.${name}.${randomUUID()}.tmp`);
  symlinkSync(target, link);
  renameSync(link, folder);
  for (const old of readdirSync(parent)) {
    const leftOver = old.startsWith(`.${name}-`) && old !== target;
    if (leftOver || old.startsWith(`.${name}.`)) rmSync(join(parent, old), { recursive: true, force: true });
  }
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
