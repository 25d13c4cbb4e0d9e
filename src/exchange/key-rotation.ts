import { MINUTE } from '../oauth/time.ts';
import type { SigningKeyRow } from '../registry/signing-keys.ts';
import type { TokenAlgorithm } from './config.ts';

/** How long a key stays in each state. Seconds. */
export interface RotationRules {
  readonly maxAgeSeconds: number;
  readonly stagedForSeconds: number;
  readonly activeForSeconds: number;
  readonly retiredForSeconds: number;
  /** The longest token any key may have signed. */
  readonly longestTtlSeconds: number;
}

/** What has to change in a key set now. */
export interface RotationPlan {
  /** The set as it should be, without the keys still to be made. */
  readonly keys: readonly SigningKeyRow[];
  readonly create: readonly { readonly alg: TokenAlgorithm; readonly state: 'active' | 'staged' }[];
  readonly changed: boolean;
}

/**
 * What is due: keys that were published long enough take over, those they replace retire, retired ones whose tokens are all
 * over go, and each algorithm in use has a successor in time. On an empty set the first keys go active at once: nobody can
 * have cached a set that did not exist. Pure; `now` is seconds since the epoch.
 */
export function planRotation(
  keys: readonly SigningKeyRow[],
  algorithms: ReadonlySet<TokenAlgorithm>,
  { rules, now }: { readonly rules: RotationRules; readonly now: number },
): RotationPlan {
  const cold = keys.length === 0;
  const kept = keys.filter((key) => !isOver(key, rules, now));
  const moved = kept.map((key) => moveOn(key, kept, { rules, now }));
  const create = [...algorithms].flatMap((alg): RotationPlan['create'] => {
    if (cold) return [{ alg, state: 'active' }];
    return needsSuccessor(moved, alg, { rules, now }) ? [{ alg, state: 'staged' }] : [];
  });
  const changed = create.length > 0 || moved.length !== keys.length || moved.some((key) => !keys.includes(key));
  return { keys: moved, create, changed };
}

interface At {
  readonly rules: RotationRules;
  readonly now: number;
}

function isOver(key: SigningKeyRow, rules: RotationRules, now: number): boolean {
  if (key.state !== 'retired') return false;
  const needed = Math.max(rules.retiredForSeconds, rules.longestTtlSeconds + MINUTE + rules.maxAgeSeconds);
  return now >= (key.retiredAt ?? key.createdAt) + needed;
}

/** A staged key whose time has come goes active and its predecessor retires, in one write. */
function moveOn(key: SigningKeyRow, all: readonly SigningKeyRow[], at: At): SigningKeyRow {
  const next = all.find((other) => other.alg === key.alg && other.state === 'staged');
  const active = all.find((other) => other.alg === key.alg && other.state === 'active');
  if (next === undefined || !isReady(next, active, at)) return key;
  if (key === next) return { ...key, state: 'active', activatedAt: at.now };
  return key === active ? { ...key, state: 'retired', retiredAt: at.now } : key;
}

/** Never sign with a key that a validator's cached set may not have yet. */
function isReady(next: SigningKeyRow, active: SigningKeyRow | undefined, { rules, now }: At): boolean {
  const lead = Math.max(rules.stagedForSeconds, 2 * rules.maxAgeSeconds);
  const published = now >= (next.stagedAt ?? next.createdAt) + lead;
  return published && (active === undefined || isSpent(active, rules.activeForSeconds, now));
}

function needsSuccessor(keys: readonly SigningKeyRow[], alg: TokenAlgorithm, { rules, now }: At): boolean {
  const own = keys.filter((key) => key.alg === alg);
  if (own.some((key) => key.state === 'staged')) return false;
  const active = own.find((key) => key.state === 'active');
  return active === undefined || isSpent(active, rules.activeForSeconds - rules.stagedForSeconds, now);
}

function isSpent(active: SigningKeyRow, afterSeconds: number, now: number): boolean {
  return now >= (active.activatedAt ?? active.createdAt) + afterSeconds;
}
