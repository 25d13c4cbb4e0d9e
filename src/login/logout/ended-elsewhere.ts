/** Sessions that a provider ends: through the browser's iframe or by calling us. The user's browser has no part in it. */
import type { LoginContext } from '../context.ts';
import { sessionReference } from '../session/ticket.ts';

/** What a provider's word about a logout led to, put on record. `keys` are those of the sessions that ended. */
export function tellEndedElsewhere(
  context: LoginContext,
  keys: readonly string[],
  how: { readonly channel: 'front' | 'back'; readonly sid: string | undefined },
): void {
  const { name: provider, clientId: client_id } = context.provider;
  for (const key of keys) {
    const session_ref = sessionReference(key);
    const reason = `${how.channel}-channel` as const;
    context.emit({ event: 'session.ended', provider, client_id, session_ref, sid: how.sid, reason });
  }
  context.emit({ event: 'logout', provider, client_id, operation: `${how.channel}_channel` });
}
