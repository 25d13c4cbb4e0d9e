import type { X509Certificate } from 'node:crypto';
import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { Snapshot } from '../registry/model.ts';
import type { Store } from '../store/store.ts';
import type { ClientBook } from './clients/book.ts';
import type { LocalClient } from './engine/client.ts';
import type { ClientKeys } from './engine/client-keys.ts';
import type { IdpEvent } from './events.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { PersonaKeys } from './keys/keys.ts';
import type { People } from './people/people.ts';
import type { Place } from './place.ts';
import type { Random } from './random.ts';
import type { Memory } from './state/memory.ts';
import type { Seed } from './state/seed.ts';

/** Resolves after some milliseconds, or when the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Everything a running persona works with. */
export interface RealmParts {
  readonly keys: PersonaKeys;
  readonly random: Random;
  readonly seed: Seed;
  readonly people: People;
  /** Clients, grants and scopes as they are now. */
  readonly snapshot: () => Snapshot;
  readonly clients: ClientBook;
  /** What business certificates have to lead up to, as the state folder has it now. */
  readonly businessRoots: () => Promise<readonly X509Certificate[]>;
  /** Their keys, imported once. */
  readonly clientKeys: ClientKeys;
  /** Faults that the control API or the sign-in page switched on. */
  readonly faults: Faults;
  readonly journal: Journal;
  /** Waits, until the client is gone at the latest. */
  readonly wait: Wait;
  /** The only way out: back-channel logout. */
  readonly fetch: Fetch;
  /** Codes, pushed requests, sign-ins under way, used `jti`: gone with the process. */
  readonly memory: Memory;
  /** SSO sessions and refresh tokens: as lasting as the caller made it. */
  readonly store: Store;
  /** The persona's own clock: the control API may move it. */
  readonly now: Clock;
  readonly emit: Emit<IdpEvent>;
  readonly headless: boolean;
  /** Whether logout may be told to hosts beyond this machine. */
  readonly allowNonLoopback: boolean;
}

/** A client met at a place, as policies are told of it. */
export interface ClientAt {
  readonly realm: RealmParts;
  readonly place: Place;
  readonly client: LocalClient;
}
