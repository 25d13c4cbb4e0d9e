/** Answers to requests that may not reach the application: to login, or why not now. */
import type { HttpResponse } from '../../web/http.ts';
import { ownAnswerHeaders } from '../../web/secure-headers.ts';
import { jsonAnswer, loginUrl, problem, redirectTo, withCookies } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, findTicket, ownCookie } from '../cookies.ts';
import { accepts, corsHeaders, isDocumentPost, isNavigation } from '../guards.ts';
import { checkedTarget, MAX_TARGET_BYTES, safeTarget } from '../redirect.ts';

const SENTENCE = 'unauthenticated, please log in';

/** The page a script was on, if it is one of ours; else the ingress; else nothing. */
function returnTarget(context: LoginContext, { http, ingress }: OwnRequest): string | undefined {
  const { referer } = http.headers;
  const ours = referer !== undefined && URL.parse(referer)?.origin === ingress.origin;
  const target = ours ? checkedTarget(referer, ingress, context.config.pathAllow) : undefined;
  return target ?? (ingress.path === '' ? undefined : ingress.path);
}

function unauthenticated(context: LoginContext, request: OwnRequest): HttpResponse {
  const { http } = request;
  const cors = corsHeaders(http, { origins: context.config.allowedOrigins, methods: 'GET, POST' });
  const target = returnTarget(context, request);
  const headers: Record<string, string> = {
    ...cors,
    ...(cors['vary'] === undefined ? {} : { 'access-control-expose-headers': 'Location' }),
    Location: loginUrl(request, target),
  };
  if (isDocumentPost(http)) {
    const page = problem(request, { page: 'sign-in-again', status: 401, target });
    return { ...page, headers: { ...page.headers, ...headers } };
  }
  if (accepts(http.headers, '*/*') || accepts(http.headers, 'application/json')) {
    return jsonAnswer(401, { error: SENTENCE }, headers);
  }
  const type = { 'Content-Type': 'text/plain; charset=utf-8' };
  return { status: 401, headers: { ...ownAnswerHeaders(), ...type, ...headers }, body: SENTENCE };
}

/** Where the request was going; without its query, or not at all, when it is too long to come back to. */
function ownTarget({ target, path }: OwnRequest['http']): string | undefined {
  return [target, path].find((one) => one.length <= MAX_TARGET_BYTES);
}

/** The answer when login is demanded and there is none: 302 for a navigation, 401 with `Location` for the rest. */
export function askToSignIn(context: LoginContext, request: OwnRequest): HttpResponse {
  const { http } = request;
  context.emit({ event: 'access.denied', method: http.method, decision: 'unauthenticated' });
  const answer = isNavigation(http)
    ? redirectTo(loginUrl(request, ownTarget(http)))
    : unauthenticated(context, request);
  const stale = findTicket(context, request).kind === 'unusable';
  return withCookies(answer, stale ? [dropCookie(ownCookie(context, request.ingress, 'session'))] : []);
}

/** The answer while nobody can tell whether the user is signed in. Cookies are kept. */
export function sayUnavailable(context: LoginContext, request: OwnRequest): HttpResponse {
  const retry = safeTarget(request.http.target, request.ingress, context.config.pathAllow);
  return problem(request, { page: 'store-down', status: 503, retry });
}
