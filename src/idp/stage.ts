import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../oauth/time.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { Emit } from '../observe/events.ts';
import type { Registry } from '../registry/contract.ts';
import type { Address } from '../settings.ts';
import type { Store } from '../store/store.ts';
import { createRouter } from '../web/router.ts';
import type { Route } from '../web/router.ts';
import type { ListenerSpec } from '../web/serve.ts';
import { readBusinessRoots } from './keys/business-ca.ts';
import { ensurePrivateCa } from './keys/ca.ts';
import { createClientBook } from './clients/book.ts';
import type { ClientBook } from './clients/book.ts';
import { openClientsFile } from './clients/file.ts';
import type { SkippedClient } from './clients/file.ts';
import { createClocks } from './clocks.ts';
import type { Clocks } from './clocks.ts';
import type { IdpConfig } from './config.ts';
import type { PersonaName } from './persona-names.ts';
import { createClientKeys } from './engine/client-keys.ts';
import type { IdpEvent } from './events.ts';
import { openEra } from './state/era.ts';
import type { Era } from './state/era.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { createJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { loadKeys } from './keys/keys.ts';
import type { KeyAlgorithm, KeyNaming } from './keys/keys.ts';
import { markedListener } from './marked.ts';
import { createMemory } from './state/memory.ts';
import { extraHostsOf, originsOf } from './origins.ts';
import type { IdpOrigins } from './origins.ts';
import { loadPeople } from './people/people.ts';
import type { People } from './people/people.ts';
import type { Persona, Realm } from './persona.ts';
import type { Place } from './place.ts';
import type { Wait } from './realm-parts.ts';
import { createPropagation } from './clients/propagation.ts';
import type { Propagation } from './clients/propagation.ts';
import { createRandom } from './random.ts';
import { loadSeed } from './state/seed.ts';

/** What the local identity providers need from outside. `store` keeps SSO sessions and refresh tokens; `fetch` is the only way out. */
export interface IdpDependencies {
  readonly registry: Registry;
  readonly store: Store;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<IdpEvent>;
  /** How slow answers wait; by the real clock unless told. */
  readonly wait?: Wait;
}

/** Certificate and key of the https listeners, PEM. */
interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** What all services stand on: state that several personas share, and how each gets its own. */
export interface Stage {
  readonly config: IdpConfig;
  readonly origins: IdpOrigins;
  readonly people: People;
  readonly clients: ClientBook;
  readonly clocks: Clocks;
  readonly faults: Faults;
  readonly journal: Journal;
  /** Lets all personas forget their sessions and refresh tokens. */
  readonly era: Era;
  readonly emit: Emit<IdpEvent>;
  readonly makeRealm: (persona: Persona, keys: RealmKeys) => Promise<Realm>;
  /** The certificate of this folder, made when the first https listener asks. */
  readonly tls: () => Promise<Tls>;
}

/** Which keys a persona signs with, and what they are called. */
interface RealmKeys {
  readonly naming: KeyNaming;
  readonly algorithms: readonly KeyAlgorithm[];
}

/** A persona at work: its realm, where it listens, and the issuer that clients know. */
export interface Service {
  readonly name: PersonaName;
  readonly issuer: string;
  readonly realm: Realm;
  /** Its place by tenant GUID; where there are no tenants always the one. */
  readonly place: (tenant?: string) => Place;
  readonly listeners: readonly ListenerSpec[];
}

/** Reads what the state folder holds, and makes the rest. */
export async function openStage(config: IdpConfig, deps: IdpDependencies): Promise<Stage> {
  const { fetch, emit } = deps;
  const { stateDir, headless, allowNonLoopback } = config;
  const [seed, people] = await Promise.all([
    loadSeed(stateDir),
    loadPeople(stateDir, (entry) => emit({ event: 'idp.person_skipped', ...entry })),
  ]);
  const [clocks, faults] = [createClocks(deps.now), createFaults()];
  const propagation = createPropagation(faults, (persona) => clocks.of(persona));
  const clients = openClients(config.clientsFile, deps, propagation);
  const era = await openEra(deps.store);
  const shared = { emit, seed, people, clients, faults, journal: createJournal(), random: createRandom() };
  let tls: Promise<Tls> | undefined;
  return {
    config,
    origins: originsOf(config),
    ...shared,
    clocks,
    era,
    makeRealm: async (persona, { naming, algorithms }) => {
      const now = clocks.of(persona.name);
      return {
        ...shared,
        persona,
        store: era.store,
        fetch,
        wait: deps.wait ?? waitForReal,
        now,
        headless,
        allowNonLoopback,
        snapshot: () => clients.snapshot(persona.name),
        businessRoots: () => readBusinessRoots(stateDir),
        clientKeys: createClientKeys(),
        memory: createMemory(now),
        keys: await loadKeys({ stateDir, persona: persona.name, naming, algorithms, now: deps.now() }),
      };
    },
    tls: () => (tls ??= loadTls(config, deps.now())),
  };
}

/** Clients of the registry and of the clients file, if there is one. Throws ClientsFileMissing. */
function openClients(
  file: string | undefined,
  { registry, emit }: IdpDependencies,
  propagation: Propagation,
): ClientBook {
  const clients = createClientBook(registry, propagation);
  if (file === undefined) return clients;
  const skipped = (entry: SkippedClient): void => emit({ event: 'idp.client_skipped', file, ...entry });
  clients.watch(openClientsFile(file, { replace: (all) => clients.replaceFile(all), skipped }));
  return clients;
}

/** One listener of a service. */
export function listenerOf(
  realm: Realm,
  spec: { readonly name: string; readonly setting: string; readonly bind: Address; readonly tls?: Tls },
  routes: readonly Route[],
): ListenerSpec {
  const { name, setting, bind, tls } = spec;
  const listener = markedListener(realm, {
    name,
    setting,
    host: bind.host,
    port: bind.port,
    handle: createRouter(routes),
  });
  return tls === undefined ? listener : { ...listener, tls };
}

async function loadTls(config: IdpConfig, now: number): Promise<Tls> {
  const { certPem, keyPem } = await ensurePrivateCa(config.stateDir, now, extraHostsOf(config));
  return { cert: certPem, key: keyPem };
}

async function waitForReal(milliseconds: number, signal: AbortSignal): Promise<void> {
  // A client that is gone waits no longer, and neither does the end of the process.
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}
