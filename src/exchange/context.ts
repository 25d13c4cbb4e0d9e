import type { Fetch } from '../oauth/fetch.ts';
import type { generatePrivateJwk } from '../oauth/jwk.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit, Recorder } from '../observe/events.ts';
import type { Registry } from '../registry/contract.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import type { SigningKeyStore } from '../registry/signing-keys.ts';
import type { ReplayStore } from '../store/replay.ts';
import type { StallWatch } from '../web/stall-watch.ts';
import type { ClientKeys } from './client/client-keys.ts';
import type { ExchangeConfig } from './config.ts';
import type { Endpoints } from './discovery.ts';
import type { ExchangeEvent } from './record/events.ts';
import type { Limits } from './request/limits.ts';
import type { Operators } from './operators/operators.ts';
import type { Pseudonym } from './record/pseudonym.ts';
import type { RegistryWrites } from './operators/registry-writes.ts';
import type { ReplayQuota } from './client/replay-quota.ts';
import type { SigningKeys } from './keys/signing-keys.ts';
import type { SubjectIssuers } from './subject/subject-issuers.ts';
import type { TurnedAway } from './record/turned-away.ts';

/** What the exchange server runs on. */
export interface ExchangeDependencies {
  readonly registry: Registry;
  /** Where our own keys are kept (`registry.signingKeys`), what seals them, and where new ones come from. */
  readonly signingKeys: {
    readonly store: SigningKeyStore;
    readonly wrapper: KeyWrapper;
    readonly generate?: typeof generatePrivateJwk;
    /** Remembers revoked keys outside the registry, one JSON line each; in the process alone where no file is given. */
    readonly revocationsFile?: string;
    /** How many seconds another process waits for this one before it counts it as gone; 10 unless given. */
    readonly leaseSeconds?: number;
  };
  /** Remembers used assertions. */
  readonly replay: ReplayStore;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<ExchangeEvent>;
  /** Tells an event whose record an answer waits for; `emit` does where that waits for nothing. */
  readonly record?: Recorder<ExchangeEvent>;
  /** Processes that share the requests, each with its part of every limit; 1 unless given. */
  readonly workers?: number;
  /** The figures of the process, for `/metrics`. */
  readonly metrics?: () => Promise<string>;
  /** Whether decisions can be recorded now. */
  readonly auditReady?: () => boolean | Promise<boolean>;
  /** False once this process is about to end: it answers on, but should be sent nothing new. */
  readonly accepting?: () => boolean;
}

/** What the token endpoint works with: the dependencies, and what was made of them at the start. */
export interface ExchangeContext extends ExchangeDependencies {
  readonly record: Recorder<ExchangeEvent>;
  readonly config: ExchangeConfig;
  readonly endpoints: Endpoints;
  readonly keys: SigningKeys;
  readonly clientKeys: ClientKeys;
  readonly issuers: SubjectIssuers;
  readonly operators: Operators;
  readonly limits: Limits;
  readonly replayQuota: ReplayQuota;
  readonly stalls: StallWatch;
  readonly turnedAway: TurnedAway;
  readonly pseudonym: Pseudonym;
  readonly writes: RegistryWrites;
}
