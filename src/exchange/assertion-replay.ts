import { createHash } from 'node:crypto';
import type { OAuthError } from '../oauth/errors.ts';
import type { Clock } from '../oauth/time.ts';
import type { Store } from '../store/store.ts';
import type { AssertionClaims } from './assertion-claims.ts';
import { refuse } from './errors.ts';

/** Where used assertions are remembered. `off` remembers none. */
export interface ReplayRules {
  readonly store: Store;
  readonly mode: 'on' | 'off';
  readonly maxLifetimeSeconds: number;
  readonly skewSeconds: number;
  readonly now: Clock;
  /** The longest wait for the store; 250 ms unless given. */
  readonly budgetMs?: number;
}

const BUDGET_MS = 250;

/**
 * Step 9: this assertion was never used before (RFC 7523 3, RFC 7519 4.1.7). Only for a good signature: else strangers could
 * spend a client's ids. Throws `client-replay`; `replay-unavailable` when the store cannot say.
 */
export async function claimAssertion(claims: AssertionClaims, rules: ReplayRules): Promise<void> {
  if (rules.mode === 'off') return;
  // A store that began later than this assertion may have forgotten that it was used.
  const bornAt = claims.iat ?? claims.exp - rules.maxLifetimeSeconds;
  if (bornAt < Math.floor(rules.store.rememberedSince())) throw used('older than the memory of the replay store');
  const ttlSeconds = Math.max(1, Math.ceil(claims.exp + rules.skewSeconds - rules.now()));
  const fresh = await withinBudget(rules.store.once(replayKey(claims), ttlSeconds), rules.budgetMs ?? BUDGET_MS);
  if (!fresh) throw used('seen before');
}

function used(cause: string): OAuthError {
  return refuse('client-replay', 'client assertion: jti was used before, send a new one', { cause });
}

function replayKey({ issuer, jti }: AssertionClaims): string {
  const digest = createHash('sha256').update(`${issuer.length}:${issuer}${jti.length}:${jti}`).digest('base64url');
  return `assertion:${digest}`;
}

async function withinBudget(answer: Promise<boolean>, budgetMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the replay store is too slow')), budgetMs);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    throw refuse('replay-unavailable', 'it cannot be told now whether the assertion was used before', { cause });
  } finally {
    clearTimeout(timer);
  }
}
