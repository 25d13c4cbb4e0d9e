import { Agent, createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import { createOracle } from '../oracle/oracle.ts';
import type { Oracle, Verdict } from '../oracle/oracle.ts';
import { startLoginCommand } from '../servers/login-command.ts';
import type { LoginCommandProcess } from '../servers/login-command.ts';
import { createBrowser } from './01-36-browser.ts';
import type { Answer, Browser } from './01-36-browser.ts';
import { identityOf } from './01-36-provider.ts';
import { HOST, SESSION } from './01-36-world.ts';
import { startRotatingProvider } from './27-36-provider.ts';
import type { Person, RotatingProvider } from './27-36-provider.ts';
import { until } from '../until.ts';
import { listen } from '../servers/listen.ts';

const CLIENT = 'client-1';
/** How long the app takes for what is below `/slow/`. */
const SLOW_MS = 1000;
const RESOURCE = 'https://api.example.test';
const key = JSON.stringify(await generatePrivateJwk('RS256', 'client-1'));

/** The session key of a fleet that is told no other. */
export const KEY_A: string = Buffer.alloc(32, 7).toString('base64');

/** Whose end closes what was opened: a test, or a file of tests. */
export interface Owner {
  after(clean: () => unknown): void;
}

/** What the app saw of a request. */
interface Seen {
  readonly url: string;
  readonly authorization: string | undefined;
}

/** A signed-in browser, whose requests may go to any of the proxies. */
export interface Member {
  readonly person: Person;
  readonly jar: Map<string, string>;
}

/** One proxy of the fleet, by the requests it gets. */
export interface Replica {
  readonly login: LoginCommandProcess;
  readonly port: number;
  /** A browser with this jar, or with an empty one, that speaks to this proxy. */
  browser(jar?: Map<string, string>): Browser;
}

/** Login proxies in processes of their own before one app, beside one provider, on one store. */
export interface LoginFleet {
  readonly provider: RotatingProvider;
  readonly oracle: Oracle;
  readonly replicas: readonly Replica[];
  readonly seen: Seen[];
  person(): Person;
  /** Starts one more proxy. `env` is put over the fleet's; `descriptors`: how many files and sockets it may have open. */
  start(env?: Readonly<Record<string, string>>, descriptors?: number): Promise<Replica>;
  /** Begins a login and answers the callback that would end it. */
  attempt(browser: Browser, person: Person, target?: string): Promise<string>;
  /** Signs a new person in, at the first proxy unless told. */
  signIn(replica?: Replica): Promise<Member>;
  /** Sends a request that may be seen as this member's only, and has it judged. No answer at all is `unavailable`. */
  judge(replica: Replica, member: Member): Promise<Judged>;
  /** The same, asked again while it is told to come again: for when nothing is wrong with the store, which a busy machine may still make late. */
  served(replica: Replica, member: Member): Promise<Judged>;
}

/** What came of one request. */
export interface Judged {
  readonly verdict: Verdict;
  /** 0 = no answer. */
  readonly status: number;
  readonly answer: Answer | undefined;
}

interface FleetOptions {
  readonly store: string;
  readonly size?: number;
  readonly env?: Readonly<Record<string, string>>;
}

let requests = 0;

async function startApp(t: Owner, oracle: Oracle, seen: Seen[]): Promise<string> {
  const take = (request: IncomingMessage): void => {
    const { url = '', headers } = request;
    seen.push({ url, authorization: headers.authorization });
    const [, id] = /^\/who\/([\w-]+)/.exec(url) ?? [];
    if (id !== undefined) oracle.observed(id, identityOf(headers.authorization) ?? {});
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    take(request);
    const answer = (): unknown => response.end('the app');
    const slowly = request.url?.startsWith('/slow/') === true;
    request.resume().once('end', () => (slowly ? setTimeout(answer, SLOW_MS) : answer()));
  });
  const port = await listen(t, server);
  return `http://127.0.0.1:${port}`;
}

