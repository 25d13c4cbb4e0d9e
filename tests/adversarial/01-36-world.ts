import { Agent, createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { createLogin } from '../../src/login/app.ts';
import { readLoginConfig } from '../../src/login/config.ts';
import type { LoginEvent } from '../../src/login/events.ts';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { createOutboundFetch } from '../../src/web/outbound-fetch.ts';
import { serve } from '../../src/web/serve.ts';
import { listen } from '../servers/listen.ts';
import { createOracle } from '../oracle/oracle.ts';
import type { Oracle, Verdict } from '../oracle/oracle.ts';
import { createBrowser } from './01-36-browser.ts';
import type { Answer, Browser } from './01-36-browser.ts';
import { identityOf, startHostileProvider } from './01-36-provider.ts';
import type { HostileProvider, Person } from './01-36-provider.ts';

/** Host of the ingress. */
export const HOST = 'app.example.test';
/** Name of the session cookie there. */
export const SESSION = '__Host-fullmakt.session';
const CLIENT = 'client-1';
const RESOURCE = 'https://api.example.test';
const START_SECONDS = 1_800_000_000;

/** What a world may differ in. */
export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly provider?: HostileProvider;
  readonly oracle?: Oracle;
  readonly store?: Store;
  readonly clock?: { seconds: number };
  /** Answers instead of the echo. */
  readonly app?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Stands before the proxy, as somebody on the way might: an answer of its own, or nothing. */
  readonly before?: (request: HttpRequest) => HttpResponse | undefined;
}

/** A login proxy, the app behind it and the provider beside it, and the oracle that the app reports to. */
export interface World {
  readonly port: number;
  readonly provider: HostileProvider;
  readonly oracle: Oracle;
  readonly store: Store;
  readonly clock: { seconds: number };
  readonly events: readonly LoginEvent[];
  /** Requests the app saw. */
  readonly seen: readonly IncomingMessage[];
  person(): Person;
  browser(): Browser;
  /** Signs in and answers the callback's answer. */
  signIn(browser: Browser, person: Person, target?: string): Promise<Answer>;
  /** Begins a login and answers the callback that would end it, not visited yet. */
  attempt(browser: Browser, person: Person, target?: string): Promise<string>;
  /** Sends a request that may be seen as this person's only, and has it judged. */
  judge(browser: Browser, person: Person): Promise<Verdict>;
}

let sharedKey: Promise<PrivateJwk> | undefined;

async function settings(at: { wellKnown: string; upstream: string }): Promise<Record<string, string>> {
  sharedKey ??= generatePrivateJwk('RS256', 'client-1');
  return {
    FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
    FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: 'none',
    FULLMAKT_LOGIN_UPSTREAM: at.upstream,
    FULLMAKT_LOGIN_PROVIDER: 'idporten',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: CLIENT,
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(await sharedKey),
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: at.wellKnown,
    FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: RESOURCE,
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
  };
}

/** Answers 200 and, on `/who/<id>`, tells the oracle who request `<id>` was seen as. */
function echo(oracle: Oracle) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [, id] = /^\/who\/([\w-]+)/.exec(request.url ?? '') ?? [];
    if (id !== undefined) oracle.observed(id, identityOf(request.headers.authorization) ?? {});
    request.resume().once('end', () => response.end(request.url));
  };
}

/** Starts all of it; everything is closed when the test ends, which fails if a handler threw. */
export async function startWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const { clock = { seconds: START_SECONDS }, oracle = createOracle() } = options;
  const now = (): number => clock.seconds;
  const provider = options.provider ?? (await startHostileProvider({ now }));
  if (options.provider === undefined) t.after(() => provider.close());
  const seen: IncomingMessage[] = [];
  const app = createServer(options.app ?? echo(oracle)).prependListener('request', (request) => seen.push(request));
  const read = readLoginConfig({
    ...(await settings({
      wellKnown: `${provider.issuer}/.well-known/openid-configuration`,
      upstream: `http://127.0.0.1:${await listen(t, app)}`,
    })),
    ...options.env,
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const store = options.store ?? createMemoryStore({ now });
  const events: LoginEvent[] = [];
  const outbound = createOutboundFetch();
  const { fetch } = outbound;
  const program = await createLogin(read.config, { store, fetch, now, emit: (event) => events.push(event) });
  const [spec] = program.listeners;
  if (spec === undefined) throw new Error('the proxy has no listener');
  const failures: unknown[] = [];
  const listener = await serve({
    ...spec,
    ...(options.tls && { tls: options.tls }),
    handle: (request) => options.before?.(request) ?? spec.handle(request),
    onError: (error) => void failures.push(error),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.after(async () => {
    agent.destroy();
    await listener.close(0);
    await program.close();
    await outbound.close();
    if (failures.length > 0) throw failures[0];
  });
  return { ...actions({ port: listener.port, provider, oracle, clock, agent }), store, events, seen };
}

type Parts = Pick<World, 'port' | 'provider' | 'oracle' | 'clock'> & { readonly agent: Agent };

let requests = 0;

function actions({ agent, ...parts }: Parts): Omit<World, 'store' | 'events' | 'seen'> {
  const { port, provider, oracle, clock } = parts;
  const attempt: World['attempt'] = async (browser, person, target = '/') => {
    const start = await browser.visit(`/oauth2/login?redirect=${encodeURIComponent(target)}`);
    if (start.location === null) throw new Error(`no login begun: ${start.status} ${start.body}`);
    return provider.authorize(start.location, person);
  };
  return {
    ...parts,
    attempt,
    browser: () => createBrowser(port, HOST, agent),
    person: () => {
      const { sub, acr } = oracle.user();
      const person = { sub, acr };
      provider.knows(person);
      return person;
    },
    signIn: async (browser, person, target) => browser.visit(await attempt(browser, person, target)),
    async judge(browser, { sub, acr }) {
      requests += 1;
      const id = `r${requests}`;
      oracle.expect(id, { sub, acr, aud: RESOURCE, client: CLIENT, issuedAfter: clock.seconds - 3600 });
      const { status, headers } = await browser.visit(`/who/${id}`);
      const retry = headers['retry-after'];
      return oracle.judge(
        id,
        new Response(null, { status, headers: retry === undefined ? {} : { 'retry-after': retry } }),
      );
    },
  };
}
