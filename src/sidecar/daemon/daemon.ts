import type { Emit } from '../../observe/events.ts';
import type { Environment } from '../../settings.ts';
import { probeListeners } from '../app.ts';
import type { SidecarDependencies, SidecarProgram } from '../app.ts';
import { SidecarMisconfigured } from '../application.ts';
import type { SidecarConfig } from '../config.ts';
import type { SidecarContext } from '../context.ts';
import type { SidecarEvent } from '../events.ts';
import { createIssuers } from '../reload/issuers.ts';
import { watchFolders } from '../reload/folder-watch.ts';
import type { FolderWatch } from '../reload/folder-watch.ts';
import { realTimers } from '../reload/timers.ts';
import type { Timers } from '../reload/timers.ts';
import { tellState, withState } from '../tell-state.ts';
import { operatorEnvironment } from './app-environment.ts';
import { createHostedApps } from './hosted-apps.ts';
import type { HostedApps } from './hosted-apps.ts';
import { daemonReadiness } from './readiness.ts';
import { isPlaceOf } from './app-place.ts';
import { createScanner } from './scanner.ts';

/** What a daemon runs on. */
export interface DaemonDependencies extends Omit<SidecarDependencies, 'emit' | 'reload'> {
  readonly emitterOf: (app?: string) => Emit<SidecarEvent>;
  /** Drops the figures of an application that is no more. */
  readonly forget?: (app: string) => void;
  /** Everything the operator said. */
  readonly env: Environment;
  readonly timers?: Timers;
  readonly graceSeconds?: number;
}

/** One program for many applications. */
export interface SidecarDaemon extends SidecarProgram {
  readonly apps: Pick<HostedApps, 'hosted' | 'refused'>;
  /** From now on every answer to any application is the last on its connection. */
  lastRequests(): void;
  /** No application is served any more; requests that were begun are finished. `close` does the same and lets go of the rest. */
  drain(): Promise<void>;
}

/** Requests of an application that goes away have so long to end. */
const GRACE_SECONDS = 29;

/** Serves every application that has a folder below FULLMAKT_SIDECAR_APPS_DIR (sidecar-sdk.md 3.8). Throws SidecarMisconfigured. */
export function createSidecarDaemon(config: SidecarConfig, dependencies: DaemonDependencies): SidecarDaemon {
  const { appsDir: root } = config;
  if (root === undefined) throw new SidecarMisconfigured(['FULLMAKT_SIDECAR_APPS_DIR is not set']);
  const { fetch, now, emitterOf, timers = realTimers, graceSeconds = GRACE_SECONDS } = dependencies;
  const issuers = createIssuers({ fetch, now, emit: emitterOf() });
  const env = operatorEnvironment(dependencies.env);
  const isReserved = (claim: string): boolean => isPlaceOf(claim, config.probeBind);
  const apps = createHostedApps({ ...dependencies, issuers, env, graceSeconds, isReserved });
  const contexts = (): readonly SidecarContext[] => Array.from(apps.hosted.values(), ({ context }) => context());
  const scanner = createScanner(root, apps, emitterOf());
  const readAgain = async (): Promise<void> => {
    await scanner.scan();
    watch?.follow(scanner.folders());
  };
  let watch: FolderWatch | undefined;
  const drain = async (): Promise<void> => {
    watch?.close();
    watch = undefined;
    await scanner.close();
    await apps.close();
  };
  const ready = daemonReadiness(apps, () => scanner.state(), now);
  return {
    apps,
    listeners: probeListeners(config, ready, withState(dependencies, contexts)),
    readAgain,
    tellFigures: () => contexts().forEach(tellState),
    async start() {
      watch = watchFolders(() => void readAgain(), timers);
      await readAgain();
      // What was written between the first reading and the first watcher.
      void readAgain();
    },
    lastRequests: () => apps.hosted.forEach((app) => app.lastRequests()),
    drain,
    async close() {
      await drain();
      issuers.close();
    },
  };
}
