import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import type { TokenEndpointLimits } from '../oauth/token-endpoint/token-endpoint.ts';
import type { Emit } from '../observe/events.ts';
import type { Tracer } from '../observe/tracing.ts';
import type { Handle, HttpResponse } from '../web/http.ts';
import { createRouter } from '../web/router.ts';
import type { ListenerSpec, Program } from '../web/serve.ts';
import { apiRoutes, pathLabels } from './api-routes.ts';
import { createApplication } from './application.ts';
import type { Application } from './application.ts';
import type { SidecarConfig } from './config.ts';
import type { SidecarEvent } from './events.ts';
import { answered } from './door/answered.ts';
import { isLoopback } from './door/front-door.ts';
import type { FrontDoor } from './door/front-door.ts';
import { createInFlight } from './door/in-flight.ts';
import { apiAddress } from './listens-at.ts';
import { handleReady } from './ready.ts';
import { tellState, withState } from './tell-state.ts';
import { baseFromHost, baseOfSocket } from './standard/metadata.ts';
import type { OwnBase } from './standard/metadata.ts';
import { probeRoutes } from './probe-routes.ts';
import { createReload } from './reload/reload.ts';
import type { Reload, ReloadSource } from './reload/reload.ts';
import { traceRequests } from './tracing.ts';
import { NO_STORE } from './wire/answers.ts';

/** What a sidecar runs on. `metrics` is what its probe listener serves. */
export interface SidecarDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  readonly metrics?: () => Promise<string>;
  /** Whether more work may come; what is not ready for any says so. */
  readonly accepting?: () => boolean;
  /** Present where spans are recorded. */
  readonly tracer?: Tracer | undefined;
  /** Limits of calls to token endpoints that differ from the usual ones. */
  readonly limits?: Partial<TokenEndpointLimits> | undefined;
  /** Where the configuration came from; without it nothing is read again. */
  readonly reload?: ReloadSource;
}

/** A program whose configuration can change while it runs. */
export interface SidecarProgram extends Program {
  /** Reads its folders again at once; what is bad there changes nothing. Never rejects. */
  readAgain(): Promise<void>;
  /** Tells what gauges show now: whoever reads figures asks for it first. */
  tellFigures(): void;
}

/** The token endpoints of one application. Throws SidecarMisconfigured before any port opens. */
export async function createSidecar(config: SidecarConfig, dependencies: SidecarDependencies): Promise<SidecarProgram> {
  const { now, emit, reload: source } = dependencies;
  const following: { reload?: Reload } = {};
  const readAgain = async (): Promise<void> => following.reload?.readAgainForClient();
  const application = createApplication(config, { ...dependencies, readAgain });
  const isFed = source !== undefined && config.secretDirs.length > 0;
  const reload = isFed ? createReload(source, { config, application, now, emit }) : undefined;
  if (reload !== undefined) following.reload = reload;
  const ready = (): Promise<HttpResponse> => {
    const { providers } = application.context();
    return handleReady(providers.values(), now, { reload: reload?.shown() });
  };
  const probed = withState(dependencies, () => [application.context()]);
  return {
    listeners: [...apiListeners(config, application, dependencies), ...probeListeners(config, ready, probed)],
    async readAgain() {
      await reload?.readAgain();
    },
    tellFigures: () => tellState(application.context()),
    async start() {
      application.start();
      reload?.start();
      // A key set is loaded once for all who ask; one that cannot be loaded keeps nobody from anything.
      await Promise.allSettled(Array.from(application.context().providers.values(), ({ keySet }) => keySet.ready()));
    },
    async close() {
      reload?.close();
      application.close();
    },
  };
}

/** The API on its address, on its socket, or on both. */
export function apiListeners(
  config: SidecarConfig,
  { context }: Pick<Application, 'context'>,
  { emit, tracer }: Pick<SidecarDependencies, 'emit' | 'tracer'>,
): readonly ListenerSpec[] {
  const { allowedHosts, requiredHeader, socket: path } = config;
  const label = pathLabels(apiRoutes(context, baseOfSocket));
  const traced = (handle: Handle): Handle => (tracer === undefined ? handle : traceRequests(handle, label, tracer));
  const behind = (door: FrontDoor, base: OwnBase): Handle => {
    const router = createRouter(apiRoutes(context, base));
    return traced(answered(router, { door, inFlight: createInFlight(), label, emit }));
  };
  const address = apiAddress(config);
  const listeners: ListenerSpec[] = [];
  if (address !== undefined) {
    const handle = behind({ allowedHosts, requiredHeader, loopback: isLoopback(address.host) }, baseFromHost);
    listeners.push({ name: 'sidecar', setting: 'BIND_ADDRESS', ...address, handle, ownHeaders: NO_STORE });
  }
  if (path !== undefined) {
    // Whoever may open the file is let in, by whatever name.
    const handle = behind({ allowedHosts: 'any', requiredHeader, loopback: false }, baseOfSocket);
    const setting = 'FULLMAKT_SIDECAR_SOCKET';
    listeners.push({ name: 'sidecar socket', setting, host: '', port: 0, path, handle, ownHeaders: NO_STORE });
  }
  return listeners;
}

/** Liveness, readiness and metrics, where there is a place for them. */
export function probeListeners(
  config: SidecarConfig,
  ready: Handle,
  { metrics, accepting = () => true }: Pick<SidecarDependencies, 'metrics' | 'accepting'>,
): readonly ListenerSpec[] {
  if (config.probeBind === undefined) return [];
  const handle = createRouter(probeRoutes({ ready, metrics, accepting }));
  return [{ name: 'sidecar probes', setting: 'PROBE_BIND_ADDRESS', ...config.probeBind, handle }];
}
