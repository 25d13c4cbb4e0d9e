import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import { healthRoutes } from '../web/health.ts';
import { json, plain } from '../web/http.ts';
import type { Handle } from '../web/http.ts';
import { BodyAborted } from '../web/request.ts';
import { createRouter } from '../web/router.ts';
import type { Route } from '../web/router.ts';
import type { ListenerSpec, Program } from '../web/serve.ts';
import { createApplication } from './application.ts';
import type { Application } from './application.ts';
import type { SidecarConfig } from './config.ts';
import type { SidecarEvent } from './events.ts';
import { handleExchange } from './exchange.ts';
import { brokenRule, isLoopback } from './door/front-door.ts';
import { limitInFlight } from './door/in-flight.ts';
import { handleIntrospect } from './introspect.ts';
import { handleReady } from './ready.ts';
import { handleToken } from './token.ts';
import { badRequest, forbidden } from './wire/answers.ts';
import { Undecodable } from './wire/fields.ts';

/** What a sidecar runs on. `metrics` is what its probe listener serves. */
export interface SidecarDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  readonly metrics?: () => Promise<string>;
}

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

/** The token endpoints of one application. Throws SidecarMisconfigured before any port opens. */
export async function createSidecar(config: SidecarConfig, dependencies: SidecarDependencies): Promise<Program> {
  const application = createApplication(config, dependencies);
  return {
    listeners: [
      apiListener(config, application, dependencies),
      ...probeListeners(config, application, dependencies.metrics),
    ],
    async start() {
      application.start();
    },
    async close() {
      application.close();
    },
  };
}

function apiListener(config: SidecarConfig, application: Application, { emit }: SidecarDependencies): ListenerSpec {
  const { context } = application;
  const routes: readonly Route[] = [
    { method: 'POST', path: '/api/v1/token', handle: (request) => handleToken(request, context()) },
    { method: 'POST', path: '/api/v1/token/exchange', handle: (request) => handleExchange(request, context()) },
    { method: 'POST', path: '/api/v1/introspect', handle: (request) => handleIntrospect(request, context()) },
  ];
  const handle = limitInFlight(guarded(createRouter(routes), config, emit));
  return { name: 'sidecar', setting: 'BIND_ADDRESS', ...config.bind, handle: told(handle, routes, emit) };
}

/** The front door before everything; what cannot be decoded is 400, and a bug 500 without detail. */
function guarded(router: Handle, config: SidecarConfig, emit: Emit<SidecarEvent>): Handle {
  const { allowedHosts, requiredHeader } = config;
  const door = { allowedHosts, requiredHeader, loopback: isLoopback(config.bind.host) };
  return async (request) => {
    const rule = brokenRule(request, door);
    if (rule !== undefined) {
      emit({ event: 'sidecar.turned_away', rule, cid: request.correlationId });
      return forbidden(`requests are refused by the rule on ${rule}`);
    }
    try {
      return await router(request);
    } catch (error) {
      if (error instanceof Undecodable) return badRequest(error.message);
      // Nobody is left to answer, and it is no fault of ours.
      if (error instanceof BodyAborted) throw error;
      emit({ event: 'sidecar.bug', error, cid: request.correlationId });
      return json(500, { error: 'server_error', error_description: 'this is a fault of the sidecar' });
    }
  };
}

/** No-store on every answer, and one event for each request. Paths nobody serves share a label: strangers may not make labels. */
function told(handle: Handle, routes: readonly Route[], emit: Emit<SidecarEvent>): Handle {
  const known = new Set(routes.map((route) => route.path));
  return async (request) => {
    const started = performance.now();
    const response = await handle(request);
    const { status } = response;
    const seconds = (performance.now() - started) / 1000;
    const outcome = status < 400 ? 'success' : status < 500 ? 'refused' : 'failed';
    const path = known.has(request.path) ? request.path : 'other';
    emit({ event: 'sidecar.request', path, outcome, status, seconds, cid: request.correlationId });
    return { ...response, headers: { ...response.headers, ...NO_STORE } };
  };
}

function probeListeners(
  config: SidecarConfig,
  { context }: Application,
  metrics: (() => Promise<string>) | undefined,
): readonly ListenerSpec[] {
  if (config.probeBind === undefined) return [];
  const health = healthRoutes({ ready: () => ({}), ...(metrics === undefined ? {} : { metrics }) });
  const handle = createRouter([
    { method: 'GET', path: '/', handle: () => plain(200, 'ok') },
    { method: 'GET', path: '/readyz', handle: () => handleReady(context().providers.values(), context().now) },
    ...health.filter((route) => route.path !== '/readyz'),
  ]);
  return [{ name: 'sidecar probes', setting: 'PROBE_BIND_ADDRESS', ...config.probeBind, handle }];
}
