import type { Environment } from '../../settings.ts';
import { sidecarSettings } from '../config.ts';
import type { FolderVariables } from './variable-folder.ts';
import { readVariableFolder } from './variable-folder.ts';

/** What says where to read cannot be read there. */
const NEVER_THERE: ReadonlySet<string> = new Set(['FULLMAKT_SIDECAR_SECRET_DIRS', 'FULLMAKT_SIDECAR_APPS_DIR']);

const NAMES: ReadonlySet<string> = new Set(
  Object.values<{ readonly env: string }>({ ...sidecarSettings })
    .map(({ env }) => env)
    .filter((name) => !NEVER_THERE.has(name)),
);

/** The variables of all these folders together; of those that are in several, the first folder's. */
export async function readSecretFolders(folders: readonly string[]): Promise<FolderVariables> {
  const read = await Promise.all(folders.map((folder) => readVariableFolder(folder, NAMES)));
  return {
    variables: Object.assign({}, ...read.toReversed().map(({ variables }) => variables)),
    problems: read.flatMap(({ problems }) => problems),
  };
}

/** The same for the folders that this environment names. */
export async function readFoldersNamedIn(env: Environment): Promise<FolderVariables> {
  const { env: variable, parse } = sidecarSettings.secretDirs;
  const named = env[variable]?.trim() ?? '';
  try {
    return await readSecretFolders(parse(named));
  } catch {
    // Whoever reads all settings says what is wrong with this one.
    return { variables: {}, problems: [] };
  }
}
