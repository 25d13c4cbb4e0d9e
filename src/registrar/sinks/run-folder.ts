import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppId } from '../../registry/app-id.ts';
import { splitAppId } from '../../registry/app-id.ts';
import type { AppEnvironment } from '../environment.ts';
import { formatEnvFile } from './env-file.ts';
import { makeFolder, writeFileWhole, writeFolderWhole } from './files.ts';

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

/** Takes away the credentials of an app that is no more. */
export async function removeRunFolder(stateDir: string, app: AppId): Promise<void> {
  await rm(folderOf(stateDir, app), { recursive: true, force: true });
}

function folderOf(stateDir: string, app: AppId): string {
  const { namespace, name } = splitAppId(app);
  return join(stateDir, 'run', namespace, name);
}
