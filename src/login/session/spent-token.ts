/**
 * Which refresh tokens are on their way to the provider. Most work once, and some providers end everything when one comes twice: a
 * token whose spender cannot write down what came of it, the store having been away for longer than a lease, is not spent again
 * before the spender had its chance.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { LoginParts } from '../context.ts';
import type { StoredSession } from './sessions.ts';

/** Longer than any store is waited for by a spender. */
const MARK_SECONDS = 600;
/** So often its tokens are looked for until a spender counts as gone. Looks and not seconds: where everything takes long, it does too. */
const LOOKS = 13;
const POLL_MILLISECONDS = 250;

/** What is seen of the store. */
interface Seen {
  readonly store: Pick<LoginParts['store'], 'create'>;
  readonly sessions: Pick<LoginParts['sessions'], 'load'>;
}

function markOf({ key, version }: StoredSession): string {
  return `login:spending:${key}:${version}`;
}

/**
 * Marks the session's refresh token as spent; under its lease. Where somebody else did so before, waits for the new tokens: 3 s, or
 * longer where the store is slow. Answers the session as it is then: of another version when it was refreshed, undefined when it is
 * gone. Rejects with StoreUnavailable, and then nothing must be spent.
 */
export async function markSpent({ store, sessions }: Seen, session: StoredSession): Promise<StoredSession | undefined> {
  if (await store.create(markOf(session), Buffer.of(1), MARK_SECONDS)) return session;
  for (let looks = 1; ; looks += 1) {
    const now = await sessions.load(session.ticket);
    if (now === undefined || now.version !== session.version || looks === LOOKS) return now;
    await wait(POLL_MILLISECONDS);
  }
}

/** Takes the mark back where nothing came of it: whoever is next need not wait. */
export async function unmarkSpent(context: LoginParts, session: StoredSession): Promise<void> {
  await context.store.delete(markOf(session)).catch(() => undefined);
}
