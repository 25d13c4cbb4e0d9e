import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { sidecarSettings } from '../config.ts';
import type { FolderVariables } from '../reload/variable-folder.ts';
import { readVariableFolder } from '../reload/variable-folder.ts';

/** Of one application alone: its clients, what it may ask for, and where it reaches us. Everything else is the operator's to say. */
const NAMES: ReadonlySet<string> = new Set([
  'NAIS_TOKEN_ENDPOINT',
  'FULLMAKT_SIDECAR_SOCKET',
  'FULLMAKT_SIDECAR_TARGETS',
  ...Object.entries<{ readonly env: string }>({ ...sidecarSettings }).flatMap(([member, { env }]) =>
    member === env ? [env] : [],
  ),
]);
const MAX_ENV_BYTES = 256 * 1024;

/** What the folder of an application says: `env`, and above it the files in `sidecar/` (manifest.md C1). */
export async function readAppFolder(folder: string): Promise<FolderVariables> {
  const [env, credentials] = await Promise.all([readEnvFile(folder), readCredentials(folder)]);
  return {
    variables: { ...env.variables, ...credentials.variables },
    problems: [...env.problems, ...credentials.problems],
  };
}

async function readCredentials(folder: string): Promise<FolderVariables> {
  const credentials = join(folder, 'sidecar');
  const isThere = await lstat(credentials).then(
    () => true,
    () => false,
  );
  if (!isThere) return { variables: {}, problems: [] };
  const read = await readVariableFolder(credentials, NAMES);
  const isEmpty = read.problems.length === 0 && Object.keys(read.variables).length === 0;
  return isEmpty ? { variables: {}, problems: [`${credentials} holds no variable`] } : read;
}

async function readEnvFile(folder: string): Promise<FolderVariables> {
  const file = join(folder, 'env');
  try {
    const { size, isFile } = await statOf(file);
    if (!isFile) return { variables: {}, problems: [`${file} is no file`] };
    // Whoever writes in place begins with nothing.
    if (size === 0) return { variables: {}, problems: [`${file} is empty`] };
    if (size > MAX_ENV_BYTES) return { variables: {}, problems: [`${file} is longer than ${MAX_ENV_BYTES} bytes`] };
    const said = Object.entries(parseEnv(await readFile(file, 'utf8')));
    return {
      variables: Object.fromEntries(
        said.flatMap(([name, value]) =>
          NAMES.has(name) && value !== undefined && value !== '' ? [[name, value]] : [],
        ),
      ),
      problems: [],
    };
  } catch {
    return { variables: {}, problems: [`${file} cannot be read`] };
  }
}

async function statOf(file: string): Promise<{ readonly size: number; readonly isFile: boolean }> {
  const stats = await stat(file);
  return { size: stats.size, isFile: stats.isFile() };
}

/** Differs when what the folder says may differ: thousands of folders are looked at, and only those that changed are read. */
export async function fingerprintOf(folder: string): Promise<string> {
  const credentials = join(folder, 'sidecar');
  const [env, target] = await Promise.all([look(join(folder, 'env')), realpath(credentials).catch(() => '')]);
  // A link leads to a folder that nobody writes to any more: it is replaced by another.
  const isLink = (await lstat(credentials).catch(() => undefined))?.isSymbolicLink() === true;
  const names = isLink || target === '' ? [] : await readdir(credentials).catch(() => []);
  const files = await Promise.all(names.map((name) => look(join(credentials, name))));
  return [env, target, await look(credentials), ...files].join('\n');
}

async function look(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return '';
  }
}
