/** `GET /oauth2/session` and `POST /oauth2/session/refresh`: what the page may know about its session. */
import type { HttpResponse } from '../../web/http.ts';
import { emptyAnswer, jsonAnswer, RETRY_AFTER_SECONDS, withCookies } from '../answers.ts';
import { providerOfSession } from '../chosen-provider.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, findTicket, ownCookie } from '../cookies.ts';
import { isAllowedSite } from '../guards.ts';
import { queryValue } from '../query.ts';
import { hasLevel, nowMilliseconds, storedSession } from './present-session.ts';
import type { SessionRecord } from './record.ts';
import type { StoredSession } from './sessions.ts';
import { cooldownEnd, nextRefresh, sessionPhase } from './times.ts';

const NO_TIME = '0001-01-01T00:00:00Z';

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function secondsUntil(milliseconds: number, now: number): number {
  return Math.max(0, Math.floor((milliseconds - now) / 1000));
}

/** The metadata of a session: an allow-list, no token or name ever in it. */
function sessionMetadata(
  { times, provider, acr }: SessionRecord,
  { full, refreshes, now }: { readonly full: boolean; readonly refreshes: boolean; readonly now: number },
): Record<string, Record<string, unknown>> {
  const cooldown = secondsUntil(cooldownEnd(times), now);
  return {
    session: {
      active: sessionPhase(times, now) === 'active',
      created_at: timestamp(times.createdAt),
      ends_at: timestamp(times.endsAt),
      ends_in_seconds: secondsUntil(times.endsAt, now),
      timeout_at: times.timeoutAt === undefined ? NO_TIME : timestamp(times.timeoutAt),
      timeout_in_seconds: times.timeoutAt === undefined ? -1 : secondsUntil(times.timeoutAt, now),
      ...(full ? { provider, acr: acr ?? null } : {}),
    },
    tokens: {
      expire_at: timestamp(times.expireAt),
      expire_in_seconds: secondsUntil(times.expireAt, now),
      next_auto_refresh_in_seconds: refreshes ? secondsUntil(nextRefresh(times), now) : -1,
      refreshed_at: timestamp(times.refreshedAt),
      refresh_cooldown: now < cooldownEnd(times),
      refresh_cooldown_seconds: cooldown,
    },
  };
}

/** Whether requests refresh the session when it is due: at the server of a single sign-on only its pages do. */
function refreshesByItself({ config }: LoginContext, refreshToken: string | undefined): boolean {
  return refreshToken !== undefined && (config.role !== 'sso-server' || config.forwardAuth.enabled);
}

function noSession(context: LoginContext, request: OwnRequest): HttpResponse {
  // A ticket whose session is gone stays: this answer may arrive after that of a login in another tab.
  const stale = findTicket(context, request).kind === 'unusable';
  const cookies = stale ? [dropCookie(ownCookie(context, request.ingress, 'session'))] : [];
  return withCookies(emptyAnswer(401), cookies);
}

function describe(context: LoginContext, request: OwnRequest, { record }: StoredSession): HttpResponse {
  const full = queryValue(request, 'view') === 'full';
  const refreshes = refreshesByItself(context, record.refreshToken);
  const body = sessionMetadata(record, { full, refreshes, now: nowMilliseconds(context) });
  return jsonAnswer(200, body);
}

/** Answers `GET /oauth2/session`: 200 also when inactive, 401 when there is none or it has ended. */
export async function describeSession(instance: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const context = providerOfSession(instance, request);
  const session = await storedSession(context, request);
  const now = nowMilliseconds(context);
  if (session === undefined || !hasLevel(context, session)) return noSession(context, request);
  if (sessionPhase(session.record.times, now) === 'ended') return noSession(context, request);
  return describe(context, request, session);
}

/** Answers `POST /oauth2/session/refresh`: the same JSON, refreshed, or unchanged when a refresh is not possible now. */
export async function refreshSession(instance: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const context = providerOfSession(instance, request);
  const refused = refuseRefresh(context, request);
  if (refused !== undefined) return refused;
  const session = await storedSession(context, request);
  const now = nowMilliseconds(context);
  if (session === undefined || !hasLevel(context, session)) return noSession(context, request);
  if (sessionPhase(session.record.times, now) !== 'active') return emptyAnswer(401);
  const outcome = await context.refresher.refresh(session);
  if (outcome.kind === 'gone') return noSession(context, request);
  if (outcome.kind === 'failed') {
    return emptyAnswer(503, { 'Retry-After': String(RETRY_AFTER_SECONDS) });
  }
  return describe(context, request, outcome.session);
}

/** POST needs an allowed site; GET works for a bare `fetch` only, never for a navigation or an unknown client. */
function refuseRefresh(context: LoginContext, request: OwnRequest): HttpResponse | undefined {
  const { http } = request;
  const allowed = isAllowedSite(http, context.config.allowedOrigins);
  if (http.method === 'GET') {
    const mode = http.headers['sec-fetch-mode'];
    const fetched = mode !== undefined && mode !== 'navigate';
    const unguarded = context.config.compat.unguardedGet;
    return (allowed && fetched) || unguarded ? undefined : emptyAnswer(405, { Allow: 'POST' });
  }
  if (allowed) return undefined;
  context.emit({ event: 'access.denied', method: http.method, decision: 'cross_site' });
  return jsonAnswer(403, { error: 'cross_site_request' });
}
