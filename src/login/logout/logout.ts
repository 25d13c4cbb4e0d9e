/** `/oauth2/logout` and `/oauth2/logout/callback`: out here, then out at the provider (OpenID Connect RP-Initiated Logout 1.0). */
import { randomBytes } from 'node:crypto';
import { encodeBase64Url } from '../../oauth/base64url.ts';
import { parseJwt, stringClaim } from '../../oauth/jwt.ts';
import { MINUTE } from '../../oauth/time.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import type { HttpResponse } from '../../web/http.ts';
import { emptyAnswer, redirectTo, refuse, withCookies } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { cookieValue, dropCookie, makeRoom, ownCookie, writeCookie } from '../cookies.ts';
import { isAllowedSite, isPrefetch } from '../guards.ts';
import { pageAnswer } from '../pages/pages.ts';
import { endAtWish } from '../session/present-session.ts';
import { loadedMetadata } from '../provider-ready.ts';
import type { StoredSession } from '../session/sessions.ts';
import { refuseNonNavigation } from '../attempt/start.ts';
import { queryValue } from '../query.ts';

const LOGOUT_SECONDS: number = 10 * MINUTE;
const STATE_BYTES = 16;

function hintFrom(idToken: string, claim: string): string | undefined {
  return stringClaim(parseJwt(idToken).claims, claim);
}

function endSessionFields(
  context: LoginContext,
  request: OwnRequest,
  logout: { readonly session: StoredSession | undefined; readonly state: string },
): readonly (readonly [string, string])[] {
  const { kind, clientId } = context.provider;
  const idToken = logout.session?.record.idToken;
  const { hintClaim } = kind.logout;
  const claimed = hintClaim === undefined || idToken === undefined ? undefined : hintFrom(idToken, hintClaim);
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['client_id', clientId],
    ['post_logout_redirect_uri', `${request.ingress.url}/oauth2/logout/callback`],
    ['state', logout.state],
    ['id_token_hint', kind.logout.idTokenHint ? idToken : undefined],
    ['logout_hint', queryValue(request, 'logout_hint') ?? claimed],
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** Origins the logout form may pass through: CSP `form-action` counts redirects too. */
function formDestinations(context: LoginContext, metadata: ProviderMetadata): readonly string[] {
  const urls = [
    metadata.issuer,
    metadata.endpoint('authorization_endpoint'),
    metadata.endpoint('end_session_endpoint'),
  ];
  const origins = urls.flatMap((url) => (url === undefined ? [] : [URL.parse(url)?.origin ?? '']));
  const ours = context.config.ingresses.map((ingress) => ingress.origin);
  return [...new Set(["'self'", ...origins.filter((origin) => origin !== ''), ...ours])];
}

function visitProvider(
  context: LoginContext,
  request: OwnRequest,
  visit: {
    readonly metadata: ProviderMetadata;
    readonly endpoint: string;
    readonly fields: readonly (readonly [string, string])[];
  },
): HttpResponse {
  const configured = context.config.logout.method;
  const method = configured === 'auto' ? context.provider.kind.logout.method : configured;
  if (method === 'GET') {
    const url = new URL(visit.endpoint);
    for (const [name, value] of visit.fields) url.searchParams.set(name, value);
    return redirectTo(url.href);
  }
  return pageAnswer(request, {
    name: 'logging-out',
    status: 200,
    form: {
      action: visit.endpoint,
      fields: visit.fields,
      destinations: formDestinations(context, visit.metadata),
      submitsItself: true,
    },
  });
}

/** Where a person ends after logout when nothing was asked for. */
function afterLogout(context: LoginContext, request: OwnRequest): string {
  return context.provider.postLogoutRedirectUri ?? context.targets.fallback(request.ingress);
}

function confirm(context: LoginContext, request: OwnRequest): HttpResponse {
  context.emit({ event: 'access.denied', method: request.http.method, decision: 'cross_site' });
  const { query } = request.http;
  return pageAnswer(request, {
    name: 'confirm-logout',
    status: 200,
    form: {
      action: `${request.ingress.path}/oauth2/logout${query === '' ? '' : `?${query}`}`,
      fields: [],
      destinations: formDestinationsOfConfirm(context),
      submitsItself: false,
    },
  });
}

function formDestinationsOfConfirm(context: LoginContext): readonly string[] {
  const metadata = context.client.metadata.loaded();
  return metadata === undefined ? ["'self'"] : formDestinations(context, metadata);
}

/** Answers `/oauth2/logout`: GET and POST act for allowed sites; others are asked, or refused. */
export async function logOut(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const { http } = request;
  const isPost = http.method === 'POST';
  const refused = isPost ? undefined : refuseNonNavigation(request);
  if (refused !== undefined) return refused;
  if (isPrefetch(http.headers)) return emptyAnswer(503);
  const metadata = await loadedMetadata(context);
  const endpoint = metadata?.endpoint('end_session_endpoint');
  if (http.method === 'HEAD') return redirectTo(endpoint ?? afterLogout(context, request));
  const allowed = isAllowedSite(http, context.config.allowedOrigins) || (!isPost && context.config.compat.unguardedGet);
  if (!allowed && isPost) {
    context.emit({ event: 'access.denied', method: http.method, decision: 'cross_site' });
    return refuse(request, 'cross-site');
  }
  if (!allowed) return confirm(context, request);
  const session = await endAtWish(context, request, 'logout');
  const { name: provider, clientId } = context.provider;
  context.emit({ event: 'logout', provider, client_id: clientId, operation: 'self_initiated' });
  const target = context.targets.checked(queryValue(request, 'redirect'), request.ingress);
  const state = encodeBase64Url(randomBytes(STATE_BYTES));
  const logoutScope = ownCookie(context, request.ingress, 'logout');
  const remembered = context.sealer.seal('logout-state', Buffer.from(`${state} ${target ?? ''}`), logoutScope.name);
  const cookies = [dropCookie(ownCookie(context, request.ingress, 'session'))];
  if (metadata === undefined || endpoint === undefined) {
    return withCookies(redirectTo(target ?? afterLogout(context, request)), cookies);
  }
  const room = makeRoom(context, request, { use: 'logout', bytes: logoutScope.name.length + remembered.length });
  cookies.push(...room, writeCookie(logoutScope, remembered, LOGOUT_SECONDS));
  const fields = endSessionFields(context, request, { session, state });
  return withCookies(visitProvider(context, request, { metadata, endpoint, fields }), cookies);
}

/** Answers `GET /oauth2/logout/callback`: back from the provider, on to the target if `state` is the one we sent. */
export function finishLogout(context: LoginContext, request: OwnRequest): HttpResponse {
  const refused = refuseNonNavigation(request);
  if (refused !== undefined) return refused;
  const scope = ownCookie(context, request.ingress, 'logout');
  const value = cookieValue(request.http, scope.name);
  const opened = value === undefined ? undefined : context.sealer.open('logout-state', value, scope.name);
  const [state, target] = (opened?.toString('utf8') ?? '').split(' ');
  const matches = state !== undefined && state !== '' && state === queryValue(request, 'state');
  const wanted = matches && target !== '' ? context.targets.checked(target, request.ingress) : undefined;
  return withCookies(
    redirectTo(wanted ?? afterLogout(context, request)),
    value === undefined ? [] : [dropCookie(scope)],
  );
}
