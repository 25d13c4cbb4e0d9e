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

/** What several folders say together. */
export interface FoldersTogether extends FolderVariables {
  /** Those that can be read and hold no variable: a volume that is not mounted looks like that. */
  readonly silent: readonly string[];
}

/** The variables of all these folders together; of those that are in several, the first folder's. */
async function readSecretFolders(folders: readonly string[]): Promise<FoldersTogether> {
  const read = await Promise.all(folders.map((folder) => readVariableFolder(folder, NAMES)));
  return {
    variables: Object.assign({}, ...read.toReversed().map(({ variables }) => variables)),
    problems: read.flatMap(({ problems }) => problems),
    silent: folders.filter((_, at) => isSilent(read[at])),
  };
}

function isSilent(read: FolderVariables | undefined): boolean {
  return read !== undefined && read.problems.length === 0 && Object.keys(read.variables).length === 0;
}

/** Folders that are read again and again. */
interface FolderReader {
  read(): Promise<FolderVariables>;
  /** Those that have held no variable so far. */
  neverFilled(): readonly string[];
}

/**
 * A folder that has held variables once and holds none now is a problem, for whoever takes a credential back says so with a switch.
 * `silent` are those that held none at the start.
 */
export function folderReader(folders: readonly string[], silent: readonly string[]): FolderReader {
  const spoken = new Set(folders.filter((folder) => !silent.includes(folder)));
  return {
    async read() {
      const found = await readSecretFolders(folders);
      const gone = found.silent.filter((folder) => spoken.has(folder));
      if (found.problems.length === 0) {
        for (const folder of folders) if (!found.silent.includes(folder)) spoken.add(folder);
      }
      const problems = gone.map((folder) => `${folder} holds no variable any more, as if its volume were not there`);
      return { variables: found.variables, problems: [...found.problems, ...problems] };
    },
    neverFilled: () => folders.filter((folder) => !spoken.has(folder)),
  };
}

/** The same for the folders that this environment names. */
export async function readFoldersNamedIn(env: Environment): Promise<FoldersTogether> {
  const { env: variable, parse } = sidecarSettings.secretDirs;
  const named = env[variable]?.trim() ?? '';
  try {
    return await readSecretFolders(parse(named));
  } catch {
    // Whoever reads all settings says what is wrong with this one.
    return { variables: {}, problems: [], silent: [] };
  }
}
