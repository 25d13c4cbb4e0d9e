/** The session of a login that was proven (callback step 10). */
import type { VerifiedIdToken } from '../../oauth/id-token.ts';
import { stringListClaim } from '../../oauth/jwt.ts';
import type { TokenSet } from '../../providers/tokens.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { ownCookie } from '../cookies.ts';
import type { LoginOutcome } from './login-outcome.ts';
import { Refused } from './refusal.ts';
import type { Demanded } from './step-up-told.ts';
import { tellSteppedUp } from './step-up-told.ts';
import { endSession, nowMilliseconds, revokeBehind, storedSession } from '../session/present-session.ts';
import type { SessionRecord } from '../session/record.ts';
import { createTimes } from '../session/times.ts';
import type { StoredSession } from '../session/sessions.ts';
import { createTicket, recordKey, sealTicket, sessionReference } from '../session/ticket.ts';

/** What a login brought. */
export interface ProvenLogin {
  readonly tokens: TokenSet;
  readonly idToken: VerifiedIdToken;
  readonly issuer: string;
  readonly target: string;
  /** `session_state` of the callback: what names the provider's session where the ID token has no `sid`. */
  readonly sessionState: string | undefined;
  readonly demanded: Demanded;
}

interface Created {
  readonly key: string;
  readonly record: SessionRecord;
  readonly target: string;
}

function recordOf(context: LoginContext, login: ProvenLogin): SessionRecord {
  const { provider } = context;
  const { lifetimes } = context.config;
  const { tokens, idToken } = login;
  return {
    issuer: login.issuer,
    clientId: provider.clientId,
    provider: provider.name,
    subject: idToken.subject,
    sid: idToken.sid ?? login.sessionState ?? tokens.sessionState,
    acr: idToken.acr,
    amr: stringListClaim(idToken.claims, 'amr') ?? [],
    authTime: idToken.authTime,
    accessToken: tokens.accessToken,
    idToken: idToken.token,
    refreshToken: tokens.refreshToken,
    times: createTimes(nowMilliseconds(context), tokens.expiresInSeconds * 1000, lifetimes),
    others: {},
  };
}

/** Puts a login on record. Throws AuditUnavailable: then nobody is let in. */
function tellSucceeded(context: LoginContext, request: OwnRequest, { key, record, target }: Created): void {
  const { name: provider, clientId } = context.provider;
  context.emit({
    event: 'login.succeeded',
    outcome: 'succeeded',
    provider,
    client_id: clientId,
    session_ref: sessionReference(key),
    sid: record.sid,
    acr: record.acr,
    amr: record.amr.join(' '),
    redirect: URL.parse(target, request.ingress.origin)?.pathname ?? '/',
  });
}

/** Nobody will ever hold the ticket of this session: what is left of it goes, and its tokens are no use to anybody. */
function abandon(context: LoginContext, session: StoredSession): void {
  const { background, sessions } = context;
  const end = (): Promise<unknown> => sessions.end(session);
  background.run(end, () => background.insist(end));
  revokeBehind(context, session.record);
}

/**
 * Creates the session under a new id and data key, then ends the browser's former one. The event is on record before
 * the cookie leaves. A login that fails here leaves no session behind. Rejects with Refused when a logout overtook the login, with
 * StoreUnavailable, or with AuditUnavailable.
 */
export async function createSessionFor(
  context: LoginContext,
  request: OwnRequest,
  login: ProvenLogin,
): Promise<LoginOutcome> {
  const { target, demanded } = login;
  const former = await storedSession(context, request);
  const ticket = createTicket(context.now());
  const record = recordOf(context, login);
  const key = recordKey(ticket.sessionId);
  try {
    const session = await context.sessions.create(ticket, record, login.idToken.issuedAt);
    if (session === undefined) throw overtaken();
    tellSucceeded(context, request, { key, record, target });
    tellSteppedUp(context, { former, session, demanded });
    if (former !== undefined) await endSession(context, former, 'replaced');
  } catch (error) {
    abandon(context, { key, ticket, record, version: 0 });
    throw error;
  }
  const { name } = ownCookie(context, request.ingress, 'session');
  return { kind: 'signed-in', cookie: sealTicket(context.sealer, ticket, name), target };
}

function overtaken(): Refused {
  const reason = 'a logout overtook the login';
  return new Refused({ page: 'signed-out', status: 403, step: 'session', reason });
}
