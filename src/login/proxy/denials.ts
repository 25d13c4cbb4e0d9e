/** Answers to requests that may not reach the application: to login, or why not now. */
import type { HttpResponse } from '../../web/http.ts';
import { ownAnswerHeaders } from '../../web/secure-headers.ts';
import { jsonAnswer, loginUrl, problem, redirectTo, refuse, withCookies } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, findTicket, ownCookie } from '../cookies.ts';
import { accepts, corsHeaders, isDocumentPost, isNavigation } from '../guards.ts';
import { checkedTarget, MAX_TARGET_BYTES, safeTarget } from '../redirects/redirect.ts';
import type { FoundSession } from '../session/finding.ts';
import { sessionReference } from '../session/ticket.ts';
import type { Shortfall } from '../step-up.ts';
import { causeOf, stepUpParameters } from '../step-up.ts';

/** RFC 9470 3. */
const INSUFFICIENT = 'insufficient_user_authentication';
const SENTENCE = 'unauthenticated, please log in';

/** The page a script was on, if it is one of ours; else the ingress; else nothing. */
function returnTarget(context: LoginContext, { http, ingress }: OwnRequest): string | undefined {
  const { referer } = http.headers;
  const ours = referer !== undefined && URL.parse(referer)?.origin === ingress.origin;
  const target = ours ? checkedTarget(referer, ingress, context.config.pathAllow) : undefined;
  return target ?? (ingress.path === '' ? undefined : ingress.path);
}

/** The login route with parameters of its own. */
function loginWith(
  request: OwnRequest,
  target: string | undefined,
  parameters: Readonly<Record<string, string>>,
): string {
  const url = loginUrl(request, target);
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return query.length === 0 ? url : `${url}${target === undefined ? '?' : '&'}${query.join('&')}`;
}

/** What a page of an allowed origin may read of an answer to its script. */
function corsFor(context: LoginContext, { http }: OwnRequest, exposed: string): Record<string, string> {
  const cors = corsHeaders(http, { origins: context.config.allowedOrigins, methods: 'GET, POST' });
  return cors['vary'] === undefined ? cors : { ...cors, 'access-control-expose-headers': exposed };
}

function unauthenticated(context: LoginContext, request: OwnRequest, provider: string | undefined): HttpResponse {
  const { http } = request;
  const target = returnTarget(context, request);
  // The rule of the page that the script was on may name another provider.
  const parameters: Record<string, string> = provider === undefined ? {} : { provider };
  const headers: Record<string, string> = {
    ...corsFor(context, request, 'Location'),
    Location: loginWith(request, target, parameters),
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

/** Session cookies that open to nothing are cleared: whoever planted them would otherwise keep their user out. */
function dropUnusable(context: LoginContext, request: OwnRequest): readonly string[] {
  return context.siblings.all
    .filter((at) => findTicket(at, request).kind === 'unusable')
    .map((at) => dropCookie(ownCookie(at, request.ingress, 'session')));
}

/**
 * The answer when login is demanded and there is none: 302 for a navigation, 401 with `Location` for the rest.
 * `provider` is the one that the rule names.
 */
export function askToSignIn(context: LoginContext, request: OwnRequest, provider: string | undefined): HttpResponse {
  const { http } = request;
  const answer = isNavigation(http)
    ? redirectTo(loginUrl(request, ownTarget(http)))
    : unauthenticated(context, request, provider);
  // Who is sent to sign in is denied nothing yet: what comes of it is on record as a login.
  if (answer.status !== 302) context.emit({ event: 'access.denied', method: http.method, decision: 'unauthenticated' });
  return withCookies(answer, dropUnusable(context, request));
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

function challenge({ level, maxAgeSeconds }: Shortfall): string {
  const parts = [`error=${quoted(INSUFFICIENT)}`];
  if (level !== undefined) parts.push(`acr_values=${quoted(level)}`);
  if (maxAgeSeconds !== undefined) parts.push(`max_age=${quoted(String(maxAgeSeconds))}`);
  return `Bearer ${parts.join(', ')}`;
}

/**
 * The answer when the session is not enough: 302 to a login that is, for a navigation, else 401 with a challenge
 * (RFC 9470 3). The session stays.
 */
export function askForMore(request: OwnRequest, { at, session }: FoundSession, shortfall: Shortfall): HttpResponse {
  const { http } = request;
  const { name: provider, clientId } = at.provider;
  at.emit({
    event: 'stepup.required',
    provider,
    client_id: clientId,
    session_ref: sessionReference(session.key),
    sid: session.record.sid,
    cause: causeOf(shortfall),
    level: shortfall.level,
    max_age: shortfall.maxAgeSeconds,
  });
  const parameters = { ...stepUpParameters(shortfall), ...(at.provider.isDefault ? {} : { provider }) };
  if (isNavigation(http)) return redirectTo(loginWith(request, ownTarget(http), parameters));
  const headers: Record<string, string> = {
    ...corsFor(at, request, 'Location, WWW-Authenticate'),
    Location: loginWith(request, returnTarget(at, request), parameters),
    'WWW-Authenticate': challenge(shortfall),
  };
  return jsonAnswer(401, { error: INSUFFICIENT }, headers);
}

/** The answer to a write that another site's page may have sent. */
export function refuseCrossSite(context: LoginContext, request: OwnRequest): HttpResponse {
  context.emit({ event: 'access.denied', method: request.http.method, decision: 'cross_site_write' });
  return refuse(request, 'cross-site');
}

/** The answer while a token for the application behind this path cannot be had, for so many seconds if that is known. */
export function sayExchangeDown(request: OwnRequest, seconds: number | undefined): HttpResponse {
  const retry = safeTarget(request.http.target, request.ingress);
  const answer = problem(request, { page: 'provider-down', status: 503, retry });
  if (seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(Math.max(1, seconds)) } };
}

/** The answer while nobody can tell whether the user is signed in. Cookies are kept. */
export function sayUnavailable(context: LoginContext, request: OwnRequest): HttpResponse {
  const retry = safeTarget(request.http.target, request.ingress, context.config.pathAllow);
  return problem(request, { page: 'store-down', status: 503, retry });
}
