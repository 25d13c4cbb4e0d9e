import type { Fetch } from '../oauth/fetch.ts';
import { issuerUrlProblem, parseLocalIssuers } from '../oauth/local-issuers.ts';
import type { Clock } from '../oauth/time.ts';
import { createTokenCache } from '../oauth/tokens/token-cache.ts';
import type { Emit } from '../observe/events.ts';
import { readProviders } from '../providers/environment.ts';
import { healthRoutes } from '../web/health.ts';
import { json, plain } from '../web/http.ts';
import type { Handle } from '../web/http.ts';
import { BodyAborted } from '../web/request.ts';
import { createRouter } from '../web/router.ts';
import type { Route } from '../web/router.ts';
import type { ListenerSpec, Program } from '../web/serve.ts';
import { badRequest, forbidden } from './wire/answers.ts';
import type { SidecarConfig } from './config.ts';
import type { SidecarContext } from './context.ts';
import type { SidecarEvent } from './events.ts';
import { handleExchange } from './exchange.ts';
import { Undecodable } from './wire/fields.ts';
import { brokenRule, isLoopback } from './door/front-door.ts';
import { limitInFlight } from './door/in-flight.ts';
import { handleIntrospect } from './introspect.ts';
import { createProvider } from './provider.ts';
import type { Provider } from './provider.ts';
import { handleReady } from './ready.ts';
import { handleToken } from './token.ts';

/** What a sidecar runs on. `metrics` is what its probe listener serves. */
export interface SidecarDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  readonly metrics?: () => Promise<string>;
}

/** The configuration cannot work; one problem a line, each naming its variable. */
export class SidecarMisconfigured extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'SidecarMisconfigured';
    this.problems = problems;
  }
}

const MAX_ENTRIES = 262_144;
/** As for the SDK: more would make expiry mean little. */
const MAX_LEEWAY_SECONDS = 120;
const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

/** The token endpoints of one application. Throws SidecarMisconfigured before any port opens. */
export async function createSidecar(config: SidecarConfig, dependencies: SidecarDependencies): Promise<Program> {
  const { now, emit } = dependencies;
  const providers = openProviders(config, dependencies);
  const cache = createTokenCache<string>({ now, maxEntries: MAX_ENTRIES, maxBytes: config.cacheMaxBytes });
  const { jsonOnly, targets, leewaySeconds } = config;
  const context: SidecarContext = { providers, cache, now, emit, jsonOnly, targets, leewaySeconds };
  return {
    listeners: [apiListener(config, context), ...probeListeners(config, context, dependencies.metrics)],
    async start() {
      // Not waited for: tokens never need the keys, and a provider may come up after us.
      for (const { keySet } of providers.values()) void keySet.ready();
    },
    async close() {
      cache.close();
      for (const { keySet } of providers.values()) keySet.close();
    },
  };
}

function openProviders(config: SidecarConfig, dependencies: SidecarDependencies): ReadonlyMap<string, Provider> {
  const { fetch, now, emit } = dependencies;
  const local = parseLocalIssuers(config.FULLMAKT_ALLOW_LOCAL_PROVIDERS);
  const read = readProviders({ ...variablesOf(config) });
  const problems = read.ok ? [] : [...read.problems];
  if (!isLoopback(config.bind.host) && !config.allowRemote) {
    problems.push(`BIND_ADDRESS is not loopback: only FULLMAKT_SIDECAR_ALLOW_REMOTE=true allows that`);
  }
  if (!(config.leewaySeconds >= 0 && config.leewaySeconds <= MAX_LEEWAY_SECONDS)) {
    problems.push(`FULLMAKT_SIDECAR_LEEWAY_SECONDS has to be between 0 and ${MAX_LEEWAY_SECONDS}`);
  }
  if (!read.ok || problems.length > 0) throw new SidecarMisconfigured(problems);
  if (local.allowed) emit({ event: 'sidecar.local_providers_allowed', hosts: local.hosts.join(',') });
  const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, local) === undefined;
  const providers = new Map<string, Provider>();
  for (const [name, settings] of read.providers) {
    if (settings.audience === undefined) emit({ event: 'sidecar.audience_unchecked', provider: name });
    providers.set(name, createProvider(settings, { fetch, now, emit, isAllowedUrl }));
  }
  return providers;
}

/** The members of the configuration that are variables of providers: those whose value is text. */
function variablesOf(config: SidecarConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

function apiListener(config: SidecarConfig, context: SidecarContext): ListenerSpec {
  const routes: readonly Route[] = [
    { method: 'POST', path: '/api/v1/token', handle: (request) => handleToken(request, context) },
    { method: 'POST', path: '/api/v1/token/exchange', handle: (request) => handleExchange(request, context) },
    { method: 'POST', path: '/api/v1/introspect', handle: (request) => handleIntrospect(request, context) },
  ];
  const handle = limitInFlight(guarded(createRouter(routes), config, context));
  return { name: 'sidecar', setting: 'BIND_ADDRESS', ...config.bind, handle: told(handle, routes, context) };
}

/** The front door before everything; what cannot be decoded is 400, and a bug 500 without detail. */
function guarded(router: Handle, config: SidecarConfig, { emit }: SidecarContext): Handle {
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
function told(handle: Handle, routes: readonly Route[], { emit }: SidecarContext): Handle {
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
  { providers, now }: SidecarContext,
  metrics: (() => Promise<string>) | undefined,
): readonly ListenerSpec[] {
  if (config.probeBind === undefined) return [];
  const health = healthRoutes({ ready: () => ({}), ...(metrics === undefined ? {} : { metrics }) });
  const handle = createRouter([
    { method: 'GET', path: '/', handle: () => plain(200, 'ok') },
    { method: 'GET', path: '/readyz', handle: () => handleReady(providers.values(), now) },
    ...health.filter((route) => route.path !== '/readyz'),
  ]);
  return [{ name: 'sidecar probes', setting: 'PROBE_BIND_ADDRESS', ...config.probeBind, handle }];
}
