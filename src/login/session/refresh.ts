/** Refreshing a session: one call to the provider per session, whatever the number of requests and replicas. */
import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from '../../store/errors.ts';
import type { LoginParts, RefreshOutcome, Refresher } from '../context.ts';
import { nowMilliseconds, revokeBehind, tellEnded } from './present-session.ts';
import type { SessionRecord } from './record.ts';
import { callProvider } from './refresh-call.ts';
import { noop, underLease } from './refresh-lease.ts';
import type { Held } from './refresh-lease.ts';
import { createRefreshFailures } from './refresh-failures.ts';
import { markSpent, unmarkSpent } from './spent-token.ts';
import { isRefreshPossible, sessionPhase } from './times.ts';
import type { StoredSession } from './sessions.ts';
import { sessionReference } from './ticket.ts';

const STORE_PAUSE_MILLISECONDS = 500;
/** Five minutes at least. */
const STORE_ATTEMPTS = 600;
/** Once the proxy is closing: five seconds, ten where the store swallows what it is asked. */
const LAST_ATTEMPTS = 10;

/** A refusal for good: unless somebody else refreshed meanwhile, the session is over. */
async function endRefused(context: LoginParts, session: StoredSession): Promise<RefreshOutcome> {
  const now = await context.sessions.load(session.ticket);
  if (now === undefined) return { kind: 'gone' };
  if (now.version !== session.version) return { kind: 'session', session: now };
  await context.sessions.end(now);
  tellEnded(context, now, 'refused');
  return { kind: 'gone' };
}

/** Writes what a refresh brought; tokens of a session that was ended meanwhile are revoked. */
async function store(context: LoginParts, session: StoredSession, fresh: SessionRecord): Promise<RefreshOutcome> {
  const outcome = await context.sessions.replace(session, fresh);
  const stored = await context.sessions.load(session.ticket);
  if (stored === undefined) {
    revokeBehind(context, fresh);
    return { kind: 'gone' };
  }
  const { name: provider, clientId } = context.provider;
  const reference = sessionReference(session.key);
  const at = { provider, client_id: clientId, session_ref: reference, sid: session.record.sid };
  if (outcome === 'ok') context.emit({ event: 'session.refreshed', ...at, outcome });
  return { kind: 'session', session: stored };
}

/** The same until the store answers again: a one-time refresh token was spent for these tokens. Gives up soon where all ends. */
async function storeBehind(context: LoginParts, session: StoredSession, fresh: SessionRecord): Promise<void> {
  const { closing } = context.background;
  let left = STORE_ATTEMPTS;
  while (left > 0) {
    await wait(STORE_PAUSE_MILLISECONDS);
    left = Math.min(left - 1, closing.aborted ? LAST_ATTEMPTS : STORE_ATTEMPTS);
    try {
      await store(context, session, fresh);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}

/** The holder's work: read again, call the provider, write with the version read. */
async function refreshAsHolder(context: LoginParts, seen: StoredSession): Promise<Held> {
  const read = await context.sessions.load(seen.ticket);
  const session = read?.version === seen.version ? await markSpent(context, read) : read;
  if (session === undefined) return { outcome: { kind: 'gone' } };
  const { refreshToken } = session.record;
  if (session.version !== seen.version || refreshToken === undefined) return { outcome: { kind: 'session', session } };
  const fresh = await callProvider(context, session, refreshToken);
  if (fresh === 'fatal') return { outcome: await endRefused(context, session) };
  if (typeof fresh === 'string') {
    await unmarkSpent(context, session);
    return { outcome: { kind: 'failed', session } };
  }
  try {
    return { outcome: await store(context, session, fresh) };
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    return { outcome: { kind: 'failed', session }, rest: storeBehind(context, session, fresh) };
  }
}

/** Refreshes sessions; requests for the same session in this process share one refresh. */
export function createRefresher(parts: LoginParts): Refresher {
  const running = new Map<string, Promise<RefreshOutcome>>();
  /** Whose new tokens are here and not yet stored: the token in the store is spent, whoever holds the lease. */
  const unstored = new Set<string>();
  const failures = createRefreshFailures(parts.now);

  async function hold(session: StoredSession): Promise<Held> {
    const held = await refreshAsHolder(parts, session);
    const { key } = session;
    if (held.rest === undefined) return held;
    unstored.add(key);
    const rest = held.rest.finally(() => {
      unstored.delete(key);
      failures.forget(key);
    });
    return { outcome: held.outcome, rest };
  }

  async function run(session: StoredSession): Promise<RefreshOutcome> {
    try {
      return await underLease(parts, session, {
        work: () => hold(session),
        onFailed: () => failures.add(session.key),
      });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // A store that can still be read leaves the session with the token it has.
      parts.emit({ event: 'store.unavailable', reason: error.message });
      failures.add(session.key, STORE_PAUSE_MILLISECONDS / 1000);
      return { kind: 'failed', session };
    }
  }

  function start(session: StoredSession): Promise<RefreshOutcome> {
    const work = run(session).finally(() => running.delete(session.key));
    running.set(session.key, work);
    // Whoever asked may be gone: the tokens are awaited, and stored, all the same.
    parts.background.run(() => work, noop);
    return work;
  }

  return {
    refresh(session) {
      const { times, refreshToken } = session.record;
      const now = nowMilliseconds(parts);
      const alive = sessionPhase(times, now) === 'active';
      if (!alive || !isRefreshPossible(times, refreshToken !== undefined, now)) {
        return Promise.resolve({ kind: 'session', session });
      }
      const shared = running.get(session.key);
      if (shared !== undefined) return shared;
      if (unstored.has(session.key) || failures.isRecent(session.key))
        return Promise.resolve({ kind: 'failed', session });
      return start(session);
    },
  };
}
