import { describeFix } from '../../registry/fix.ts';
import type { Realm } from '../persona.ts';
import { quotable, toFault } from './refusal.ts';
import type { Fault, Refusal } from './refusal.ts';

/** Puts a refusal into the persona's words, and says it as an event with the manifest change that would allow it. */
export function tellRefusal(
  realm: Realm,
  where: { readonly endpoint: string; readonly client: string | undefined },
  refusal: Refusal,
): Fault {
  const fault = toFault(realm.persona.faults, refusal);
  realm.emit({
    event: 'idp.refused',
    persona: realm.persona.name,
    endpoint: where.endpoint,
    client: where.client === undefined ? undefined : quotable(where.client),
    error: fault.error,
    number: fault.code,
    reason: refusal.problem,
    fix: refusal.fix === undefined ? undefined : quotable(describeFix(refusal.fix)),
  });
  return fault;
}
