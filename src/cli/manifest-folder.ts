import { join, relative } from 'node:path';
import type { AppId } from '../registry/app-id.ts';
import { createSnapshot } from '../registry/snapshot.ts';
import type { Snapshot } from '../registry/model.ts';
import { compileApp } from '../registrar/compile.ts';
import { registrarSettings } from '../registrar/config.ts';
import { createDirectorySource } from '../registrar/directory.ts';
import type { AppPlace } from '../registrar/platform.ts';
import { hasError, type Problem } from '../registrar/problem.ts';
import { validateTogether } from '../registrar/validate.ts';
import { readSettings } from '../settings.ts';
import { readEnvFile } from '../up/external.ts';
import { upSettings } from '../up/settings.ts';
import { findManifestFolder, UpError } from '../up/state-folder.ts';

/** What a command prints, and how it ends. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of manifests read as the registrar reads it, without a registry. */
export interface ManifestFolder {
  readonly cluster: string;
  readonly problems: readonly Problem[];
  /** What would exist if only this folder did; clients have no keys. */
  readonly snapshot: Snapshot;
}

/** Reads the folder named, else `fullmakt/` or `examples/`, with the settings of its `fullmakt.env`. Throws UpError when there is none or they are not usable. */
export function readManifestFolder(named: string | undefined, cwd: string): ManifestFolder {
  const dir = findManifestFolder(named, cwd);
  const { cluster, organisation, organisations, wildcardGrants, naisIdentityMode, entraTenants, entraTenant } =
    readFolderSettings(dir);
  const organisationOf = (namespace: string): typeof organisation => organisations[namespace] ?? organisation;
  const label = relative(cwd, dir);
  const prefixOf = (namespace: string): string => organisationOf(namespace).prefix;
  const read = createDirectorySource({ dir, label, cluster, naisIdentityMode, entraTenants, prefixOf }).read();
  const valid = validateTogether(read.manifests, { cluster, wildcardGrants });
  const compiled = valid.drafts.map((draft) =>
    compileApp(draft, { platform: { place: placed, organisationOf }, entraTenant }),
  );
  return {
    cluster,
    problems: [...read.problems, ...valid.problems.map(({ problem }) => problem)],
    snapshot: createSnapshot({
      version: 0,
      wildcardGrants,
      apps: valid.drafts.map((draft) => ({ ...draft, uid: '', generation: 1, state: 'active' })),
      clients: compiled.flatMap(({ clients }) => clients.map((client) => ({ ...client, state: 'ready', keys: [] }))),
      grants: compiled.flatMap(({ grants }) => grants),
      scopes: compiled.flatMap(({ scopes }) => scopes),
    }),
  };
}

/** 1 when a manifest has an Error, 0 otherwise. */
export function exitCodeOf(problems: readonly Problem[]): number {
  return hasError(problems) ? 1 : 0;
}

interface FolderSettings {
  readonly cluster: string;
  readonly organisation: { readonly orgno: string; readonly prefix: string };
  readonly organisations: Readonly<Record<string, { readonly orgno: string; readonly prefix: string }>>;
  readonly wildcardGrants: 'network-only' | 'tokens';
  readonly naisIdentityMode: 'workload' | 'keys' | 'both';
  readonly entraTenants: readonly string[];
  readonly entraTenant: string;
}

function readFolderSettings(dir: string): FolderSettings {
  const env = readEnvFile(join(dir, 'fullmakt.env'));
  const up = readSettings(upSettings, env);
  if (!up.ok) throw new UpError(up.problems.join('\n'));
  const folder = { FULLMAKT_REGISTRAR_DIR: dir, FULLMAKT_REGISTRAR_STATE_DIR: join(dir, '.fullmakt') };
  const registrar = readSettings(registrarSettings, { ...env, ...folder });
  if (!registrar.ok) throw new UpError(registrar.problems.join('\n'));
  const { cluster, organisation, organisations } = up.settings;
  const { wildcardGrants, naisIdentityMode, entraTenants, entraTenant } = registrar.settings;
  return { cluster, organisation, organisations, wildcardGrants, naisIdentityMode, entraTenants, entraTenant };
}

/** Nowhere: grants do not depend on where an app is. */
function placed(_app: AppId, ingresses: readonly string[]): AppPlace {
  return { ingresses, bindAddress: '', port: 0, sidecarOrigin: '' };
}
