/** The session of a proxied request, refreshed when it is due: one store read, no writes of its own. */
import { StoreUnavailable } from '../../store/errors.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { findTicket } from '../cookies.ts';
import { hasLevel, nowMilliseconds } from './present-session.ts';
import { isRefreshDue, sessionPhase } from './times.ts';
import type { StoredSession } from './sessions.ts';
import type { Ticket } from './ticket.ts';

/** A session, and the context of the provider it is of. */
export interface FoundSession {
  readonly at: LoginContext;
  readonly session: StoredSession;
}

/** What is known about the session of a request. */
export type SessionFinding =
  | ({ readonly kind: 'session' } & FoundSession)
  | { readonly kind: 'none' }
  /** Our ticket is there, but the store, or the provider that should refresh, does not answer. */
  | { readonly kind: 'unavailable' };

interface FoundTicket {
  readonly at: LoginContext;
  readonly ticket: Ticket;
}

const NONE: SessionFinding = { kind: 'none' };

function ticketAt(at: LoginContext | undefined, request: OwnRequest): FoundTicket | undefined {
  const finding = at && findTicket(at, request);
  return at !== undefined && finding?.kind === 'ticket' ? { at, ticket: finding.ticket } : undefined;
}

/** The ticket of the named provider; without a name the default provider's, else the only one there is. */
function chooseTicket(
  { siblings }: LoginContext,
  request: OwnRequest,
  provider: string | undefined,
): FoundTicket | undefined {
  if (provider !== undefined) return ticketAt(siblings.named(provider), request);
  const first = ticketAt(siblings.first, request);
  if (first !== undefined || siblings.all.length === 1) return first;
  const others = siblings.all.map((at) => ticketAt(at, request)).filter((found) => found !== undefined);
  return others.length === 1 ? others[0] : undefined;
}

function usable(at: LoginContext, session: StoredSession): SessionFinding {
  const { times } = session.record;
  const now = nowMilliseconds(at);
  if (!hasLevel(at, session) || sessionPhase(times, now) !== 'active') return NONE;
  if (now > times.expireAt && at.config.onTokenExpiry === 'end') return NONE;
  return { kind: 'session', at, session };
}

async function refreshed(at: LoginContext, session: StoredSession): Promise<SessionFinding> {
  const outcome = await at.refresher.refresh(session);
  if (outcome.kind === 'gone') return NONE;
  const found = outcome.session;
  const alive = nowMilliseconds(at) <= found.record.times.expireAt;
  // What somebody else fetched may be too old by the time it is seen here: that is no reason to sign in, but where
  // nothing is ever refreshed.
  const isRefreshable = at.config.role !== 'sso-proxy' && found.record.refreshToken !== undefined;
  const mayYetLive = outcome.kind === 'failed' || isRefreshable;
  return alive || !mayYetLive ? usable(at, found) : { kind: 'unavailable' };
}

/**
 * Finds the session a request uses: of the provider its rule names, else as RO-5 chooses. A store that fails is not
 * "no session": the finding is then `unavailable`.
 */
export async function findSession(
  context: LoginContext,
  request: OwnRequest,
  provider?: string,
): Promise<SessionFinding> {
  const found = chooseTicket(context, request, provider);
  if (found === undefined) return NONE;
  const { at, ticket } = found;
  try {
    const session = await at.sessions.load(ticket);
    if (session === undefined || !hasLevel(at, session)) return NONE;
    const { times } = session.record;
    const now = nowMilliseconds(at);
    if (sessionPhase(times, now) !== 'active') return NONE;
    return isRefreshDue(times, now) ? await refreshed(at, session) : usable(at, session);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    return { kind: 'unavailable' };
  }
}
