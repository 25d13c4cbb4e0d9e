/** `/oauth2/logout/local`: the session and its cookie are gone here, the provider is not visited. */
import type { HttpResponse } from '../../web/http.ts';
import { emptyAnswer, refuse, withCookies } from '../answers.ts';
import { namedProvider } from '../chosen-provider.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, ownCookie } from '../cookies.ts';
import { isAllowedSite, isPrefetch } from '../guards.ts';
import { endAtWish } from '../session/present-session.ts';

/**
 * Answers `/oauth2/logout/local`: 204, and every session of this browser has ended, or that of the named provider. 404 where one
 * of these providers demands that its own session ends too.
 */
export async function logOutLocally(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const named = namedProvider(context, request);
  const all = named === undefined ? context.siblings.all : [named];
  if (!all.every(({ provider }) => provider.kind.localLogout)) return emptyAnswer(404);
  if (isPrefetch(request.http.headers)) return emptyAnswer(503);
  if (request.http.method === 'HEAD') return emptyAnswer(204);
  if (!isAllowedSite(request.http, context.config.allowedOrigins)) {
    context.emit({ event: 'access.denied', method: request.http.method, decision: 'cross_site' });
    return refuse(request, 'cross-site');
  }
  const ends = all.map(async (at) => {
    const session = await endAtWish(at, request, 'local-logout');
    const { name: provider, clientId } = at.provider;
    if (session !== undefined || at.provider.isDefault)
      at.emit({ event: 'logout', provider, client_id: clientId, operation: 'local' });
  });
  await Promise.all(ends);
  return withCookies(
    emptyAnswer(204),
    all.map((at) => dropCookie(ownCookie(at, request.ingress, 'session'))),
  );
}
