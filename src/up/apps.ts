import type { App } from '../registry/model.ts';
import type { AppProgramParts } from './app-programs.ts';
import type { Keeper } from './keeper.ts';
import type { Launch } from './keeper-protocol.ts';
import type { Running } from './listening.ts';

/** The variables for one app and for the two programs beside it. */
export interface AppEnvironments {
  readonly app: Readonly<Record<string, string>>;
  readonly sidecar: Readonly<Record<string, string>>;
  readonly login: Readonly<Record<string, string>> | undefined;
}

/** One app as it should be now. */
export interface WantedApp {
  readonly app: App;
  readonly environments: AppEnvironments;
  /** Absent: nothing is started (no dev command, or `--without`). */
  readonly launch: Launch | undefined;
}

/** The apps of this `up`: what runs is made equal to what is wanted. */
export interface Apps {
  /** Starts, replaces and stops the dev commands that differ. They take longest, so `up` asks for them first. */
  launch(wanted: readonly WantedApp[]): void;
  /** Does that, and the same for the programs beside each app; resolves when every port of ours is open. One app's fault does not stop the others. */
  reconcile(wanted: readonly WantedApp[]): Promise<void>;
  close(): Promise<void>;
}

interface Part {
  readonly fingerprint: string;
  readonly running: Running;
}

/** `failed` hears of apps whose programs could not start. */
export function createApps(
  parts: AppProgramParts,
  keeper: Keeper,
  failed: (app: string, error: unknown) => void,
): Apps {
  const sidecars = new Map<string, Part>();
  const logins = new Map<string, Part>();
  const launches = new Map<string, string>();
  let queue: Promise<void> = Promise.resolve();

  const launch = ({ app, launch: wish }: WantedApp): void => {
    const fingerprint = wish === undefined ? '' : JSON.stringify(wish);
    if (launches.get(app.id) === fingerprint) return;
    launches.set(app.id, fingerprint);
    if (wish === undefined) keeper.stop(app.id);
    else keeper.start(app.id, wish);
  };

  const bringUp = async (wanted: WantedApp): Promise<void> => {
    const { app, environments } = wanted;
    launch(wanted);
    const { startLogin, startSidecar } = await import('./app-programs.ts');
    await Promise.all([
      replace(sidecars, app.id, environments.sidecar, (env) => startSidecar(app.id, env, parts)),
      replace(logins, app.id, environments.login, (env) => startLogin(app.id, env, parts)),
    ]);
  };

  const takeDown = async (id: string): Promise<void> => {
    if (launches.delete(id)) keeper.stop(id);
    await Promise.all([drop(sidecars, id), drop(logins, id)]);
  };

  const attempt = async (id: string, step: Promise<void>): Promise<void> => {
    try {
      await step;
    } catch (error) {
      // Without the programs beside it an app is no use; the next change of its variables tries again.
      await takeDown(id).catch(() => {});
      failed(id, error);
    }
  };

  const reconcileNow = async (wanted: readonly WantedApp[]): Promise<void> => {
    const ids = new Set<string>(wanted.map(({ app }) => app.id));
    const gone = [...launches.keys()].filter((id) => !ids.has(id));
    await Promise.all(gone.map((id) => attempt(id, takeDown(id))));
    await Promise.all(wanted.map((each) => attempt(each.app.id, bringUp(each))));
  };

  return {
    launch: (wanted) => wanted.forEach(launch),
    reconcile: (wanted) => {
      queue = queue.then(() => reconcileNow(wanted));
      return queue;
    },
    close: async () => {
      await queue;
      await Promise.all(
        [...sidecars.keys(), ...logins.keys()].map((id) => Promise.all([drop(sidecars, id), drop(logins, id)])),
      );
    },
  };
}

/** Leaves a program alone whose variables are the same; its port is free again before the next one wants it. */
async function replace(
  parts: Map<string, Part>,
  id: string,
  env: Readonly<Record<string, string>> | undefined,
  start: (env: Readonly<Record<string, string>>) => Promise<Running>,
): Promise<void> {
  const fingerprint = JSON.stringify(env);
  if (parts.get(id)?.fingerprint === fingerprint) return;
  await drop(parts, id);
  if (env !== undefined) parts.set(id, { fingerprint, running: await start(env) });
}

async function drop(parts: Map<string, Part>, id: string): Promise<void> {
  const part = parts.get(id);
  parts.delete(id);
  await part?.running.close();
}
