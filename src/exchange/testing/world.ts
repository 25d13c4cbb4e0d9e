import { randomBytes } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { TestContext } from 'node:test';
import { parseJwt } from '../../oauth/jwt.ts';
import { signJws } from '../../oauth/jws.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import type { Recorder } from '../../observe/events.ts';
import { createKeyWrapper } from '../../registry/key-wrapper.ts';
import type { KeyWrapper } from '../../registry/key-wrapper.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { Registry } from '../../registry/registry.ts';
import { createMemorySigningKeyStore } from '../../registry/signing-keys.ts';
import type { SigningKeyStore } from '../../registry/signing-keys.ts';
import type { SnapshotData } from '../../registry/snapshot.ts';
import { readSettings } from '../../settings.ts';
import { createMemoryReplay } from '../../store/replay-memory.ts';
import type { ReplayStore } from '../../store/replay.ts';
import type { Fetch } from '../../oauth/fetch.ts';
import type { Limits } from '../../web/limits.ts';
import { serve } from '../../web/serve.ts';
import { createExchange } from '../app.ts';
import { exchangeSettings } from '../config.ts';
import type { ExchangeConfig } from '../config.ts';
import type { DecisionEvent, ExchangeEvent } from '../record/events.ts';
import { issuerRow } from '../subject/issuer-rows.ts';
import type { TrustedIssuer } from '../subject/trusted-issuer.ts';
import { assertionClaims, subjectClaims } from './good-claims.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { exchangeForm, FORM, holdRequest, sendRequest } from './requests.ts';
import type { Answer, Parameters } from './requests.ts';
import { idportenClient, testApp, testClient, testGrant } from './rows.ts';

export { FORM } from './requests.ts';
export type { Answer } from './requests.ts';
export { idportenClient, testApp, testClient, testGrant } from './rows.ts';

/** The issuer in the tests; where the server listens is another matter. */
export const ISSUER = 'https://tx.example.test';
/** The identity provider of the tests. */
export const IDP = 'https://idp.example.test';
/** Where the clock of every world starts. */
export const START = 1_795_305_600;

/** Keys are dear: a file makes them once. */
export interface TestKeys {
  readonly client: PrivateJwk;
  readonly idp: PrivateJwk;
  readonly stranger: PrivateJwk;
  readonly store: SigningKeyStore;
  readonly wrapper: KeyWrapper;
}

export async function createTestKeys(): Promise<TestKeys> {
  const [web, idp, stranger] = await Promise.all([
    generatePrivateJwk('RS256', 'client-1'),
    generatePrivateJwk('RS256', 'idp-1'),
    generatePrivateJwk('RS256', 'stranger-1'),
  ]);
  const wrapper = createKeyWrapper(randomBytes(32));
  return { client: web, idp, stranger, store: createMemorySigningKeyStore(() => START), wrapper };
}

export interface WorldOptions {
  readonly keys: TestKeys;
  readonly data?: Partial<SnapshotData>;
  readonly config?: Partial<ExchangeConfig>;
  readonly idp?: Partial<TrustedIssuer>;
  readonly jwks?: () => object | Promise<object>;
  readonly store?: ReplayStore;
  /** Processes that share every limit. */
  readonly workers?: number;
  readonly registry?: Registry;
  /** Since when the replay store forgot nothing; an hour before the start unless given. */
  readonly rememberedSince?: number;
  readonly emit?: (event: ExchangeEvent) => void;
  readonly fetch?: Fetch;
  readonly metrics?: () => Promise<string>;
  /** What an answer waits for; `emit` unless given. */
  readonly record?: Recorder<ExchangeEvent>;
  readonly auditReady?: () => boolean | Promise<boolean>;
  /** Of the listeners, where they are not the usual ones. */
  readonly limits?: Partial<Limits>;
}

export interface World {
  /** Where it listens. */
  readonly origin: string;
  readonly clock: { now: number };
  readonly events: ExchangeEvent[];
  readonly registry: Registry;
  /** How often the identity provider's keys were fetched. */
  fetches(): number;
  /** Every key the replay store was asked to remember. */
  readonly remembered: string[];
  lastDecision(): DecisionEvent | undefined;
  assertion(change?: Change): Promise<string>;
  subject(change?: Change): Promise<string>;
  send(
    method: string,
    path: string,
    options?: { readonly headers?: OutgoingHttpHeaders; readonly body?: string | Buffer },
  ): Promise<Answer>;
  /** The same at the internal listener, where there is one. */
  sendInternal: World['send'];
  /** A good request with these parameters changed; undefined leaves one out. */
  exchange(parameters?: Parameters, headers?: OutgoingHttpHeaders): Promise<Answer>;
  form(parameters?: Parameters): Promise<string>;
  /** Has a request in work whose body does not come; the result ends it. */
  hold(): Promise<() => void>;
  close(): Promise<void>;
}

