/** `fullmakt login`: signs browsers in, keeps the session, and puts the user's access token on requests to the application. */
import type { Duplex } from 'node:stream';
import type { Fetch } from '../oauth/fetch.ts';
import type { Emit } from '../observe/events.ts';
import type { Tracer } from '../observe/tracing.ts';
import { NO_TRACER } from '../observe/tracing.ts';
import type { LoginClient } from '../providers/login-client.ts';
import { createLoginClient } from '../providers/login-client.ts';
import type { Store } from '../store/store.ts';
import { createTrustedProxies } from '../web/forwarded.ts';
import type { Sealer } from '../web/seal.ts';
import { createSealer } from '../web/seal.ts';
import type { ListenerSpec, Program } from '../web/serve.ts';
import { createBackground } from './background.ts';
import type { LoginConfig, ProviderConfig } from './config.ts';
import type { LoginContext, LoginParts, Siblings } from './context.ts';
import { createEntrance } from './entrance.ts';
import type { LoginEvent } from './events.ts';
import { watchCalls } from './figures/calls.ts';
import type { Within } from './figures/requests.ts';
import { createRequestWatcher } from './figures/requests.ts';
import { watchStore } from './figures/store.ts';
import { createExchange } from './exchange/exchange.ts';
import { guardStore } from './store/guarded-store.ts';
import { createProxy } from './proxy/proxy.ts';
import { createUpstreams } from './proxy/upstreams.ts';
import type { HealthDeps } from './readiness.ts';
import { healthListeners } from './readiness.ts';
import { createRole } from './roles.ts';
import { createRefresher } from './session/refresh.ts';
import { compileRules } from './proxy/rules.ts';
import { createNoRefresher } from './sso/no-refresher.ts';
import { createSiblings } from './siblings.ts';
import { createSessions } from './session/sessions.ts';
import { createTargets } from './redirects/targets.ts';
import { tellLeniently, tellSeldom, tellWhose } from './telling.ts';
import type { Repeat } from './tunnels.ts';
import { createTunnels } from './tunnels.ts';
import { warmUp } from './warm-up.ts';

const IDLE_SECONDS = 90;

/**
 * What the login proxy runs on. `metrics` is shown on the metrics listener when given; `tracer` is closed with the proxy; `within`
 * is the observer's.
 */
export interface LoginDeps extends HealthDeps {
  readonly store: Store;
  readonly fetch: Fetch;
  readonly emit: Emit<LoginEvent>;
  /** Over the session keys; made from those of the configuration unless given. */
  readonly sealer?: Sealer;
  readonly tracer?: Tracer;
  readonly within?: Within;
  /** Repeats the look at open tunnels; by the clock unless told. */
  readonly repeat?: Repeat;
}

function createClient(
  config: LoginConfig,
  provider: ProviderConfig,
  deps: Pick<LoginDeps, 'fetch' | 'now' | 'emit'>,
): LoginClient {
  return createLoginClient(
    {
      kind: provider.kind,
      clientId: provider.clientId,
      wellKnownUrl: provider.wellKnownUrl,
      issuer: provider.issuer,
      endpoints: provider.endpoints,
      tenants: provider.tenants,
      credential: provider.credential,
      level: provider.level,
      locales: provider.locale === undefined ? [] : [provider.locale],
      jwksFallbackAlg: provider.jwksFallbackAlg,
      local: config.localProviders,
    },
    {
      fetch: deps.fetch,
      now: deps.now,
      onMetadataFailure: (reason) =>
        deps.emit({ event: 'provider.unavailable', provider: provider.name, client_id: provider.clientId, reason }),
    },
  );
}

/** What the contexts of all providers have in common. */
type Shared = Pick<LoginParts, 'config' | 'store' | 'sealer' | 'background' | 'targets' | 'rules' | 'now' | 'emit'>;

