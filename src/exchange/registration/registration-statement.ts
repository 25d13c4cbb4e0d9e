import { claimOnce } from '../client/assertion-replay.ts';
import type { ExchangeContext } from '../context.ts';
import type { Operator } from '../operators/operators.ts';
import { RegistrationFault } from './registration-errors.ts';
import type { StatementRules, StatementUse } from './software-statement.ts';

/**
 * What a statement of this operator must fulfil. One without date is good for ever to whoever finds it: it is taken where the
 * operator's settings say so and, in place of a tokendings server, from an operator that somebody else vouches for.
 */
export function statementRules({ config, now }: ExchangeContext, operator: Operator): StatementRules {
  const vouchedFor = config.compat === 'tokendings' && operator.vouchedFor;
  return {
    keys: operator.statementKeys,
    audience: [config.issuer, `${config.issuer}/registration/client`],
    now: now(),
    skewSeconds: config.skewSeconds,
    undated: operator.undatedStatements ?? vouchedFor,
  };
}

/**
 * This statement was never used before. Last of all checks, so that a faulty request spends nothing. Throws RegistrationFault
 * `statement-replay`, and `replay-unavailable` when the store cannot say.
 */
export async function claimStatement(
  { replay }: Pick<ExchangeContext, 'replay'>,
  operator: Operator,
  once: StatementUse | undefined,
): Promise<void> {
  if (once === undefined) return;
  const told = await claimOnce('statement', [operator.name, once.jti], once.expiresAt, { store: replay });
  // Asked after the claim, which is what finds a memory gone: a store that began later may have forgotten that it was used.
  if (told === 'fresh' && (once.bornAt ?? Infinity) >= replay.rememberedSince()) return;
  throw new RegistrationFault('statement-replay', 'software statement: jti was used before, sign a new one');
}
