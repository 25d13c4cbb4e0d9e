import { dirname, join } from 'node:path';
import type { AppId } from '../registry/app-id.ts';
import { splitAppId } from '../registry/app-id.ts';
import type { Client, Snapshot } from '../registry/model.ts';
import { isForeign } from './foreign.ts';
import type { Problem } from './problem.ts';
import { hasError } from './problem.ts';
import { makeFolder, removeOthers, writeFileWhole } from './sinks/files.ts';

const PROVIDERS = ['tokenx', 'azure', 'idporten', 'maskinporten', 'openid'] as const;

/** The state of one app as a file tells it (D6); never anything private. */
export interface AppStatus {
  readonly app: string;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly state: string;
  readonly ready: boolean;
  readonly clients: readonly {
    readonly provider: string;
    readonly clientId: string;
    readonly state: string;
    readonly keyIds: readonly string[];
  }[];
  readonly conditions: readonly { readonly type: string; readonly status: boolean }[];
  readonly problems: readonly Problem[];
}

/** The status of an app, also of one that never was valid. */
export function statusOf(app: AppId, snapshot: Snapshot, problems: readonly Problem[]): AppStatus {
  // Of an app that is an operator's only the problems are told.
  const isOurs = !isForeign(app, snapshot);
  const row = isOurs ? snapshot.app(app) : undefined;
  const clients = isOurs ? PROVIDERS.flatMap((provider) => snapshot.clientOf(app, provider) ?? []) : [];
  const valid = !hasError(problems);
  const ready = row?.state === 'active' && clients.every((client) => client.state === 'ready');
  const generation = row?.generation ?? 0;
  return {
    app,
    generation,
    observedGeneration: generation,
    state: row?.state ?? 'absent',
    ready,
    clients: clients.map(clientStatus),
    conditions: [
      { type: 'Ready', status: ready },
      { type: 'Valid', status: valid },
      { type: 'AccessPolicyResolved', status: !problems.some((problem) => problem.code === 'unknown-consumer') },
    ],
    problems,
  };
}

/** Writes `<stateDir>/status/<namespace>/<app>.json`. */
export async function writeStatus(stateDir: string, app: AppId, status: AppStatus): Promise<void> {
  const file = statusFile(stateDir, app);
  await makeFolder(dirname(file));
  await writeFileWhole(file, `${JSON.stringify(status, null, 2)}\n`);
}

/** Removes the file of every app but these. */
export async function removeOtherStatus(stateDir: string, apps: Iterable<AppId>): Promise<void> {
  const keep = [...apps].map((app) => splitAppId(app)).map(({ namespace, name }) => `${namespace}/${name}.json`);
  await removeOthers(join(stateDir, 'status'), new Set(keep));
}

function clientStatus({ provider, clientId, state, keys }: Client): AppStatus['clients'][number] {
  return { provider, clientId, state, keyIds: keys.map((key) => key.kid) };
}

function statusFile(stateDir: string, app: AppId): string {
  const { namespace, name } = splitAppId(app);
  return join(stateDir, 'status', namespace, `${name}.json`);
}
