import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AppId } from '../../registry/app-id.ts';
import { splitAppId } from '../../registry/app-id.ts';
import type { AppEnvironment } from '../environment.ts';
import { formatEnvFile } from './env-file.ts';
import { makeFolder, writeFileWhole, writeFolderWhole } from './files.ts';

/** Writes an app's credentials to `<stateDir>/run/<namespace>/<app>/` (C1). What is equal is left alone. */
export function writeRunFolder(stateDir: string, app: AppId, environment: AppEnvironment): void {
  const folder = folderOf(stateDir, app);
  makeFolder(folder);
  writeFileWhole(join(folder, 'env'), formatEnvFile(environment.app));
  writeFileWhole(join(folder, 'env.json'), `${JSON.stringify(environment.app, null, 2)}\n`);
  const mounts = Object.entries(environment.mounts).flatMap(([name, variables]) =>
    Object.entries(variables).map(([variable, value]) => [`${name}/${variable}`, value]),
  );
  writeFolderWhole(join(folder, 'nais.io'), Object.fromEntries(mounts));
  writeFolderWhole(join(folder, 'sidecar'), environment.sidecar);
}

/** Takes away the credentials of apps that are no more. */
export function removeRunFolder(stateDir: string, app: AppId): void {
  rmSync(folderOf(stateDir, app), { recursive: true, force: true });
}

/** The apps that have a folder, as `namespace/app`. */
export function listRunFolders(stateDir: string): readonly string[] {
  const root = join(stateDir, 'run');
  return names(root).flatMap((namespace) => names(join(root, namespace)).map((app) => `${namespace}/${app}`));
}

function folderOf(stateDir: string, app: AppId): string {
  const { namespace, name } = splitAppId(app);
  return join(stateDir, 'run', namespace, name);
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
