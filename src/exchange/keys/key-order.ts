import type { SigningKeyRow, SigningKeySet } from '../../registry/signing-keys.ts';
import type { LoadedKeys } from './key-loading.ts';
import { leadSeconds } from './key-rotation.ts';
import type { RotationRules } from './key-rotation.ts';

/** A key that is to sign next, and when it may at the earliest: seconds since the epoch. */
export interface NextSigner {
  readonly kid: string;
  readonly alg: string;
  readonly signsFrom: number;
}

/** The keys of a set, with those that sign now told to make way. The same list when all of them were told before. */
export function toBeReplaced({ keys, storeTime }: SigningKeySet): readonly SigningKeyRow[] {
  return keys.some(signsOn) ? keys.map((key) => (signsOn(key) ? { ...key, replaceAt: storeTime } : key)) : keys;
}

function signsOn({ state, replaceAt }: SigningKeyRow): boolean {
  return state === 'active' && replaceAt === undefined;
}

/** The next of each algorithm, and those that have just begun to sign in place of another. */
export function nextSigners({ set }: LoadedKeys, rules: RotationRules): readonly NextSigner[] {
  const next = new Map<string, SigningKeyRow>();
  for (const key of set.keys) {
    if (key.state === 'staged' && !next.has(key.alg)) next.set(key.alg, key);
  }
  for (const key of set.keys) {
    if (signsOn(key)) next.set(key.alg, key);
  }
  return [...next.values()].map(({ kid, alg, state, stagedAt, createdAt, activatedAt }) => ({
    kid,
    alg,
    signsFrom: state === 'active' ? (activatedAt ?? createdAt) : (stagedAt ?? createdAt) + leadSeconds(rules),
  }));
}
