/** The session of a proxied request, refreshed when it is due: one store read, no writes of its own. */
import { StoreUnavailable } from '../../store/errors.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { findTicket } from '../cookies.ts';
import type { SessionFinding } from '../proxy/decide.ts';
import { hasLevel, nowMilliseconds } from './present-session.ts';
import { isRefreshDue, sessionPhase } from './times.ts';
import type { StoredSession } from './sessions.ts';

const NONE: SessionFinding = { kind: 'none' };

function usable(context: LoginContext, session: StoredSession): SessionFinding {
  const { record } = session;
  const now = nowMilliseconds(context);
  if (!hasLevel(context, session) || sessionPhase(record.times, now) !== 'active') return NONE;
  if (now > record.times.expireAt && context.config.onTokenExpiry === 'end') return NONE;
  return { kind: 'session', accessToken: record.accessToken, idToken: record.idToken };
}

async function refreshed(context: LoginContext, session: StoredSession): Promise<SessionFinding> {
  const outcome = await context.refresher.refresh(session);
  if (outcome.kind === 'gone') return NONE;
  if (outcome.kind === 'session') return usable(context, outcome.session);
  const alive = nowMilliseconds(context) <= session.record.times.expireAt;
  return alive ? usable(context, session) : { kind: 'unavailable' };
}

/** Finds the session. A store that fails is not "no session": the finding is then `unavailable`. */
export async function findSession(context: LoginContext, request: OwnRequest): Promise<SessionFinding> {
  const finding = findTicket(context, request);
  if (finding.kind !== 'ticket') return NONE;
  try {
    const session = await context.sessions.load(finding.ticket);
    if (session === undefined || !hasLevel(context, session)) return NONE;
    const now = nowMilliseconds(context);
    if (sessionPhase(session.record.times, now) !== 'active') return NONE;
    return isRefreshDue(session.record.times, now) ? await refreshed(context, session) : usable(context, session);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    return { kind: 'unavailable' };
  }
}
