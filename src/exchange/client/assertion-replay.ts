import { hash } from 'node:crypto';
import type { OAuthError } from '../../oauth/errors.ts';
import type { ReplayStore } from '../../store/replay.ts';
import type { AssertionClaims } from './assertion-claims.ts';
import { refuse } from '../errors.ts';

/** Where what was used is remembered. */
interface ClaimRules {
  readonly store: ReplayStore;
  /** The longest wait for the store; 250 ms unless given. */
  readonly budgetMs?: number;
}

/** Where used assertions are remembered. */
export interface ReplayRules extends ClaimRules {
  readonly maxLifetimeSeconds: number;
  readonly skewSeconds: number;
}

/** What can be used once; the same words of two of them are two. */
type ReplayNamespace = 'assertion' | 'statement';

const BUDGET_MS = 250;

/**
 * Step 9: this assertion was never used before (RFC 7523 3, RFC 7519 4.1.7). Only for a good signature: else strangers could
 * spend a client's ids. Throws `client-replay`; `replay-unavailable` when the store cannot say.
 */
export async function claimAssertion(claims: AssertionClaims, rules: ReplayRules): Promise<void> {
  const { issuer, jti, iat, exp } = claims;
  const told = await claimOnce('assertion', [issuer, jti], exp + rules.skewSeconds, rules);
  if (told === 'seen') throw used('seen before', issuer);
  // Asked after the claim, which is what finds a memory gone: a store that began later may have forgotten that it was used.
  const bornAt = iat ?? exp - rules.maxLifetimeSeconds;
  if (bornAt < rules.store.rememberedSince()) throw used('older than the memory of the replay store', issuer);
}

/**
 * Whether this is used for the first time: `fresh` for one caller, however many processes ask, and `seen` for all others until
 * `expiresAt`, in seconds since the epoch. Throws `replay-unavailable` when the store cannot say.
 */
export async function claimOnce(
  namespace: ReplayNamespace,
  parts: readonly string[],
  expiresAt: number,
  { store, budgetMs = BUDGET_MS }: ClaimRules,
): Promise<'fresh' | 'seen'> {
  // Each part with its length: else ("a", "bc") and ("ab", "c") were one.
  const digest = hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'base64url');
  try {
    return await within(budgetMs, store.claim(`${namespace}:${digest}`, expiresAt));
  } catch (cause) {
    throw refuse('replay-unavailable', 'it cannot be told now whether the assertion was used before', { cause });
  }
}

function used(cause: string, client: string): OAuthError {
  return refuse('client-replay', `client assertion of ${client}: jti was used before, send a new one`, { cause });
}

async function within<T>(budgetMs: number, answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error('the replay store is too slow'));
  // Where the process itself was busy the answer may be here, unread: reading comes before an immediate.
  const timer = setTimeout(() => setImmediate(giveUp), budgetMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
