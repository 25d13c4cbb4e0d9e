/** `/oauth2/logout/local`: the session and its cookie are gone here, the provider is not visited. */
import { StoreUnavailable } from '../store/errors.ts';
import type { HttpResponse } from '../web/http.ts';
import { emptyAnswer, jsonAnswer, withCookies } from './answers.ts';
import type { LoginContext, OwnRequest } from './context.ts';
import { dropCookie, findTicket, ownCookie } from './cookies.ts';
import { isAllowedSite } from './guards.ts';
import { endSession, revokeBehind } from './present-session.ts';

async function endQuietly(context: LoginContext, request: OwnRequest): Promise<void> {
  const finding = findTicket(context, request);
  if (finding.kind !== 'ticket') return;
  try {
    const session = await context.sessions.load(finding.ticket);
    if (session === undefined) return;
    await endSession(context, session, 'local-logout');
    revokeBehind(context, session.record);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    context.emit({ event: 'store.unavailable', reason: error.message });
    context.background.insist(() => context.sessions.endByTicket(finding.ticket));
  }
}

/** Answers `/oauth2/logout/local`: 204; 404 where the provider demands that its own session ends too. */
export async function logOutLocally(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const { name: provider, clientId, kind } = context.config.provider;
  if (!kind.localLogout) return emptyAnswer(404);
  if (request.http.method === 'HEAD') return emptyAnswer(204);
  if (!isAllowedSite(request.http, context.config.allowedOrigins)) {
    context.emit({ event: 'access.denied', method: request.http.method, decision: 'cross_site' });
    return jsonAnswer(403, { error: 'cross_site_request' });
  }
  await endQuietly(context, request);
  context.emit({ event: 'logout', provider, client_id: clientId, operation: 'local' });
  return withCookies(emptyAnswer(204), [dropCookie(ownCookie(context, request.ingress, 'session'))]);
}
