import type { Fetch } from '../../oauth/fetch.ts';
import type { Environment } from '../../settings.ts';
import { readSettings } from '../../settings.ts';
import { serve } from '../../web/serve.ts';
import type { Listener } from '../../web/serve.ts';
import { apiListeners } from '../app.ts';
import type { SidecarDependencies } from '../app.ts';
import { createApplication, SidecarMisconfigured } from '../application.ts';
import type { Application } from '../application.ts';
import { sidecarSettings } from '../config.ts';
import type { Issuers } from '../reload/issuers.ts';
import { followConfiguration } from '../reload/follow.ts';
import type { Follower } from '../reload/follow.ts';
import type { FolderVariables } from '../reload/variable-folder.ts';
import { appVariables } from './app-environment.ts';
import { atMost } from './at-most.ts';
import { readAppFolder } from './app-folder.ts';
import type { AppPlace } from './app-place.ts';
import { whileOpen } from './while-open.ts';

/** One application that is served at its own place, by its own tokens, keys and limits. */
export interface HostedApp extends Pick<Follower, 'readAgain' | 'shown'>, Pick<Application, 'context'> {
  readonly place: AppPlace;
  readonly origins: readonly string[];
  /** From now on every answer is the last on its connection. */
  lastRequests(): void;
  /** Takes no more connections at once; requests that were begun are finished within the grace. */
  close(graceSeconds: number): Promise<void>;
}

/** What hosting an application takes. */
export interface HostingParts extends Omit<SidecarDependencies, 'reload'> {
  readonly issuers: Issuers;
  /** The operator's settings. */
  readonly env: Environment;
  readonly folder: string;
  readonly place: AppPlace;
  /** What the folder says. */
  readonly variables: Environment;
}

/**
 * Calls of one application to one token endpoint at one time. All applications share the connections to a provider: one that floods it,
 * or is the only one it does not answer, must not have all of them.
 */
const CALLS_AT_ONCE = 200;
const share = (fetch: Fetch): Fetch => atMost(fetch, CALLS_AT_ONCE);

/** Opens its listener. Throws SidecarMisconfigured with nothing left open, also when its place is taken. */
export async function hostApp(parts: HostingParts): Promise<HostedApp> {
  const { env, folder, place, now } = parts;
  const { emit, open, silence } = whileOpen(parts.emit);
  const variables = appVariables(parts.variables, place);
  const settings = readSettings(sidecarSettings, { ...env, ...variables });
  if (!settings.ok) throw new SidecarMisconfigured(settings.problems);
  const allowedHosts = [...settings.settings.allowedHosts, ...place.hosts];
  const config = { ...settings.settings, allowedHosts };
  const following: { follower?: Follower } = {};
  const readAgain = async (): Promise<void> => following.follower?.readAgainForClient();
  const application = createApplication(config, { ...parts, emit, share, readAgain });
  const read = (): Promise<FolderVariables> => readWithin(folder, place);
  const follower = followConfiguration({ env, read, application, config: settings.settings, variables, now, emit });
  following.follower = follower;
  const listeners = await openListeners(place, () =>
    apiListeners(config, application, { ...parts, emit }).map(serve),
  ).catch((error: unknown) => {
    application.close();
    throw error;
  });
  open();
  application.start();
  return {
    place,
    origins: listeners.map(({ origin }) => origin),
    context: application.context,
    readAgain: () => follower.readAgain(),
    shown: () => follower.shown(),
    lastRequests: () => listeners.forEach((listener) => listener.lastRequests()),
    async close(graceSeconds) {
      await Promise.all(listeners.map((listener) => listener.close(graceSeconds)));
      application.close();
      silence();
    },
  };
}

/** What the folder says now. Where it is served is for the daemon to change: by another listener, not by another configuration. */
async function readWithin(folder: string, place: AppPlace): Promise<FolderVariables> {
  const { variables, problems } = await readAppFolder(folder);
  const { NAIS_TOKEN_ENDPOINT: _, FULLMAKT_SIDECAR_SOCKET: __, ...rest } = variables;
  return { variables: appVariables(rest, place), problems };
}

async function openListeners(
  { variable, claims }: AppPlace,
  open: () => readonly Promise<Listener>[],
): Promise<readonly Listener[]> {
  const opened = await Promise.allSettled(open());
  const listeners = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed === undefined) return listeners;
  await Promise.all(listeners.map((listener) => listener.close(0)));
  throw new SidecarMisconfigured([`${variable} is no place to listen on: ${claims.join(', ')} cannot be had`]);
}
