import type { Clock } from '../oauth/time.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { Emit } from '../observe/events.ts';
import type { Registry } from '../registry/contract.ts';
import type { Store } from '../store/store.ts';
import type { Program } from '../web/serve.ts';
import type { IdpConfig, IdpOrigins } from './config.ts';
import { originsOf } from './config.ts';
import type { IdpEvent } from './events.ts';
import { ensurePrivateCa } from './ca.ts';
import { loadKeys } from './keys.ts';
import type { KeyNaming } from './keys.ts';
import { entraListeners, idportenListeners, maskinportenListeners } from './listeners.ts';
import type { Tls } from './listeners.ts';
import { createMemory } from './memory.ts';
import { loadPeople } from './people.ts';
import type { People } from './people.ts';
import type { Persona, Realm } from './persona.ts';
import { entraPersona } from './personas/entra.ts';
import { idporten } from './personas/idporten.ts';
import { maskinportenPersona } from './personas/maskinporten.ts';
import { requireLoopback, requireMarkedIssuer } from './safety.ts';
import { loadSeed } from './seed.ts';
import { createTenants } from './tenants.ts';

/** What the local identity providers need from outside. `store` keeps SSO sessions and refresh tokens; `fetch` is the only way out; nothing uses it until back-channel logout does. */
export interface IdpDependencies {
  readonly registry: Registry;
  readonly store: Store;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<IdpEvent>;
}

/** The local identity providers, and where they are. */
export interface Idp extends Program {
  readonly issuers: { readonly idporten: string; readonly entra: string; readonly maskinporten: string };
  readonly people: People;
}

/**
 * ID-porten (two origins), Entra ID (https and an http alias) and Maskinporten. Throws UnsafeSetting for an address or issuer that
 * could pass for a real service, StateFileDamaged for a state file that cannot be read.
 */
export async function createIdp(config: IdpConfig, deps: IdpDependencies): Promise<Idp> {
  const origins = originsOf(config);
  checkSafety(config, origins);
  const tenants = createTenants(config.entraTenants);
  const entraOptions = { origin: origins.entra, graphOrigin: origins.graph, tenants };
  const { makeRealm, people } = await openRealms(config, deps);
  const [tls, citizens, employees, machines] = await Promise.all([
    tlsFor(config, origins, deps.now()),
    makeRealm(idporten, 'random'),
    makeRealm(entraPersona(entraOptions), 'thumbprint'),
    makeRealm(maskinportenPersona(origins.maskinporten), 'random'),
  ]);
  return {
    listeners: [
      ...idportenListeners(citizens, config, origins),
      ...entraListeners(employees, config, entraOptions, tls),
      ...maskinportenListeners(machines, config, origins.maskinporten),
    ],
    issuers: {
      idporten: origins.idporten,
      entra: `${origins.entra}/${tenants.defaultTenant}/v2.0`,
      maskinporten: origins.maskinporten,
    },
    people,
    close: () => Promise.resolve(),
  };
}

type MakeRealm = (persona: Persona, naming: KeyNaming) => Promise<Realm>;

async function openRealms(
  config: IdpConfig,
  deps: IdpDependencies,
): Promise<{ readonly makeRealm: MakeRealm; readonly people: People }> {
  const { registry, store, now, emit } = deps;
  const { stateDir, headless } = config;
  const [seed, people] = await Promise.all([
    loadSeed(stateDir),
    loadPeople(stateDir, (entry) => emit({ event: 'idp.person_skipped', ...entry })),
  ]);
  const shared = { seed, people, store, now, emit, headless, snapshot: () => registry.snapshot() };
  return {
    people,
    makeRealm: async (persona, naming) => ({
      ...shared,
      persona,
      memory: createMemory(now),
      keys: await loadKeys({ stateDir, persona: persona.name, naming, now: now() }),
    }),
  };
}

async function tlsFor(config: IdpConfig, origins: IdpOrigins, now: number): Promise<Tls | undefined> {
  if (!origins.entra.startsWith('https:')) return undefined;
  const { certPem, keyPem } = await ensurePrivateCa(config.stateDir, now);
  return { cert: certPem, key: keyPem };
}

function checkSafety(config: IdpConfig, origins: IdpOrigins): void {
  const { idportenBind, idportenLoginBind, entraBind, entraHttpBind, maskinportenBind } = config;
  for (const bind of [idportenBind, idportenLoginBind, entraBind, entraHttpBind, maskinportenBind]) {
    requireLoopback(bind.host, config.allowNonLoopback);
  }
  for (const origin of Object.values(origins)) requireMarkedIssuer(origin);
}
