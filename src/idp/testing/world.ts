import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signClientAssertion } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk, SigningKey } from '../../oauth/jwk.ts';
import { readSettings } from '../../settings.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { createOutboundFetch } from '../../web/outbound-fetch.ts';
import { serve } from '../../web/serve.ts';
import type { Listener } from '../../web/serve.ts';
import { createIdp } from '../app.ts';
import type { Idp } from '../app.ts';
import type { IdpDependencies } from '../stage.ts';
import { ensurePrivateCa } from '../keys/ca.ts';
import { idpSettings } from '../config.ts';
import type { IdpConfig } from '../config.ts';
import type { IdpEvent } from '../events.ts';
import { certifiedKey, clientKey, keepStateFiles, lendStateFiles } from './keys.ts';
import { worldRows } from './rows.ts';

/** What tests hold in their hands: running providers, a clock they own, the events, and the one key all clients use. */
export interface World {
  readonly idp: Idp;
  /** What a second start over the same state needs. */
  readonly config: IdpConfig;
  readonly deps: IdpDependencies;
  /** A key that the Entra clients know by its certificate. */
  readonly certified: PrivateJwk;
  readonly stateDir: string;
  readonly key: SigningKey;
  readonly events: IdpEvent[];
  readonly clock: { now: number };
  /** How long slow answers would have waited, in milliseconds. */
  readonly waits: number[];
  /** Fetches by the issuer's own URLs; they lead to the listeners wherever these really are. Redirects are not followed. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly assertion: (
    clientId: string,
    audience: string,
    claims?: Readonly<Record<string, unknown>>,
  ) => Promise<string>;
  readonly listener: (name: string) => Listener;
  close(): Promise<void>;
}

/** The issuers of every test world: fixed, whatever the ports. */
export const ISSUERS = {
  idporten: 'http://localhost:7410',
  login: 'http://localhost:7411',
  entra: 'https://localhost:7421',
  maskinporten: 'http://localhost:7430/',
  graph: 'https://localhost:7422',
  openid: 'http://localhost:7450',
  oidfBasic: 'https://localhost:7461',
  oidfFapi2: 'https://localhost:7462',
  oidfCc: 'https://localhost:7463',
} as const;

/** The listener behind each origin. */
const LISTENERS: Readonly<Record<string, string>> = {
  [ISSUERS.idporten]: 'ID-porten',
  [ISSUERS.login]: 'ID-porten login',
  [ISSUERS.entra]: 'Entra ID',
  'http://localhost:7420': 'Entra ID (http)',
  [ISSUERS.graph]: 'Graph',
  'http://localhost:7430': 'Maskinporten',
  [ISSUERS.openid]: 'OpenID',
  [ISSUERS.oidfBasic]: 'OIDF basic',
  [ISSUERS.oidfFapi2]: 'OIDF FAPI 2.0',
  [ISSUERS.oidfCc]: 'OIDF client credentials',
};

/** The `client_assertion_type` of a JWT. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The tenant of the test worlds. */
export const TENANT = '00000000-0000-4000-8000-00000000f001';

/** The configuration of a test world: ports of the system's choice, default issuers. */
function testConfig(stateDir: string, change: Partial<IdpConfig> = {}): IdpConfig {
  const read = readSettings(idpSettings, {
    FULLMAKT_IDP_STATE_DIR: stateDir,
    FULLMAKT_IDP_IDPORTEN_ISSUER: ISSUERS.idporten,
    FULLMAKT_IDP_IDPORTEN_LOGIN_ORIGIN: ISSUERS.login,
    FULLMAKT_IDP_ENTRA_ORIGIN: ISSUERS.entra,
    FULLMAKT_IDP_MASKINPORTEN_ISSUER: ISSUERS.maskinporten,
    FULLMAKT_IDP_GRAPH_ORIGIN: ISSUERS.graph,
    FULLMAKT_IDP_OPENID_ISSUER: ISSUERS.openid,
    FULLMAKT_IDP_OIDF_BASIC_ISSUER: ISSUERS.oidfBasic,
    FULLMAKT_IDP_OIDF_FAPI2_ISSUER: ISSUERS.oidfFapi2,
    FULLMAKT_IDP_OIDF_CC_ISSUER: ISSUERS.oidfCc,
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const bind = { host: '127.0.0.1', port: 0 };
  return {
    ...read.settings,
    idportenBind: bind,
    idportenLoginBind: bind,
    entraBind: bind,
    entraHttpBind: bind,
    maskinportenBind: bind,
    graphBind: bind,
    controlBind: bind,
    openidBind: bind,
    oidfBasicBind: bind,
    oidfFapi2Bind: bind,
    oidfCcBind: bind,
    ...change,
  };
}

/**
 * Starts everything on loopback; when it cannot be started, nothing stays open. Await it at the top of a file, with `after` to close it
 * beside: the files of a room run in one process, where a `before` that fails takes the tests of all files with it, and an `after` that
 * fails leaves all other worlds open, so that the process never ends.
 */
export async function openWorld(change: Partial<IdpConfig> = {}): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-idp-'));
  opened.defer(() => rm(stateDir, { recursive: true, force: true, maxRetries: 3 }));
  const clock = { now: 1_800_000_000 };
  const events: IdpEvent[] = [];
  const waits: number[] = [];
  const now = (): number => clock.now;
  await lendStateFiles(stateDir);
  const [key, certified] = await Promise.all([clientKey(), certifiedKey()]);
  const { caPem } = await ensurePrivateCa(stateDir, Date.now() / 1000);
  const outbound = opened.adopt(createOutboundFetch({ ca: caPem }), (each) => each.close());
  const deps = {
    registry: createMemoryRegistry({ now, initial: worldRows(key.publicJwk, publicJwk(certified)) }),
    store: opened.adopt(createMemoryStore({ now }), (each) => each.close()),
    fetch: outbound.fetch,
    now,
    emit: (event: IdpEvent): void => void events.push(event),
    wait: (milliseconds: number): Promise<void> => Promise.resolve(void waits.push(milliseconds)),
  };
  opened.defer(() => deps.registry.close());
  const config = testConfig(stateDir, change);
  const idp = opened.adopt(await createIdp(config, deps), (each) => each.close());
  await keepStateFiles(stateDir);
  const { listener, addressOf } = await openListeners(idp, opened);
  const all = opened.move();
  return {
    idp,
    config,
    deps,
    certified,
    stateDir,
    key,
    events,
    clock,
    waits,
    listener,
    fetch: (url, init) => outbound.fetch(addressOf(url), { redirect: 'manual', ...init }),
    assertion: (clientId, audience, claims = {}) =>
      signClientAssertion({ key, clientId, audience, now: now(), claims }),
    close: () => all.disposeAsync(),
  };
}

/** Listeners by name, and where the URL of a fixed issuer really leads. */
async function openListeners(
  idp: Idp,
  opened: AsyncDisposableStack,
): Promise<{ readonly listener: (name: string) => Listener; readonly addressOf: (url: string) => string }> {
  const listeners: Listener[] = [];
  for (const spec of idp.listeners) listeners.push(opened.adopt(await serve(spec), (each) => each.close(0)));
  const listener = (name: string): Listener => {
    const found = listeners.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no listener ${name}`);
    return found;
  };
  return {
    listener,
    addressOf: (url) => {
      const [issuer, name] = Object.entries(LISTENERS).find(([origin]) => url.startsWith(origin)) ?? [];
      return issuer === undefined || name === undefined ? url : url.replace(issuer, listener(name).origin);
    },
  };
}

/** A form as a request. */
export interface FormRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Posts a form. */
export function form(
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): FormRequest {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  };
}
