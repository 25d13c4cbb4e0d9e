import { setTimeout as pause } from 'node:timers/promises';
import type { Recorder } from '../../observe/events.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import type { Registry } from '../../registry/contract.ts';
import { denialHash } from '../../registry/denial.ts';
import type { Replicas } from '../../registry/replicas.ts';
import type { ExchangeEvent } from '../record/events.ts';
import type { KeyWork } from './key-changes.ts';
import type { LoadedKeys } from './key-loading.ts';
import { remainSeconds } from './key-rotation.ts';

/** What became of the order to end a key. */
export interface KeyRevoked {
  /** False when there is no such key. */
  readonly revoked: boolean;
  /** How long validators may still accept tokens of the key, from what they fetched before. */
  readonly worstCaseSeconds: number;
  /** The key that signs in its place; of the RS256 key where it did not sign. Empty when there is no such key. */
  readonly active: string;
}

interface Revocation {
  readonly work: KeyWork;
  readonly registry: Pick<Registry, 'snapshot' | 'commit'>;
  readonly record: Recorder<ExchangeEvent>;
  readonly leaseSeconds: number;
  readonly current: () => LoadedKeys;
  readonly settle: () => Promise<LoadedKeys>;
}

const ATTEMPTS = 10;
const LOOK_MS = 100;

/**
 * Outside the store first, so that no restart revives it; then the set, and every process alive; last the deny list, which
 * stops those that come back from a long sleep before they sign with it.
 */
export async function revokeKey(kid: string, revocation: Revocation): Promise<KeyRevoked> {
  const { work, record, leaseSeconds, current, settle } = revocation;
  const find = ({ set }: LoadedKeys): LoadedKeys['set']['keys'][number] | undefined =>
    set.keys.find((key) => key.kid === kid);
  const row = find(current()) ?? find(await settle());
  if (row === undefined) return { revoked: false, worstCaseSeconds: 0, active: '' };
  work.journal.add(kid, 'revoked by order', work.now());
  const { set, signers } = await settle();
  const unconfirmed = await countBehind(work.replicas, set.version, leaseSeconds);
  await deny(kid, set.storeTime, revocation);
  const active = (signers.get(row.alg) ?? signers.get('RS256'))?.kid ?? '';
  await record({ event: 'exchange.key_revoked', kid, alg: row.alg, active, unconfirmed });
  const late = unconfirmed === 0 ? 0 : leaseSeconds;
  return { revoked: true, worstCaseSeconds: work.rules.maxAgeSeconds + late, active };
}

/** Whatever time its tokens claim to be from, they are dead; and as long as a real one may live. */
async function deny(kid: string, now: number, { registry, work }: Revocation): Promise<void> {
  const until = now + remainSeconds(work.rules);
  const putDenials = [{ kind: 'kid', hash: denialHash('kid', kid), notBefore: until, expiresAt: until }] as const;
  const audit = [{ actor: 'tokenx', action: 'signing-key.revoke', detail: { kid } }];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if ((await registry.commit(registry.snapshot().version, { putDenials, audit })) === 'ok') return;
  }
  throw new RegistryUnavailable('it is changed by others without end');
}

/** Waits until every process alive publishes this set, for as long as one that is gone counts as alive; how many do not. */
async function countBehind(replicas: Replicas, version: number, waitSeconds: number): Promise<number> {
  const until = performance.now() + waitSeconds * 1000;
  for (;;) {
    const behind = (await replicas.live()).filter(({ keyVersion }) => keyVersion < version).length;
    if (behind === 0 || performance.now() > until) return behind;
    await pause(LOOK_MS);
  }
}
