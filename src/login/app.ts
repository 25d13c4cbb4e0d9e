/** `fullmakt login`: signs browsers in, keeps the session, and puts the user's access token on requests to the application. */
import type { Duplex } from 'node:stream';
import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { LoginClient } from '../providers/login-client.ts';
import { createLoginClient } from '../providers/login-client.ts';
import type { Store } from '../store/store.ts';
import { createTrustedProxies } from '../web/forwarded.ts';
import { healthRoutes } from '../web/health.ts';
import { createRouter } from '../web/router.ts';
import { createSealer } from '../web/seal.ts';
import type { ListenerSpec, Program } from '../web/serve.ts';
import { createUpstream } from '../web/upstream.ts';
import { createBackground } from './background.ts';
import type { LoginConfig } from './config.ts';
import type { LoginContext } from './context.ts';
import { createEntrance } from './entrance.ts';
import type { LoginEvent } from './events.ts';
import { guardStore } from './guarded-store.ts';
import { createProxy } from './proxy/proxy.ts';
import { createRefresher } from './session/refresh.ts';
import { compileRules } from './proxy/rules.ts';
import { createSessions } from './session/sessions.ts';
import { tellLeniently } from './telling.ts';
import { warmUp } from './warm-up.ts';

const IDLE_SECONDS = 90;

/** What the login proxy runs on. `metrics` is shown on the metrics listener when given. */
export interface LoginDeps {
  readonly store: Store;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<LoginEvent>;
  readonly metrics?: () => Promise<string>;
}

function createClient(config: LoginConfig, deps: Omit<LoginDeps, 'store'>): LoginClient {
  const { provider } = config;
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

function createContext(config: LoginConfig, deps: LoginDeps): LoginContext {
  const { now } = deps;
  const { name: provider, clientId } = config.provider;
  const emit = tellLeniently(deps.emit);
  const store = guardStore(deps.store);
  const client = createClient(config, { ...deps, emit });
  const sessions = createSessions({
    store,
    now,
    provider,
    clientId,
    issuer: () => client.metadata.loaded()?.issuer,
    onUnreadable: (session_ref) => emit({ event: 'session.unreadable', session_ref }),
  });
  const sealer = createSealer(config.sessionKeys);
  const parts = { config, client, sessions, store, sealer, background: createBackground(), now, emit };
  return { ...parts, refresher: createRefresher(parts) };
}

function healthListener(context: LoginContext, metrics: LoginDeps['metrics']): readonly ListenerSpec[] {
  const address = context.config.metricsAddress;
  if (address === undefined) return [];
  const ready = async (): Promise<Record<string, boolean>> => ({
    store: await context.store.read('login:ping').then(
      () => true,
      () => false,
    ),
    metadata: context.client.metadata.loaded() !== undefined,
    keys: context.client.metadata.loaded() !== undefined && (await context.client.keySet.ready()),
  });
  const handle = createRouter(healthRoutes({ ready, ...(metrics === undefined ? {} : { metrics }) }));
  return [{ name: 'login metrics', setting: 'FULLMAKT_LOGIN_METRICS_BIND_ADDRESS', ...address, handle }];
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
  const context = createContext(config, deps);
  const upstream = createUpstream(config.upstream);
  const trusted = createTrustedProxies(config.trustedProxies);
  const rules = compileRules({ rules: config.rules, ignorePaths: config.ignorePaths, autoLogin: config.autoLogin });
  const entrance = createEntrance(context, { proxy: createProxy(context, { upstream, rules, trusted }), trusted });
  const warming = warmUp(context);
  const listener: ListenerSpec = {
    name: 'login proxy',
    setting: 'FULLMAKT_LOGIN_BIND_ADDRESS',
    ...config.bindAddress,
    handle: (request) => entrance.handle(request),
    upgrade: (request, socket: Duplex, head) => entrance.upgrade(request, socket, head),
    limits: { keepAliveSeconds: IDLE_SECONDS },
  };
  return Promise.resolve({
    listeners: [listener, ...healthListener(context, deps.metrics)],
    start: () => {
      tellUnsafe(config, deps.emit);
      warming.begin();
      return Promise.resolve();
    },
    async close() {
      warming.close();
      await context.background.close();
      context.client.close();
      await upstream.close();
    },
  });
}
