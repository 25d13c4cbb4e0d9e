import type { PublicJwk, SigningKey, VerificationKey } from '../../oauth/jwk.ts';
import { HOUR } from '../../oauth/time.ts';
import type { Recorder } from '../../observe/events.ts';
import { createTurns } from '../../registry/in-turn.ts';
import type { Registry } from '../../registry/contract.ts';
import { denialHash } from '../../registry/denial.ts';
import type { TokenAlgorithm } from '../config.ts';
import { refuse } from '../errors.ts';
import type { ExchangeEvent } from '../record/events.ts';
import { settleKeys, storeNow } from './key-changes.ts';
import type { KeyWork, Prepare } from './key-changes.ts';
import { createKeyFigures } from './key-figures.ts';
import { openKeyJournal } from './key-journal.ts';
import type { LoadedKeys } from './key-loading.ts';
import { nextSigners, toBeReplaced } from './key-order.ts';
import type { NextSigner } from './key-order.ts';
import { revokeKey } from './key-order-revoke.ts';
import type { KeyRevoked } from './key-order-revoke.ts';
import { leadSeconds } from './key-rotation.ts';
import type { RotationRules } from './key-rotation.ts';
import { startTicking } from './key-ticks.ts';
import { LEASE_SECONDS, startReplicaBeat } from './replica-beat.ts';
import type { ReplicaBeat } from './replica-beat.ts';

/** Our own keys: one active for each algorithm in use, staged and retired ones published beside it. */
export interface SigningKeys {
  /** The active key of the algorithm; until there is one, the RS256 key. Throws `keys-unavailable` for a key that was revoked. */
  signer(alg: TokenAlgorithm): SigningKey;
  /** Every published key: what our own tokens are verified with. */
  verificationKeys(): readonly VerificationKey[];
  /** The published key set, RSA first. */
  published(): readonly PublicJwk[];
  /** Makes every transition that is due and takes over what others changed. Rejects when the store does not answer. */
  rotate(): Promise<void>;
  /** A planned rotation, now: what signs next does so as soon as every validator can know it. Rejects when the store does not answer. */
  rotateNow(): Promise<{ readonly next: readonly NextSigner[] }>;
  /**
   * Ends a key at once, in every process alive, for good. Rejects when the store does not answer; the key is dead all the
   * same once it does.
   */
  revoke(kid: string): Promise<KeyRevoked>;
  /** Whether a key signs on long after its time: more than three times as long as it should. */
  overdue(): boolean;
  /** Tells ages and states of the keys, for whoever looks at the figures now. */
  tellFigures(): void;
  /** Ends the rotation in the background, and waits for one that has begun. */
  close(): Promise<void>;
}

/** What the keys are kept and judged by. */
export interface SigningKeyOptions extends Omit<KeyWork, 'rules' | 'journal' | 'replicas' | 'replicaId'> {
  readonly rules: Omit<RotationRules, 'longestTtlSeconds'>;
  /** Where the processes that publish this set know of each other, and where the death of a key is made known. */
  readonly registry: Pick<Registry, 'replicas' | 'snapshot' | 'commit' | 'clockAheadSeconds'>;
  /** Tells what an answer waits for; `emit` does unless given. */
  readonly record?: Recorder<ExchangeEvent>;
  /** Remembers revoked keys outside the store. */
  readonly revocationsFile?: string;
  /** How long another process waits for this one before it counts it as gone. */
  readonly leaseSeconds?: number;
}

/**
 * Loads the keys, makes them on the first start, and rotates them in the background. Throws when the store does not answer,
 * the key-encryption key is not the one the keys were sealed with, or the file of revoked keys is damaged.
 */
export async function openSigningKeys(options: SigningKeyOptions): Promise<SigningKeys> {
  const { registry, emit, record = emit, leaseSeconds = LEASE_SECONDS } = options;
  const { work, beat, current, settle } = await openKeeper(options, leaseSeconds);
  const figures = createKeyFigures(emit);
  const stop = startTicking(work, { current, settle });
  return {
    signer: (alg) => signerOf(current(), alg, registry),
    verificationKeys: () => current().verification,
    published: () => current().published,
    rotate: async () => void (await settle()),
    rotateNow: async () => ({ next: nextSigners(await settle(toBeReplaced), work.rules) }),
    revoke: (kid) => revokeKey(kid, { work, registry, record, leaseSeconds, current, settle }),
    overdue: () => isOverdue(current(), work),
    tellFigures: () => figures(current(), storeNow(current(), work)),
    async close() {
      await stop();
      await beat.close();
    },
  };
}

/** The set in memory, and what brings it up to date, one step at a time. */
interface Keeper {
  readonly work: KeyWork;
  readonly beat: ReplicaBeat;
  readonly current: () => LoadedKeys;
  readonly settle: (prepare?: Prepare) => Promise<LoadedKeys>;
}

/** This process joins the replicas before it loads the set: from then on nothing goes active that it does not publish. */
async function openKeeper(options: SigningKeyOptions, leaseSeconds: number): Promise<Keeper> {
  const { registry, emit, revocationsFile } = options;
  const journal = openKeyJournal(revocationsFile);
  let loaded: LoadedKeys | undefined;
  const beat = await startReplicaBeat({ registry, emit, leaseSeconds, keyVersion: () => loaded?.set.version ?? 0 });
  const rules: RotationRules = { ...options.rules, longestTtlSeconds: HOUR };
  const work: KeyWork = { ...options, rules, journal, replicas: registry.replicas, replicaId: beat.id };
  const alone = createTurns();
  const settle = (prepare?: Prepare): Promise<LoadedKeys> =>
    alone(async () => {
      const next = await settleKeys(work, loaded, prepare);
      const isNews = next.set.version !== loaded?.set.version;
      loaded = next;
      if (isNews) await publishNews(next, work, beat);
      return next;
    });
  await settle().catch(async (cause: unknown) => {
    await beat.close();
    throw cause;
  });
  const current = (): LoadedKeys => {
    if (loaded === undefined) throw new Error('the signing keys are not loaded');
    return loaded;
  };
  return { work, beat, current, settle };
}

/** Others learn at once what this process publishes, and what they revoked is remembered here too. */
async function publishNews({ set }: LoadedKeys, { journal, emit }: KeyWork, beat: ReplicaBeat): Promise<void> {
  const dead = set.keys.filter(({ kid, state }) => state === 'revoked' && !journal.kids.has(kid));
  try {
    for (const { kid } of dead) journal.add(kid, 'revoked elsewhere', set.storeTime);
  } catch (cause) {
    emit({ event: 'exchange.rotation_failed', cause });
  }
  await beat.beat();
}

/** A process that slept may know that a key was revoked before it has the set without it. */
function signerOf({ signers }: LoadedKeys, alg: TokenAlgorithm, registry: Pick<Registry, 'snapshot'>): SigningKey {
  const key = signers.get(alg) ?? signers.get('RS256');
  if (key === undefined) throw new Error('there is no active RS256 key');
  const rules = registry.snapshot();
  if (rules.denials > 0 && rules.denial(denialHash('kid', key.kid)) !== undefined) {
    throw refuse('keys-unavailable', 'the signing key was revoked, and its successor is not here yet');
  }
  return key;
}

function isOverdue(loaded: LoadedKeys, work: KeyWork): boolean {
  const longest = 3 * Math.max(work.rules.activeForSeconds, leadSeconds(work.rules));
  const since = storeNow(loaded, work) - longest;
  return loaded.set.keys.some((key) => key.state === 'active' && (key.activatedAt ?? key.createdAt) < since);
}
