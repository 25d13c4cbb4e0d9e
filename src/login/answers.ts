/** Answers every endpoint gives alike: problems as page or JSON, redirects, cookies added. */
import type { HttpResponse } from '../web/http.ts';
import { json } from '../web/http.ts';
import { ownAnswerHeaders } from '../web/secure-headers.ts';
import type { OwnRequest } from './context.ts';
import { isNavigation } from './guards.ts';
import type { PageName } from './pages/page-texts.ts';
import { BOKMAAL } from './pages/page-texts.ts';
import { pageAnswer } from './pages/pages.ts';
import { fallbackTarget } from './redirect.ts';

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

const ERROR_NAMES: Readonly<Record<PageName, string>> = {
  cancelled: 'access_denied',
  'login-failed': 'login_failed',
  'link-too-old': 'invalid_request',
  'too-many-logins': 'too_many_logins',
  'stronger-login': 'insufficient_user_authentication',
  'provider-down': 'provider_unavailable',
  'store-down': 'store_unavailable',
  'confirm-logout': 'cross_site_request',
  'logging-out': 'logging_out',
  'signed-out': 'signed_out',
  'sign-in-again': 'unauthenticated',
};

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
  const retry: Record<string, string> =
    about.status === 503 || about.status === 429 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {};
  if (!isNavigation(request.http) && request.http.headers['sec-fetch-mode'] !== 'navigate') {
    const body = {
      error: ERROR_NAMES[about.page],
      error_description: BOKMAAL[about.page].sentence,
      correlation_id: request.http.correlationId,
    };
    return jsonAnswer(about.status, body, retry);
  }
  return pageAnswer({
    name: about.page,
    status: about.status,
    correlationId: request.http.correlationId,
    homeUrl: fallbackTarget(request.ingress),
    actionUrl: about.retry ?? loginUrl(request, about.target),
    headers: retry,
  });
}
