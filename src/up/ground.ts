import { join } from 'node:path';
import { ensurePrivateCa, type PrivateCa } from '../idp/ca.ts';
import type { Clock } from '../oauth/time.ts';
import type { DomainEvent, Emit, EventTable } from '../observe/events.ts';
import { createObserver, type Observer } from '../observe/observer.ts';
import type { Registry } from '../registry/contract.ts';
import { loadKeyWrapper } from '../registrar/kek.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import { openSqliteRegistry } from '../registry/registry.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';
import type { Closers } from './closers.ts';
import { type Endpoints, resolveEndpoints } from './endpoints.ts';
import { folderSecret } from './folder-secret.ts';
import { noticeOf } from './notices.ts';
import { createPlaces, type Places } from './places.ts';
import type { UpConfig } from './settings.ts';

/** Seconds since the epoch. */
const now: Clock = () => Date.now() / 1000;

/** What every program of this `up` stands on. */
export interface Ground {
  readonly now: Clock;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly observer: Observer;
  readonly registry: Registry;
  readonly wrapper: KeyWrapper;
  readonly sessions: Store;
  readonly replay: Store;
  readonly idp: Store;
  readonly ca: PrivateCa;
  readonly endpoints: Endpoints;
  readonly places: Places;
  /** 32 bytes in base64, kept in the state folder: seal tickets; make pseudonyms. */
  readonly sessionKey: string;
  readonly auditKey: string;
  /** One line for the person at the terminal. */
  readonly notice: (line: string) => void;
  /** Events go to log, metrics and audit, and the ones a developer should see at once to the terminal. */
  readonly emitter: <E extends DomainEvent>(program: string, table: EventTable<E>, app?: string) => Emit<E>;
}

/** Opens the stores, the observer and the connections outward; each is added to `closers` as it opens. */
export async function openGround(
  options: { readonly stateDir: string; readonly config: UpConfig; readonly notice: (line: string) => void },
  closers: Closers,
): Promise<Ground> {
  const { stateDir, config, notice } = options;
  const inState = (name: string): string => join(stateDir, name);
  const observer = createObserver({
    level: config.logLevel,
    destination: inState('fullmakt.log'),
    auditFile: inState('audit.jsonl'),
    now,
  });
  closers.add(() => observer.close());
  const registry = openSqliteRegistry(inState('registry.sqlite'), { now });
  closers.add(() => registry.close());
  const openStore = (name: string): Store => {
    const store = openSqliteStore(inState(name), { now });
    closers.add(() => store.close());
    return store;
  };
  const nameOf = (client: string): string => {
    const snapshot = registry.snapshot();
    const found = (['azure', 'idporten', 'maskinporten'] as const).map(
      (provider) => snapshot.client(provider, client)?.app,
    );
    return found.find((id) => id !== undefined) ?? client;
  };
  const stores = {
    sessions: openStore('sessions.sqlite'),
    replay: openStore('replay.sqlite'),
    idp: openStore('idp.sqlite'),
  };
  const ca = await ensurePrivateCa(stateDir, now());
  const outbound = createOutboundFetch({ ca: ca.caPem });
  closers.add(() => outbound.close());
  return {
    ...stores,
    now,
    notice,
    observer,
    registry,
    ca,
    fetch: outbound.fetch,
    wrapper: loadKeyWrapper(inState('kek')),
    endpoints: await resolveEndpoints(config, outbound.fetch),
    places: createPlaces(inState('ports.json'), config.portOffset),
    sessionKey: folderSecret(inState('session-keys')),
    auditKey: folderSecret(inState('audit-key')),
    emitter: (program, table, app) => {
      const emit = observer.emitter(program, table, app === undefined ? {} : { app });
      return (event) => {
        emit(event);
        const line = noticeOf(program, app, event, nameOf);
        if (line !== undefined) notice(line);
      };
    },
  };
}
