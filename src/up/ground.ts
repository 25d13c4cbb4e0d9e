import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../oauth/time.ts';
import { createObserver, type Observer } from '../observe/observer.ts';
import type { Registry } from '../registry/contract.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import { registryEvents } from '../registry/events.ts';
import { openSqliteRegistry } from '../registry/registry.ts';
import { loadKeyWrapper } from '../registrar/kek.ts';
import { openEmbeddedReplay } from '../store/replay-embedded.ts';
import type { ReplayStore } from '../store/replay.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import type { Closers } from './closers.ts';
import { type Endpoints, resolveEndpoints } from './endpoints.ts';
import { folderSecret } from './folder-secret.ts';
import type { ProgramOptions } from './options.ts';
import { createPlaces, type Places } from './places.ts';
import { createTeller, type Teller } from './teller.ts';
import { openTrust, type Trust } from './trust.ts';

/** Seconds since the epoch. */
const now: Clock = () => Date.now() / 1000;

/** What every program of this `up` stands on. */
export interface Ground {
  readonly now: Clock;
  readonly notice: (line: string) => void;
  readonly trust: Trust;
  readonly fetch: Trust['fetch'];
  readonly observer: Observer;
  readonly emitter: Teller;
  readonly registry: Registry;
  readonly wrapper: KeyWrapper;
  readonly sessions: Store;
  readonly replay: ReplayStore;
  readonly idp: Store;
  readonly endpoints: Endpoints;
  readonly places: Places;
  /** 32 bytes in base64, kept in the state folder: seal tickets; make pseudonyms. */
  readonly sessionKey: string;
  readonly auditKey: string;
}

/** Opens the stores, the observer and the connections outward; each is added to `closers` as it opens. */
export async function openGround(options: ProgramOptions, closers: Closers): Promise<Ground> {
  const { stateDir, config, notice } = options;
  const inState = (name: string): string => join(stateDir, name);
  const opened = <T extends { close(): unknown }>(thing: T): T => {
    closers.add(() => thing.close());
    return thing;
  };
  const log = { level: config.logLevel, destination: inState('fullmakt.log'), auditFile: inState('audit.jsonl') };
  const observer = opened(createObserver({ ...log, now }));
  // Without a registry there was no client yet that could have used anything.
  const since = existsSync(inState('registry.sqlite')) ? {} : { since: 0 };
  const registry = opened(
    await openSqliteRegistry(inState('registry.sqlite'), {
      now,
      onEvent: observer.emitter('registry', registryEvents),
    }),
  );
  const openStore = (name: string): Store => opened(openSqliteStore(inState(name), { now }));
  const trust = opened(openTrust(stateDir, now()));
  return {
    now,
    notice,
    observer,
    emitter: createTeller(observer, registry, notice),
    registry,
    trust,
    fetch: trust.fetch,
    sessions: openStore('sessions.sqlite'),
    replay: opened(openEmbeddedReplay(inState('replay.sqlite'), { now, ...since })),
    idp: openStore('idp.sqlite'),
    wrapper: loadKeyWrapper(inState('kek')),
    endpoints: await resolveEndpoints(config, trust.fetch),
    places: createPlaces(inState('ports.json'), config.portOffset),
    sessionKey: folderSecret(inState('session-keys')),
    auditKey: folderSecret(inState('audit-key')),
  };
}