/** How a token differs from a good one; undefined leaves a member out. */
export interface Change {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: PrivateJwk;
}

/** The claims of an issued token. */
export function claimsOf(answer: Answer): Readonly<Record<string, unknown>> {
  return parseJwt(answer.body['access_token']).claims;
}

export async function sign(claims: object, key: PrivateJwk, header: object = {}): Promise<string> {
  return await signJws({ typ: 'JWT', ...header }, claims, importSigningKey(key));
}

/** Registry of the tests: web may call api, api may call store; lonely may be called by nobody. */
export function defaultData(keys: TestKeys): SnapshotData {
  const jwks = [publicJwk(keys.client)];
  const names = ['web', 'api', 'store', 'lonely'];
  return {
    version: 1,
    wildcardGrants: 'network-only',
    apps: names.map((name) => testApp(name)),
    clients: [...names.map((name) => testClient(name, jwks)), idportenClient('web', 'login-client')],
    grants: [testGrant('web', 'api'), testGrant('api', 'store')],
    scopes: [],
  };
}

/** A running exchange server with an identity provider beside it. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { keys } = options;
  const clock = { now: START };
  const now = (): number => clock.now;
  const events: ExchangeEvent[] = [];
  const remembered: string[] = [];
  const provider = await startIdentityProvider({
    issuer: IDP,
    jwks: options.jwks ?? ((): object => ({ keys: [publicJwk(keys.idp)] })),
    changes: options.idp,
  });
  const issuers = [provider.row];
  const registry =
    options.registry ??
    createMemoryRegistry({
      now,
      initial: { ...defaultData(keys), issuers: issuers.map(issuerRow), ...options.data },
    });
  const memory = options.store ?? createMemoryReplay({ now });
  const replay: ReplayStore = {
    ...memory,
    rememberedSince: () => options.rememberedSince ?? START - 3600,
    claim(key, expiresAt) {
      remembered.push(key);
      return memory.claim(key, expiresAt);
    },
  };
  const program = await createExchange(testConfig({ issuers, ...options.config }), {
    registry,
    signingKeys: { store: keys.store, wrapper: keys.wrapper },
    replay,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    now,
    emit: (event) => {
      events.push(event);
      options.emit?.(event);
    },
    ...(options.record === undefined ? {} : { record: recording(events, options.record) }),
    ...(options.auditReady === undefined ? {} : { auditReady: options.auditReady }),
    metrics: options.metrics ?? (() => Promise.resolve('# figures\n')),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  const [spec] = program.listeners;
  if (spec === undefined) throw new Error('no listener');
  const { limits = {} } = options;
  const listener = await serve({ ...spec, host: '127.0.0.1', port: 0, limits });
  const [, innerSpec] = program.listeners;
  const inner = innerSpec === undefined ? undefined : await serve({ ...innerSpec, host: '127.0.0.1', port: 0, limits });

  const assertion = ({ claims, header, key = keys.client }: Change = {}): Promise<string> =>
    sign({ ...assertionClaims(ISSUER, clock.now), ...claims }, key, header);
  const subject = ({ claims, header, key = keys.idp }: Change = {}): Promise<string> =>
    sign({ ...subjectClaims(IDP, clock.now), ...claims }, key, header);
  const form = async (parameters?: Parameters): Promise<string> =>
    (await exchangeForm({ assertion, subject }, parameters)).toString();
  const send: World['send'] = (method, path, more = {}) => sendRequest(`${listener.origin}${path}`, method, more);
  const sendInternal: World['send'] = (method, path, more = {}) =>
    sendRequest(`${inner?.origin ?? listener.origin}${path}`, method, more);
  return {
    origin: listener.origin,
    clock,
    events,
    registry,
    remembered,
    fetches: () => provider.fetches(),
    lastDecision: () => events.findLast((event) => event.event === 'exchange'),
    assertion,
    subject,
    form,
    send,
    sendInternal,
    hold: () => holdRequest(`${listener.origin}/token`),
    exchange: async (parameters, headers) =>
      send('POST', '/token', { body: await form(parameters), headers: { ...FORM, ...headers } }),
    async close() {
      await listener.close(0);
      await inner?.close(0);
      await provider.close();
      await program.close();
      await memory.close();
    },
  };
}

/** A running exchange server that is closed after the test. */
export async function openWorld(t: TestContext, options: WorldOptions): Promise<World> {
  const world = await createWorld(options);
  t.after(() => world.close());
  return world;
}

function recording(events: ExchangeEvent[], record: Recorder<ExchangeEvent>): Recorder<ExchangeEvent> {
  return (event) => {
    events.push(event);
    return record(event);
  };
}

function testConfig(changes: Partial<ExchangeConfig> = {}): ExchangeConfig {
  const read = readSettings(exchangeSettings, { FULLMAKT_EXCHANGE_ISSUER: ISSUER });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return { ...read.settings, ...changes };
}
