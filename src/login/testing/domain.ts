/** One domain with single sign-on, for tests: a server, proxies that share its sessions, and a browser for all of them. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import type { Store } from '../../store/store.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { TestBrowser } from './browser.ts';
import type { TestProvider } from './provider.ts';
import { startProvider } from './provider.ts';
import type { World, WorldOptions } from './proxy.ts';
import { startWorld } from './proxy.ts';

/** The domain, and the name of the cookie that its hosts share. */
export const DOMAIN = 'example.localhost';
/** Exactly as configured: no prefix stands before it. */
export const SHARED_COOKIE = 'shared-session';
/** Where the server sends whoever has no target. */
export const DEFAULT_URL: string = `https://${DOMAIN}/welcome`;

type Answer = Awaited<ReturnType<TestBrowser['ask']>>;
type Ask = Parameters<TestBrowser['ask']>[1];

/** A browser that visits every host of the domain; the shared cookie goes to all, every other one to its host. */
export interface DomainBrowser {
  at(place: Place): TestBrowser;
  ask(place: Place, path: string, ask?: Ask): Promise<Answer>;
  visit(place: Place, path: string, ask?: Ask): Promise<Answer>;
  /** Follows redirects within the domain, and through the provider, as a navigation; answers the last answer and its URL. */
  follow(place: Place, path: string): Promise<Answer & { readonly url: string }>;
}

/** A program of the domain. */
interface Place {
  readonly world: World;
  /** As browsers write it in `Host`. */
  readonly host: string;
  readonly origin: string;
}

/** The running domain. */
export interface Domain {
  readonly provider: TestProvider;
  readonly store: Store;
  readonly clock: { seconds: number };
  readonly server: Place;
  readonly a: Place;
  readonly b: Place;
  readonly newBrowser: () => DomainBrowser;
}

/** A proxy needs no client at the provider: the sessions are not its own. */
const CLIENTLESS: Readonly<Record<string, string>> = {
  FULLMAKT_LOGIN_PROVIDER: '',
  FULLMAKT_LOGIN_OPENID_CLIENT_ID: '',
  FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '',
  FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: '',
  FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: '',
};

const MAX_HOPS = 10;

/** Below those that the system gives to whoever asks for any port, who would else have it before the server that is told it. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

function createDomainBrowser(places: readonly Place[], provider: TestProvider): DomainBrowser {
  const browsers = new Map(places.map((place) => [place, place.world.newBrowser(place.host)]));
  const at = (place: Place): TestBrowser => {
    const browser = browsers.get(place);
    if (browser === undefined) throw new Error('no such place');
    return browser;
  };
  function share(from: TestBrowser, { setCookies }: Answer): void {
    if (!setCookies.some((cookie) => cookie.includes(`Domain=${DOMAIN}`))) return;
    const value = from.jar.get(SHARED_COOKIE);
    for (const browser of browsers.values())
      if (value === undefined) browser.jar.delete(SHARED_COOKIE);
      else browser.jar.set(SHARED_COOKIE, value);
  }
  async function ask(place: Place, path: string, options?: Ask): Promise<Answer> {
    const answer = await at(place).ask(path, options);
    share(at(place), answer);
    return answer;
  }
  const visit = (place: Place, path: string, options: Ask = {}): Promise<Answer> =>
    ask(place, path, { ...options, navigate: true });
  return {
    at,
    ask,
    visit,
    async follow(start, path) {
      let url = start.origin + path;
      for (let hop = 0; hop < MAX_HOPS; hop += 1) {
        if (url.startsWith(provider.issuer)) url = places[0]?.origin + (await provider.authorize(url));
        const place = places.find(({ origin }) => url.startsWith(`${origin}/`));
        if (place === undefined) throw new Error(`the way leads out of the domain: ${url}`);
        const answer = await visit(place, url.slice(place.origin.length));
        const { location } = answer.headers;
        if (location === undefined || answer.status === 200) return { ...answer, url };
        url = new URL(location, url).href;
      }
      throw new Error('too many redirects');
    },
  };
}

/** Starts provider, server and two proxies on one store; all are closed when the test ends. */
export async function startDomain(
  t: TestContext,
  options: Pick<WorldOptions, 'store' | 'app'> & {
    readonly server?: Readonly<Record<string, string>>;
    readonly proxies?: Readonly<Record<string, string>>;
    readonly a?: Readonly<Record<string, string>>;
    readonly storeOfProxies?: Store;
  } = {},
): Promise<Domain> {
  const clock = { seconds: 1_800_000_000 };
  const now = (): number => clock.seconds;
  const provider = await startProvider(t, now);
  const store = options.store ?? createMemoryStore({ now });
  const port = await freePort();
  const serverHost = `sso.${DOMAIN}:${port}`;
  const shared = {
    FULLMAKT_LOGIN_SSO_DOMAIN: DOMAIN,
    FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: SHARED_COOKIE,
    // What the settings ask for; the tests' store is the one given.
    FULLMAKT_LOGIN_STORE: 'redis://127.0.0.1:1',
  };
  const start = async (host: string, origin: string, world: WorldOptions): Promise<Place> => {
    const env = { ...shared, FULLMAKT_LOGIN_INGRESS: origin, ...world.env };
    return { host, origin, world: await startWorld(t, { provider, clock, store, ...world, env }) };
  };
  const server = await start(serverHost, `http://${serverHost}`, {
    env: {
      FULLMAKT_LOGIN_ROLE: 'sso-server',
      FULLMAKT_LOGIN_BIND_ADDRESS: `127.0.0.1:${port}`,
      FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: DEFAULT_URL,
      ...options.server,
    },
  });
  const proxy = (name: string, env: Readonly<Record<string, string>> = {}): Promise<Place> =>
    start(`${name}.${DOMAIN}`, `https://${name}.${DOMAIN}`, {
      store: options.storeOfProxies ?? store,
      ...(options.app === undefined ? {} : { app: options.app }),
      env: {
        FULLMAKT_LOGIN_ROLE: 'sso-proxy',
        FULLMAKT_LOGIN_SSO_SERVER_URL: server.origin,
        ...options.proxies,
        ...env,
      },
    });
  const a = await proxy('a', options.a);
  const b = await proxy('b', CLIENTLESS);
  const places = [server, a, b];
  return { provider, store, clock, server, a, b, newBrowser: () => createDomainBrowser(places, provider) };
}

/** A browser that signed in at A. */
export async function signedInAtA(domain: Domain): Promise<DomainBrowser> {
  const browser = domain.newBrowser();
  const { status } = await browser.follow(domain.a, '/deep?x=1');
  if (status !== 200) throw new Error(`nobody is signed in: ${status}`);
  return browser;
}
