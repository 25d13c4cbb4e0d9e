/** `/oauth2/logout` and `/oauth2/logout/callback`: out here, then out at the providers (OpenID Connect RP-Initiated Logout 1.0). */
import { MINUTE } from '../../oauth/time.ts';
import type { HttpResponse } from '../../web/http.ts';
import { emptyAnswer, redirectTo, refuse, withCookies } from '../answers.ts';
import { refuseNonNavigation } from '../attempt/start.ts';
import { namedProvider } from '../chosen-provider.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { allTickets, cookieValue, dropCookie, makeRoom, ownCookie, writeCookie } from '../cookies.ts';
import { isAllowedSite, isPrefetch } from '../guards.ts';
import { pageAnswer } from '../pages/pages.ts';
import { loadedMetadata } from '../provider-ready.ts';
import { queryValue } from '../query.ts';
import { endAtWish } from '../session/present-session.ts';
import type { Journey, Stop } from './logout-state.ts';
import { newLogoutState, openJourney, sealJourney } from './logout-state.ts';
import { logoutDestinations, stopAt, visitProvider } from './visit.ts';

const LOGOUT_SECONDS: number = 10 * MINUTE;

/** Where a person ends after logout when nothing was asked for. */
function afterLogout(context: LoginContext, request: OwnRequest): string {
  return context.provider.postLogoutRedirectUri ?? context.targets.fallback(request.ingress);
}

/** On to the next provider that can end a session, or to where the logout ends. */
async function goOn(context: LoginContext, request: OwnRequest, journey: Journey): Promise<HttpResponse> {
  const { siblings, sealer } = context;
  const scope = ownCookie(context, request.ingress, 'logout');
  for (const [index, stop] of journey.stops.entries()) {
    const at = siblings.named(stop.provider);
    const endpoint = at && (await loadedMetadata(at))?.endpoint('end_session_endpoint');
    if (at === undefined || endpoint === undefined) continue;
    const state = newLogoutState();
    const left = { ...journey, stops: journey.stops.slice(index + 1) };
    const value = sealJourney(sealer, scope.name, { state, journey: left });
    const room = makeRoom(context, request, { use: 'logout', bytes: scope.name.length + value.length });
    const cookies = [...room, writeCookie(scope, value, LOGOUT_SECONDS)];
    return withCookies(visitProvider(at, request, { endpoint, stop, state }), cookies);
  }
  const asked = siblings.named(journey.named ?? '') ?? siblings.first;
  const left = cookieValue(request.http, scope.name) === undefined ? [] : [dropCookie(scope)];
  return withCookies(redirectTo(journey.target ?? afterLogout(asked, request)), left);
}

/** ID tokens are long: whoever needs one is visited first, and what is kept for later stays short. */
function weightOf({ idTokenHint = '' }: Stop): number {
  return idTokenHint.length;
}

/** Ends this browser's sessions, and answers which providers have to hear of it. */
async function endSessions(all: readonly LoginContext[], request: OwnRequest): Promise<readonly Stop[]> {
  const present = all.filter((at) => allTickets(at, request).length > 0);
  // Whoever has no session here may have one at the provider.
  const visited = present.length === 0 ? all.slice(0, 1) : present;
  const given = queryValue(request, 'logout_hint');
  const stops = visited.map(async (at, index) => {
    const session = await endAtWish(at, request, 'logout');
    const { name: provider, clientId } = at.provider;
    at.emit({ event: 'logout', provider, client_id: clientId, operation: 'self_initiated' });
    return stopAt(at, session, index === 0 ? given : undefined);
  });
  return (await Promise.all(stops)).toSorted((one, other) => weightOf(other) - weightOf(one));
}

function confirm(context: LoginContext, request: OwnRequest): HttpResponse {
  context.emit({ event: 'access.denied', method: request.http.method, decision: 'cross_site' });
  const { query } = request.http;
  const action = `${request.ingress.path}/oauth2/logout${query === '' ? '' : `?${query}`}`;
  const destinations = logoutDestinations(context);
  return pageAnswer(request, {
    name: 'confirm-logout',
    status: 200,
    form: { action, fields: [], destinations, submitsItself: false },
  });
}

/** HEAD tells where a logout would go, and changes nothing. */
async function answerHead(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const endpoint = (await loadedMetadata(context))?.endpoint('end_session_endpoint');
  return redirectTo(endpoint ?? afterLogout(context, request));
}

/** Answers `/oauth2/logout`: GET and POST act for allowed sites; others are asked, or refused. */
export async function logOut(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const { http } = request;
  const isPost = http.method === 'POST';
  const refused = isPost ? undefined : refuseNonNavigation(request);
  if (refused !== undefined) return refused;
  if (isPrefetch(http.headers)) return emptyAnswer(503);
  const named = namedProvider(context, request);
  if (http.method === 'HEAD') return answerHead(named ?? context, request);
  const allowed = isAllowedSite(http, context.config.allowedOrigins) || (!isPost && context.config.compat.unguardedGet);
  if (!allowed && isPost) {
    context.emit({ event: 'access.denied', method: http.method, decision: 'cross_site' });
    return refuse(request, 'cross-site');
  }
  if (!allowed) return confirm(context, request);
  const all = named === undefined ? context.siblings.all : [named];
  const stops = await endSessions(all, request);
  const target = context.targets.checked(queryValue(request, 'redirect'), request.ingress);
  const dropped = all.map((at) => dropCookie(ownCookie(at, request.ingress, 'session')));
  return withCookies(await goOn(context, request, { named: named?.provider.name, target, stops }), dropped);
}

/** Answers `GET /oauth2/logout/callback`: back from a provider, on to the next or to the target if `state` is the one we sent. */
export async function finishLogout(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const refused = refuseNonNavigation(request);
  if (refused !== undefined) return refused;
  const { name } = ownCookie(context, request.ingress, 'logout');
  const value = cookieValue(request.http, name);
  const journey =
    value === undefined ? undefined : openJourney(context.sealer, { name, value }, queryValue(request, 'state'));
  // Whoever sent this one: the logout that is under way, if there is one, is told apart by its own state, and goes on.
  if (journey === undefined) return redirectTo(afterLogout(context, request));
  // Targets are judged where they are used, whoever remembered them.
  return goOn(context, request, { ...journey, target: context.targets.checked(journey.target, request.ingress) });
}
