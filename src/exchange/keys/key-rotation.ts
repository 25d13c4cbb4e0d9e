import { MINUTE } from '../../oauth/time.ts';
import type { SigningKeyRow, SigningKeySet } from '../../registry/signing-keys.ts';
import type { TokenAlgorithm } from '../config.ts';

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
  readonly create: readonly KeyWish[];
  readonly changed: boolean;
}

/** A key to be made. */
export interface KeyWish {
  readonly alg: TokenAlgorithm;
  readonly state: 'active' | 'staged';
}

/** What a plan is made by. */
export interface RotationView {
  readonly rules: RotationRules;
  /** Seconds since the epoch, by the store's clock. */
  readonly now: number;
  /** The version of the set that every replica alive publishes, at least. */
  readonly servedVersion: number;
}

type At = RotationView & { readonly setVersion: number };

/**
 * What is due: keys that were published long enough, and by every replica, take over; those they replace retire; retired ones
 * whose tokens are all over go; each algorithm in use has successors in time. An algorithm that nobody uses any more gets no
 * successor: its active key retires when its time is over. On an empty set the first keys go active at once: nobody can have
 * cached a set that did not exist. Pure.
 */
export function planRotation(
  { version, keys }: Pick<SigningKeySet, 'version' | 'keys'>,
  algorithms: ReadonlySet<TokenAlgorithm>,
  view: RotationView,
): RotationPlan {
  if (keys.length === 0) {
    const create = [...algorithms].map((alg): KeyWish => ({ alg, state: 'active' }));
    return { keys, create, changed: create.length > 0 };
  }
  const at: At = { ...view, setVersion: version };
  const used = (key: SigningKeyRow): boolean => [...algorithms].some((alg) => alg === key.alg);
  const kept = keys.filter((key) => !isOver(key, at) && (used(key) || !isIdle(key, at)));
  const heads = headsOf(kept);
  const moved = kept.map((key) => (used(key) ? moveOn(key, heads.get(key.alg), at) : endUnused(key, at)));
  const create = [...algorithms].flatMap((alg) => wishFor(alg, moved, at));
  const changed = create.length > 0 || moved.length !== keys.length || moved.some((key) => !keys.includes(key));
  return { keys: moved, create, changed };
}

/** How long a key is published before it signs: every validator's cached set has it by then. */
export function leadSeconds(rules: RotationRules): number {
  return Math.max(rules.stagedForSeconds, 2 * rules.maxAgeSeconds);
}

/** How long a key is still published after it signed last: every token of it is over by then. */
export function remainSeconds(rules: RotationRules): number {
  return Math.max(rules.retiredForSeconds, rules.longestTtlSeconds + MINUTE + rules.maxAgeSeconds);
}

function isOver(key: SigningKeyRow, { rules, now }: At): boolean {
  const ended = key.state === 'retired' ? key.retiredAt : key.revokedAt;
  if (key.state !== 'retired' && key.state !== 'revoked') return false;
  return now >= (ended ?? key.createdAt) + remainSeconds(rules);
}

/** A staged key of an algorithm that was given up before it could sign. It waits out its lead, in case the wish comes back. */
function isIdle(key: SigningKeyRow, { rules, now }: At): boolean {
  return key.state === 'staged' && now >= stagedAt(key) + leadSeconds(rules);
}

function endUnused(key: SigningKeyRow, at: At): SigningKeyRow {
  const over = key.state === 'active' && at.now >= endOf(key, at.rules);
  return over ? { ...key, state: 'retired', retiredAt: at.now } : key;
}

/** What signs, and what signs next. */
interface Head {
  readonly active?: SigningKeyRow;
  readonly next?: SigningKeyRow;
}

function headsOf(keys: readonly SigningKeyRow[]): ReadonlyMap<string, Head> {
  const heads = new Map<string, Head>();
  for (const key of keys) {
    const head = heads.get(key.alg);
    if (key.state === 'active' && head?.active === undefined) heads.set(key.alg, { ...head, active: key });
    if (key.state === 'staged' && head?.next === undefined) heads.set(key.alg, { ...head, next: key });
  }
  return heads;
}

/** A staged key whose time has come goes active and its predecessor retires, in one write. */
function moveOn(key: SigningKeyRow, { active, next }: Head = {}, at: At): SigningKeyRow {
  if ((key !== next && key !== active) || next === undefined || !isReady(next, active, at)) return key;
  if (key === next) return { ...key, state: 'active', activatedAt: at.now };
  return { ...key, state: 'retired', retiredAt: at.now };
}

/** Never sign with a key that a validator's cached set, or a replica's published one, may not have yet. */
function isReady(next: SigningKeyRow, active: SigningKeyRow | undefined, at: At): boolean {
  const leadOver = at.now >= stagedAt(next) + leadSeconds(at.rules);
  const served = at.servedVersion >= (next.stagedVersion ?? at.setVersion);
  return leadOver && served && (active === undefined || at.now >= endOf(active, at.rules));
}

/**
 * One staged key, made a lead ahead of the end of the one before it; more of them where a lead is longer than a key's time.
 * Without any RS256 key that signs or will, the server could sign nothing: that one begins at once.
 */
function wishFor(alg: TokenAlgorithm, keys: readonly SigningKeyRow[], { rules, now }: At): readonly KeyWish[] {
  const own = keys.filter((key) => key.alg === alg);
  const staged = own.filter((key) => key.state === 'staged').length;
  const active = own.find((key) => key.state === 'active');
  if (active === undefined) return staged > 0 ? [] : [{ alg, state: alg === 'RS256' ? 'active' : 'staged' }];
  const lead = leadSeconds(rules);
  if (staged >= Math.ceil(lead / rules.activeForSeconds)) return [];
  const lineEnds = endOf(active, rules) + staged * rules.activeForSeconds;
  return now >= lineEnds - lead ? [{ alg, state: 'staged' }] : [];
}

/** When an active key has signed long enough, or was told to make way. */
function endOf(active: SigningKeyRow, rules: RotationRules): number {
  const planned = (active.activatedAt ?? active.createdAt) + rules.activeForSeconds;
  return Math.min(planned, active.replaceAt ?? planned);
}

function stagedAt(key: SigningKeyRow): number {
  return key.stagedAt ?? key.createdAt;
}
