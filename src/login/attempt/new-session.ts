/** The session of a login that was proven (callback step 10). */
import type { VerifiedIdToken } from '../../oauth/id-token.ts';
import { stringListClaim } from '../../oauth/jwt.ts';
import type { TokenSet } from '../../providers/tokens.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { ownCookie } from '../cookies.ts';
import type { LoginOutcome } from './login-outcome.ts';
import type { Demanded } from './step-up-told.ts';
import { tellSteppedUp } from './step-up-told.ts';
import { endSession, nowMilliseconds, storedSession } from '../session/present-session.ts';
import type { SessionRecord } from '../session/record.ts';
import { createTimes } from '../session/times.ts';
import { createTicket, sealTicket, sessionReference } from '../session/ticket.ts';

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

/**
 * Creates the session under a new id and data key, then ends the browser's former one. The event is on record before
 * the cookie leaves. Rejects with StoreUnavailable.
 */
export async function createSessionFor(
  context: LoginContext,
  request: OwnRequest,
  login: ProvenLogin,
): Promise<LoginOutcome> {
  const former = await storedSession(context, request);
  const ticket = createTicket(context.now());
  const record = recordOf(context, login);
  const session = await context.sessions.create(ticket, record, login.idToken.issuedAt);
  if (session === undefined) return { kind: 'page', page: 'signed-out', status: 403, target: login.target };
  const { name: provider, clientId } = context.provider;
  try {
    context.emit({
      event: 'login.succeeded',
      outcome: 'succeeded',
      provider,
      client_id: clientId,
      session_ref: sessionReference(session.key),
      sid: record.sid,
      acr: record.acr,
      amr: record.amr.join(' '),
      redirect: URL.parse(login.target, request.ingress.origin)?.pathname ?? '/',
    });
  } catch (error) {
    await context.sessions.end(session);
    throw error;
  }
  tellSteppedUp(context, { former, session, demanded: login.demanded });
  if (former !== undefined) await endSession(context, former, 'replaced');
  const { name } = ownCookie(context, request.ingress, 'session');
  return { kind: 'signed-in', cookie: sealTicket(context.sealer, ticket, name), target: login.target };
}