function createParts(
  shared: Shared,
  provider: ProviderConfig,
  { fetch, tracer }: { readonly fetch: Fetch; readonly tracer: Tracer },
): LoginParts {
  const { config, store, now } = shared;
  const { name, clientId, wellKnownUrl } = provider;
  const emit = tellWhose(shared.emit, { provider: name, client_id: clientId });
  const metadata = (): ReturnType<LoginClient['metadata']['loaded']> => client.metadata.loaded();
  const exchangeUrl = config.tokenx?.wellKnownUrl;
  const watched = watchCalls({ fetch, tracer, emit, provider: name, clientId, wellKnownUrl, exchangeUrl, metadata });
  const client = createClient(config, provider, { fetch: watched, now, emit });
  const sessions = createSessions({
    store,
    now,
    provider: provider.name,
    clientId: provider.clientId,
    ofAnyClient: config.role === 'sso-proxy',
    ofAnyProvider: config.role === 'sso-proxy' && config.providers.length === 1,
    issuer: () => client.metadata.loaded()?.issuer,
    onUnreadable: (session_ref) => emit({ event: 'session.unreadable', session_ref }),
  });
  return { ...shared, emit, provider, client, sessions };
}

/** One context for each provider, the default's first. */
function createContexts(config: LoginConfig, deps: LoginDeps): Siblings {
  const { now, fetch, tracer = NO_TRACER } = deps;
  const emit = tellSeldom(tellLeniently(deps.emit), now);
  const shared: Shared = {
    config,
    store: guardStore(deps.store, watchStore({ emit, tracer })),
    sealer: deps.sealer ?? createSealer(config.sessionKeys),
    background: createBackground(),
    targets: createTargets(config),
    rules: compileRules(config),
    now,
    emit,
  };
  const contextOf = (provider: ProviderConfig, siblings: Siblings): LoginContext => {
    const parts = createParts(shared, provider, { fetch, tracer });
    return {
      ...parts,
      refresher: config.role === 'sso-proxy' ? createNoRefresher() : createRefresher(parts),
      siblings,
    };
  };
  return createSiblings(config.providers, contextOf);
}

/** Whether the instance speaks to its providers itself. */
function isClient({ role }: LoginConfig): boolean {
  return role !== 'sso-proxy';
}

/** Unsafe compatibility is said at every start. */
function tellUnsafe({ compat }: LoginConfig, emit: LoginDeps['emit']): void {
  if (compat.authorizationPassthrough)
    emit({ event: 'settings.unsafe', reason: 'inbound Authorization reaches the application without a session' });
  if (compat.anyHost) emit({ event: 'settings.unsafe', reason: 'requests for any host are served' });
  if (compat.unguardedGet)
    emit({ event: 'settings.unsafe', reason: 'other sites can log people out and refresh sessions' });
}

/** Builds the login proxy. Nothing is fetched or opened before `start` and the listeners are. */
export function createLogin(config: LoginConfig, deps: LoginDeps): Promise<Program> {
  const siblings = createContexts(config, deps);
  const { first: context } = siblings;
  const upstreams = createUpstreams(config);
  const exchange = createExchange(siblings);
  const tunnels = createTunnels(siblings, deps.repeat);
  const trusted = createTrustedProxies(config.trustedProxies);
  const { tracer = NO_TRACER, within = (_fields, work) => work() } = deps;
  const watcher = createRequestWatcher({ emit: context.emit, tracer, within, accessLogs: config.accessLogs });
  const proxy = createProxy(context, { upstreams, exchange, tunnels, trusted });
  const role = createRole(context, trusted);
  const entrance = createEntrance(context, { proxy, trusted, watcher, ...role.parts });
  const warming = isClient(config) ? siblings.all.map(warmUp) : [];
  const listener: ListenerSpec = {
    name: 'login proxy',
    setting: 'FULLMAKT_LOGIN_BIND_ADDRESS',
    ...config.bindAddress,
    handle: (request) => entrance.handle(request),
    upgrade: (request, socket: Duplex, head) => entrance.upgrade(request, socket, head),
    limits: { keepAliveSeconds: IDLE_SECONDS, headerBytes: config.headerBytes },
  };
  return Promise.resolve({
    listeners: [listener, ...healthListeners(siblings, deps)],
    start: () => {
      tellUnsafe(config, deps.emit);
      for (const one of warming) one.begin();
      return Promise.resolve();
    },
    async close() {
      for (const one of warming) one.close();
      tunnels.close();
      exchange.close();
      await context.background.close();
      for (const { client } of siblings.all) client.close();
      await role.close();
      await upstreams.close();
      await deps.tracer?.close();
    },
  });
}
