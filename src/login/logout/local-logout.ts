/** `/oauth2/logout/local`: the session and its cookie are gone here, the provider is not visited. */
import type { HttpResponse } from '../../web/http.ts';
import { emptyAnswer, refuse, withCookies } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, ownCookie } from '../cookies.ts';
import { isAllowedSite } from '../guards.ts';
import { endAtWish } from '../session/present-session.ts';

/** Answers `/oauth2/logout/local`: 204; 404 where the provider demands that its own session ends too. */
export async function logOutLocally(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const { name: provider, clientId, kind } = context.provider;
  if (!kind.localLogout) return emptyAnswer(404);
  if (request.http.method === 'HEAD') return emptyAnswer(204);
  if (!isAllowedSite(request.http, context.config.allowedOrigins)) {
    context.emit({ event: 'access.denied', method: request.http.method, decision: 'cross_site' });
    return refuse(request, 'cross-site');
  }
  await endAtWish(context, request, 'local-logout');
  context.emit({ event: 'logout', provider, client_id: clientId, operation: 'local' });
  return withCookies(emptyAnswer(204), [dropCookie(ownCookie(context, request.ingress, 'session'))]);
}
