/** A running login proxy with an application behind it and a provider beside it, for tests. */
import type { TestContext } from 'node:test';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import type { Store } from '../../store/store.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { json } from '../../web/http.ts';
import { serve } from '../../web/serve.ts';
import type { LoginDeps } from '../app.ts';
import { createLogin } from '../app.ts';
import { readLoginConfig } from '../config.ts';
import type { LoginEvent } from '../events.ts';
import type { Repeat } from '../tunnels.ts';
import type { TestBrowser } from './browser.ts';
import { createBrowser } from './browser.ts';
import type { TestProvider } from './provider.ts';
import { startProvider } from './provider.ts';

/** Host of the default ingress. */
export const HOST = 'app.example.test';
const SESSION_KEY = Buffer.alloc(32, 7).toString('base64');

/** What a test starts with. */
export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly store?: Store;
  readonly provider?: TestProvider;
  readonly clock?: { seconds: number };
  readonly app?: (request: HttpRequest) => HttpResponse;
  /** Sees every event; what it throws is thrown at the proxy. */
  readonly onEvent?: (event: LoginEvent) => void;
  /** Timer of what the proxy looks at again and again. */
  readonly repeat?: Repeat;
  /** What traces, and what tells log lines whose work they are about. */
  readonly watch?: Pick<LoginDeps, 'tracer' | 'within'>;
}

/** Events that only count and measure. */
const MEASURED: ReadonlySet<LoginEvent['event']> = new Set([
  'request.done',
  'proxy.answered',
  'store.operation',
  'store.breaker',
  'idp.call',
  'sockets.counted',
]);

/** Everything a test of this room needs. */
export interface World {
  readonly provider: TestProvider;
  readonly browser: TestBrowser;
  readonly store: Store;
  /** All but those that only measure, which `onEvent` sees too. */
  readonly events: readonly LoginEvent[];
  readonly clock: { seconds: number };
  readonly port: number;
  /** Requests the application saw. */
  readonly seen: readonly HttpRequest[];
  readonly newBrowser: (host?: string) => TestBrowser;
  /** Ends the proxy as SIGTERM does, cutting connections after this grace (0 s unless told). */
  readonly end: (graceSeconds?: number) => Promise<void>;
  /** Logs in; answers the callback's answer. */
  readonly logIn: (browser?: TestBrowser, query?: string) => Promise<Awaited<ReturnType<TestBrowser['ask']>>>;
}

const PATIENCE_MS = 20_000;

/** Waits until something is so; gives up with an Error after twenty seconds. Uses no timer, which a test may have replaced. */
export async function until(isSo: () => boolean): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < PATIENCE_MS) {
    if (isSo()) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  throw new Error('it never came about');
}

let sharedKey: Promise<PrivateJwk> | undefined;

function clientKey(): Promise<PrivateJwk> {
  sharedKey ??= generatePrivateJwk('RS256', 'client-1');
  return sharedKey;
}

async function startApp(t: TestContext, options: WorldOptions, seen: HttpRequest[]): Promise<string> {
  const listener = await serve({
    name: 'test app',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle: (request) => {
      seen.push(request);
      return (
        options.app?.(request) ??
        json(200, { path: request.target, authorization: request.headers.authorization ?? null })
      );
    },
  });
  t.after(() => listener.close(0));
  return listener.origin;
}

/** Starts provider, application and proxy; all are closed when the test ends. */
export async function startWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const clock = options.clock ?? { seconds: 1_800_000_000 };
  const now = (): number => clock.seconds;
  const provider = options.provider ?? (await startProvider(t, now));
  const seen: HttpRequest[] = [];
  const read = readLoginConfig({
    FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
    FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: 'none',
    FULLMAKT_LOGIN_UPSTREAM: await startApp(t, options, seen),
    FULLMAKT_LOGIN_PROVIDER: 'idporten',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client-1',
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(await clientKey()),
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: provider.wellKnownUrl,
    FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: 'https://api.example.test',
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: SESSION_KEY,
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
    ...options.env,
  });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const store = options.store ?? createMemoryStore({ now });
  const events: LoginEvent[] = [];
  const emit = (event: LoginEvent): void => {
    if (!MEASURED.has(event.event)) events.push(event);
    options.onEvent?.(event);
  };
  const program = await createLogin(read.config, {
    store,
    fetch,
    now,
    emit,
    ...(options.repeat === undefined ? {} : { repeat: options.repeat }),
    ...options.watch,
  });
  const [spec] = program.listeners;
  if (spec === undefined) throw new Error('no listener');
  const failures: unknown[] = [];
  const listener = await serve({
    ...spec,
    onError: (error) => {
      failures.push(error);
      return undefined;
    },
  });
  let ended: Promise<void> | undefined;
  const end = (graceSeconds = 0): Promise<void> => (ended ??= listener.close(graceSeconds).then(() => program.close()));
  t.after(async () => {
    await end();
    if (failures.length > 0) throw failures[0];
  });
  const newBrowser = (host: string = HOST): TestBrowser => createBrowser(listener.port, host);
  const browser = newBrowser();
  return {
    provider,
    browser,
    store,
    events,
    clock,
    seen,
    newBrowser,
    port: listener.port,
    end,
    async logIn(by = browser, query = '') {
      const start = await by.visit(`/oauth2/login${query}`);
      return by.visit(await provider.authorize(start.headers.location ?? ''));
    },
  };
}

/** Begins a sign-in and ends it at the provider: the path and query that the browser is sent back to. */
export async function callbackPath(world: World, query = ''): Promise<string> {
  const start = await world.browser.visit(`/oauth2/login${query}`);
  return world.provider.authorize(start.headers.location ?? '');
}