/** Starts it all; everything is closed with the test. */
export async function startLoginFleet(t: Owner, options: FleetOptions): Promise<LoginFleet> {
  const { store, size = 3, env = {} } = options;
  const oracle = createOracle();
  const seen: Seen[] = [];
  const provider = await startRotatingProvider();
  t.after(() => provider.close());
  const upstream = await startApp(t, oracle, seen);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  t.after(() => agent.destroy());
  const settings = {
    FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
    FULLMAKT_LOGIN_UPSTREAM: upstream,
    FULLMAKT_LOGIN_PROVIDER: 'idporten',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: CLIENT,
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: key,
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: provider.wellKnownUrl,
    FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: RESOURCE,
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: KEY_A,
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
    FULLMAKT_LOGIN_STORE: store,
    FULLMAKT_LOGIN_LOG_LEVEL: 'warn',
    ...env,
  };

  const start: LoginFleet['start'] = async (own = {}, descriptors) => {
    const login = await startLoginCommand({ ...settings, ...own }, [], descriptors);
    t.after(() => login.stop('SIGKILL'));
    const port = Number(new URL(login.origin).port);
    const browser: Replica['browser'] = (jar) => {
      const made = createBrowser(port, HOST, agent);
      for (const [name, value] of jar ?? []) made.jar.set(name, value);
      return made;
    };
    return { login, port, browser };
  };
  const replicas = await Promise.all(Array.from({ length: size }, () => start()));
  const [first] = replicas;
  const attempt: LoginFleet['attempt'] = async (browser, person, target = '/') => {
    const begun = await notTurnedAway(() => browser.visit(`/oauth2/login?redirect=${encodeURIComponent(target)}`));
    if (begun.location === null) throw new Error(`no login begun: ${begun.status} ${begun.body}`);
    return provider.authorize(begun.location, person);
  };
  const person = (): Person => {
    const { sub, acr } = oracle.user();
    return { sub, acr };
  };
  const judge: LoginFleet['judge'] = async (replica, member) => {
    requests += 1;
    const id = `f${requests}`;
    const { sub, acr } = member.person;
    oracle.expect(id, { sub, acr, aud: RESOURCE, client: CLIENT, issuedAfter: Date.now() / 1000 - 3600 });
    const browser = replica.browser(member.jar);
    const answer = await browser.visit(`/who/${id}`).catch(() => undefined);
    return { verdict: oracle.judge(id, responseOf(answer)), status: answer?.status ?? 0, answer };
  };
  return {
    provider,
    oracle,
    replicas,
    seen,
    person,
    start,
    attempt,
    judge,
    served: (replica, member) => notTurnedAway(() => judge(replica, member)),
    async signIn(replica = first) {
      if (replica === undefined) throw new Error('there is no proxy');
      const member = { person: person(), jar: new Map<string, string>() };
      const browser = replica.browser();
      const done = await notTurnedAway(async () => browser.visit(await attempt(browser, member.person)));
      if (done.status !== 302) throw new Error(`no login: ${done.status} ${done.body}`);
      member.jar.set(SESSION, browser.jar.get(SESSION) ?? '');
      return member;
    },
  };
}

/** The store has half a second, which is little on a machine with much else to do: who is told to come again does. */
export function notTurnedAway<T extends { readonly status: number }>(ask: () => Promise<T>): Promise<T> {
  return until(async () => {
    const answer = await ask();
    return answer.status === 503 ? undefined : answer;
  }, 'an answer other than 503');
}

function responseOf(answer: Answer | undefined): Response {
  if (answer === undefined) return Response.error();
  const retry = answer.headers['retry-after'];
  return new Response(null, { status: answer.status, headers: retry === undefined ? {} : { 'retry-after': retry } });
}

/** The clock of programs that are started with this in `env` is so much ahead, and steps at SIGUSR2. */
export function clockEnv(aheadSeconds: number, stepSeconds: number = 0): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${new URL('../servers/login-clock.ts', import.meta.url).href}`,
    TEST_CLOCK_AHEAD_MS: String(aheadSeconds * 1000),
    TEST_CLOCK_STEP_MS: String(stepSeconds * 1000),
  };
}
