/** Answers every endpoint gives alike: problems as page or JSON, redirects, cookies added. */
import type { HttpResponse } from '../web/http.ts';
import { json } from '../web/http.ts';
import { ownAnswerHeaders } from '../web/secure-headers.ts';
import type { OwnRequest } from './context.ts';
import { isNavigation } from './guards.ts';
import { ERRORS } from './pages/errors.ts';
import type { PageName } from './pages/page-texts.ts';
import { pageAnswer } from './pages/pages.ts';
import { queryValue } from './query.ts';
import { safeTarget } from './redirects/redirect.ts';

/** Seconds after which a client may try again. */
export const RETRY_AFTER_SECONDS = 5;

/** Adds `Set-Cookie` values to an answer. */
export function withCookies(response: HttpResponse, cookies: readonly string[]): HttpResponse {
  if (cookies.length === 0) return response;
  const before = response.headers?.['Set-Cookie'] ?? [];
  const all = [...(typeof before === 'string' ? [before] : before), ...cookies];
  return { ...response, headers: { ...response.headers, 'Set-Cookie': all } };
}

/** A redirect of our own. */
export function redirectTo(location: string, status: 302 | 303 = 302): HttpResponse {
  return { status, headers: { ...ownAnswerHeaders(), Location: location } };
}

/** An answer of our own without body. */
export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { ...ownAnswerHeaders(), ...headers } };
}

/** A JSON answer of our own. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return json(status, value, { ...ownAnswerHeaders(), ...headers });
}

/** The login route of an ingress, with the target to come back to. */
export function loginUrl(request: OwnRequest, target?: string): string {
  const path = `${request.ingress.path}/oauth2/login`;
  return target === undefined ? path : `${path}?redirect=${encodeURIComponent(target)}`;
}

/** What a retried login asks for again. */
const LOGIN_WISHES = ['level', 'prompt', 'max_age', 'domain_hint', 'provider'] as const;

/** The link to try a login again: at the login route with all it asked for, elsewhere in the language it had. */
function retryUrl(request: OwnRequest, target: string | undefined): string {
  const isLogin = request.http.path === loginUrl(request);
  const given = (name: string): string | undefined => (isLogin ? queryValue(request, name) : undefined);
  const wishes: readonly (readonly [string, string | undefined])[] = [
    ['redirect', target ?? given('redirect')],
    ...LOGIN_WISHES.map((name) => [name, (name === 'provider' ? request.provider : undefined) ?? given(name)] as const),
    ['locale', request.locale ?? given('locale')],
  ];
  const query = wishes.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return query.length === 0 ? loginUrl(request) : `${loginUrl(request)}?${query.join('&')}`;
}

/** Whether a page is shown to somebody: what follows a link or sends a form in a window or frame. */
function isForPeople({ http }: OwnRequest): boolean {
  return isNavigation(http) || http.headers['sec-fetch-mode'] === 'navigate';
}

/** What went wrong: a page for a navigation, JSON for everything else. */
export function problem(
  request: OwnRequest,
  about: {
    readonly page: PageName;
    readonly status: number;
    readonly target?: string | undefined;
    readonly retry?: string;
  },
): HttpResponse {
  const headers: Record<string, string> =
    about.status === 503 || about.status === 429 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {};
  if (!isForPeople(request)) {
    const { error, description } = ERRORS[about.page];
    const body = { error, error_description: description, correlation_id: request.http.correlationId };
    return jsonAnswer(about.status, body, { ...headers, 'Content-Language': 'en' });
  }
  const actionUrl = about.retry ?? retryUrl(request, about.target);
  return pageAnswer(request, { name: about.page, status: about.status, actionUrl, headers });
}

/** A 403 that no retry changes: a page for a navigation, the bare `error` for everything else. */
export function refuse(request: OwnRequest, page: 'cross-site' | 'exchange-refused'): HttpResponse {
  if (!isForPeople(request)) return jsonAnswer(403, { error: ERRORS[page].error });
  const { homeUrl } = request.ingress.pages;
  const actionUrl = page === 'cross-site' ? homeUrl : safeTarget(request.http.target, request.ingress);
  return pageAnswer(request, { name: page, status: 403, actionUrl });
}
