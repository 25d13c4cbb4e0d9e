import { join } from 'node:path';
import type { AppId } from '../../registry/app-id.ts';
import { splitAppId } from '../../registry/app-id.ts';
import type { AppEnvironment } from '../environment.ts';
import { formatEnvFile } from './env-file.ts';
import { makeFolder, removeOthers, writeFileWhole, writeFolderWhole } from './files.ts';

/** Writes an app's credentials to `<stateDir>/run/<namespace>/<app>/` (C1). What is equal is left alone. */
export async function writeRunFolder(stateDir: string, app: AppId, environment: AppEnvironment): Promise<void> {
  const folder = folderOf(stateDir, app);
  await makeFolder(folder);
  const mounts = Object.entries(environment.mounts).flatMap(([name, variables]) =>
    Object.entries(variables).map(([variable, value]) => [`${name}/${variable}`, value]),
  );
  const json = `${JSON.stringify(environment.app, null, 2)}\n`;
  await Promise.all([
    writeFileWhole(join(folder, 'env'), formatEnvFile(environment.app), { synced: true }),
    writeFileWhole(join(folder, 'env.json'), json, { synced: true }),
    writeFolderWhole(join(folder, 'nais.io'), Object.fromEntries(mounts)),
    writeFolderWhole(join(folder, 'sidecar'), environment.sidecar),
  ]);
}

/** Takes away the credentials of every app but these. */
export async function removeOtherRunFolders(stateDir: string, apps: readonly AppId[]): Promise<void> {
  const keep = apps.map((app) => splitAppId(app)).map(({ namespace, name }) => `${namespace}/${name}`);
  await removeOthers(join(stateDir, 'run'), new Set(keep));
}

function folderOf(stateDir: string, app: AppId): string {
  const { namespace, name } = splitAppId(app);
  return join(stateDir, 'run', namespace, name);
}
