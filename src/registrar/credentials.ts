import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppId } from '../registry/app-id.ts';
import type { Registry } from '../registry/contract.ts';
import { environmentFor } from './environment.ts';
import type { AppEnvironment, EnvironmentParts } from './environment.ts';
import { ownApps } from './foreign.ts';
import { removeOtherRunFolders, writeRunFolder } from './sinks/run-folder.ts';

/** The variables of every app, in memory and in the state folder. */
export interface Credentials {
  of(app: AppId): AppEnvironment | undefined;
  /** Builds all of them from the registry and writes what differs; returns the apps whose variables did. Throws when a private part cannot be opened or a file not be written. */
  refresh(registry: Registry): Promise<readonly AppId[]>;
}

/** Makes the state folder (0700, kept out of git). */
export function prepareStateFolder(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  chmodSync(stateDir, 0o700);
  const ignore = join(stateDir, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
}

/** Keeps them below `stateDir`. */
export function createCredentials(stateDir: string, parts: EnvironmentParts): Credentials {
  let known = new Map<AppId, { readonly environment: AppEnvironment; readonly text: string }>();
  return {
    of: (app) => known.get(app)?.environment,
    refresh: async (registry) => {
      const snapshot = registry.snapshot();
      const keys = Map.groupBy(await registry.keys(), (key) => key.app);
      const next: typeof known = new Map();
      const changed: AppId[] = [];
      const writes: Promise<void>[] = [];
      for (const app of ownApps(snapshot)) {
        const environment = environmentFor(app, keys.get(app.id) ?? [], snapshot, parts);
        const text = JSON.stringify(environment);
        next.set(app.id, { environment, text });
        if (known.get(app.id)?.text === text) continue;
        changed.push(app.id);
        writes.push(writeRunFolder(stateDir, app.id, environment));
      }
      await Promise.all([...writes, removeOtherRunFolders(stateDir, [...next.keys()])]);
      known = next;
      return changed;
    },
  };
}
