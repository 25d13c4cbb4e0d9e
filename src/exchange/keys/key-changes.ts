import type { Clock } from '../../oauth/time.ts';
import type { generatePrivateJwk } from '../../oauth/jwk.ts';
import type { Emit } from '../../observe/events.ts';
import type { KeyWrapper } from '../../registry/key-wrapper.ts';
import type { Replicas } from '../../registry/replicas.ts';
import type { SigningKeyRow, SigningKeySet, SigningKeyStore } from '../../registry/signing-keys.ts';
import type { TokenAlgorithm } from '../config.ts';
import type { ExchangeEvent } from '../record/events.ts';
import type { KeyJournal } from './key-journal.ts';
import { loadKeys, makeKey, USE } from './key-loading.ts';
import type { LoadedKeys } from './key-loading.ts';
import { planRevocation } from './key-revocation.ts';
import { planRotation } from './key-rotation.ts';
import type { RotationPlan, RotationRules } from './key-rotation.ts';

/** What a change of the key set works with. */
export interface KeyWork {
  readonly store: SigningKeyStore;
  readonly wrapper: KeyWrapper;
  readonly now: Clock;
  readonly rules: RotationRules;
  readonly algorithmsInUse: () => Iterable<TokenAlgorithm>;
  readonly emit: Emit<ExchangeEvent>;
  readonly generate?: typeof generatePrivateJwk;
  readonly journal: KeyJournal;
  readonly replicas: Replicas;
  /** This process among the replicas. */
  readonly replicaId: string;
}

/** What is wished of the keys of a set; the same list where it is granted already. */
export type Prepare = (set: SigningKeySet) => readonly SigningKeyRow[];

const ATTEMPTS = 10;

/**
 * Compare and set until the set is as it should be: whoever else changes it, one set comes of it. `loaded` is what this
 * process publishes now, and `prepare` what is wished of the keys beside what is due. The set to publish from now on.
 */
export async function settleKeys(
  work: KeyWork,
  loaded: LoadedKeys | undefined,
  prepare: Prepare = ({ keys }) => keys,
): Promise<LoadedKeys> {
  const { store, wrapper, now, emit } = work;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const set = await store.load(USE);
    const readAt = now();
    const prepared = prepare(set);
    const plan = await planFor(work, { ...set, keys: prepared }, loaded);
    if (!plan.changed && prepared === set.keys) {
      return loaded?.set.version === set.version
        ? { ...loaded, set, readAt }
        : loadKeys(set, wrapper, { readAt, before: loaded });
    }
    const from = { version: set.version + 1, at: (): number => set.storeTime + now() - readAt };
    const keys = [...plan.keys, ...(await Promise.all(plan.create.map((wish) => makeKey(wish, work, from))))];
    if ((await store.save(USE, set.version, keys)) === 'ok') {
      tell(set.keys, keys, emit);
      return loadKeys(await store.load(USE), wrapper, { readAt: now(), before: loaded });
    }
  }
  throw new Error('the signing keys are changed by others without end');
}

/** The store's clock, by what it said last and the time that passed on ours since. */
export function storeNow({ set, readAt }: LoadedKeys, { now }: Pick<KeyWork, 'now'>): number {
  return set.storeTime + now() - readAt;
}

/** Whether the store has to be asked for a change, by what is known of it and the time that passed since. */
export function isChangeDue(work: KeyWork, loaded: LoadedKeys): boolean {
  const { set } = loaded;
  const now = storeNow(loaded, work);
  if (planRevocation(set.keys, work.journal.kids, now).changed) return true;
  return planRotation(set, algorithms(work), { rules: work.rules, now, servedVersion: Infinity }).changed;
}

/** Revoked keys before all else. The other processes are asked only when a key would go active. */
async function planFor(work: KeyWork, set: SigningKeySet, loaded: LoadedKeys | undefined): Promise<RotationPlan> {
  const revocation = planRevocation(set.keys, work.journal.kids, set.storeTime);
  if (revocation.changed) return revocation;
  const view = { rules: work.rules, now: set.storeTime, servedVersion: Infinity };
  const wished = planRotation(set, algorithms(work), view);
  const activates = wished.keys.some((key) => key.state === 'active' && !set.keys.includes(key));
  if (!activates) return wished;
  return planRotation(set, algorithms(work), { ...view, servedVersion: await servedVersion(work, loaded) });
}

/** What every process alive publishes, this one too once it publishes anything. */
async function servedVersion({ replicas, replicaId }: KeyWork, loaded: LoadedKeys | undefined): Promise<number> {
  const others = (await replicas.live()).filter(({ id }) => id !== replicaId);
  return Math.min(loaded?.set.version ?? Infinity, ...others.map(({ keyVersion }) => keyVersion));
}

function algorithms({ algorithmsInUse }: KeyWork): ReadonlySet<TokenAlgorithm> {
  return new Set<TokenAlgorithm>(['RS256', ...algorithmsInUse()]);
}

function tell(before: readonly SigningKeyRow[], after: readonly SigningKeyRow[], emit: Emit<ExchangeEvent>): void {
  for (const { kid, alg, state } of after) {
    if (before.find((key) => key.kid === kid)?.state !== state)
      emit({ event: 'exchange.signing_key', kid, alg, state });
  }
  for (const { kid, alg } of before) {
    if (!after.some((key) => key.kid === kid)) emit({ event: 'exchange.signing_key', kid, alg, state: 'deleted' });
  }
}
