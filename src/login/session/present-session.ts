/** The session a browser has now, judged: what counts as signed in, and how it ends. */
import { satisfiesLevel } from '../../providers/levels.ts';
import { revokeTokens } from '../../providers/revocation.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import type { LoginContext, LoginParts, OwnRequest } from '../context.ts';
import { allTickets, findTicket } from '../cookies.ts';
import type { LoginEvent } from '../events.ts';
import type { SessionRecord } from './record.ts';
import { sessionPhase } from './times.ts';
import type { StoredSession } from './sessions.ts';
import type { Ticket } from './ticket.ts';
import { sessionReference } from './ticket.ts';

/** Why a session ends. */
type EndReason = Extract<LoginEvent, { event: 'session.ended' }>['reason'];

/** The clock in the milliseconds session times use. */
export function nowMilliseconds(context: LoginParts): number {
  return Math.round(context.now() * 1000);
}

/** Whether a session's level is enough for this client. */
export function hasLevel(context: LoginContext, session: StoredSession, level?: string): boolean {
  return [context.provider.level, level].every(
    (required) => required === undefined || satisfiesLevel(required, session.record.acr),
  );
}

/** The stored session of this browser, whatever its state. Rejects with StoreUnavailable. */
export async function storedSession(context: LoginContext, request: OwnRequest): Promise<StoredSession | undefined> {
  const finding = findTicket(context, request);
  return finding.kind === 'ticket' ? context.sessions.load(finding.ticket) : undefined;
}

/** The session of this browser if it is signed in: active, and of the level demanded. Rejects with StoreUnavailable. */
export async function currentSession(context: LoginContext, request: OwnRequest): Promise<StoredSession | undefined> {
  const session = await storedSession(context, request);
  if (session === undefined || !hasLevel(context, session)) return undefined;
  return sessionPhase(session.record.times, nowMilliseconds(context)) === 'active' ? session : undefined;
}

/** Tells that a session is over. */
export function tellEnded(context: LoginParts, session: StoredSession, reason: EndReason): void {
  const { name, clientId } = context.provider;
  context.emit({
    event: 'session.ended',
    provider: name,
    client_id: clientId,
    session_ref: sessionReference(session.key),
    sid: session.record.sid,
    reason,
  });
}

/** Revokes tokens behind the answer: at most two seconds, and a failure changes nothing. */
export function revokeBehind(
  context: LoginParts,
  tokens: { readonly accessToken: string; readonly refreshToken?: string | undefined },
): void {
  if (!context.config.logout.revoke) return;
  const { name, clientId } = context.provider;
  context.background.run(
    () => revokeTokens(context.client, tokens),
    (error) =>
      context.emit({
        event: 'logout.revocation_failed',
        provider: name,
        client_id: clientId,
        reason: error instanceof Error ? error.message : 'unknown',
      }),
  );
}

/** Ends a session here: record and indexes are gone when this resolves. Answers its last record. Rejects with StoreUnavailable. */
export async function endSession(
  context: LoginContext,
  session: StoredSession,
  reason: EndReason,
): Promise<SessionRecord> {
  const last = await context.sessions.end(session);
  tellEnded(context, session, reason);
  return last;
}

/** Ends behind the answer what could not be ended at once: `seen`, or whatever session its ticket leads to by then. */
async function endBehind(
  context: LoginContext,
  ticket: Ticket,
  { seen, reason }: { readonly seen: StoredSession | undefined; readonly reason: EndReason },
): Promise<void> {
  const session = seen ?? (await context.sessions.load(ticket));
  if (session === undefined) return context.sessions.endByTicket(ticket);
  const last = await endSession(context, session, reason);
  const isRevoked = seen !== undefined && seen.record.refreshToken === last.refreshToken;
  if (!isRevoked) revokeBehind(context, last);
}

/** What `endAtWish` does with one of a browser's tickets. */
async function endOne(context: LoginContext, ticket: Ticket, reason: EndReason): Promise<StoredSession | undefined> {
  let session: StoredSession | undefined;
  try {
    session = await context.sessions.load(ticket);
    if (session !== undefined) revokeBehind(context, await endSession(context, session, reason));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    // What was read is all there may ever be of it.
    if (session !== undefined) revokeBehind(context, session.record);
    const seen = session;
    context.background.insist(() => endBehind(context, ticket, { seen, reason }));
  }
  return session;
}

/**
 * Ends this browser's session because its user wants out, and revokes its tokens behind. Answers the session if it could
 * be read, and is the only one. With the store down the deletion is repeated; the cookie, and with it the only data key, goes at once.
 */
export async function endAtWish(
  context: LoginContext,
  request: OwnRequest,
  reason: EndReason,
): Promise<StoredSession | undefined> {
  const tickets = allTickets(context, request);
  const [session] = await Promise.all(tickets.map((ticket) => endOne(context, ticket, reason)));
  return tickets.length === 1 ? session : undefined;
}
