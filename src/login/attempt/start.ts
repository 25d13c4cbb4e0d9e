/** `GET /oauth2/login`: begins an attempt and sends the browser to the provider. */
import { ProviderFault } from '../../providers/provider-fault.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import type { HttpResponse } from '../../web/http.ts';
import { emptyAnswer, jsonAnswer, problem, redirectTo, withCookies } from '../answers.ts';
import type { LoginWishes } from './authorization-request.ts';
import { authorizationUrl, chooseLevel, chooseLocale, choosePrompt } from './authorization-request.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropCookie, findTicket, makeRoom, ownCookie, writeCookie } from '../cookies.ts';
import { isAllowedSite, isPrefetch, isRefusedAsNavigation } from '../guards.ts';
import { countLogin } from './login-counter.ts';
import { ATTEMPT_SECONDS, beginAttempt } from './login-state.ts';
import { currentSession, endSession } from '../session/present-session.ts';
import { keptLocale } from '../pages/locale.ts';
import { loadedMetadata } from '../provider-ready.ts';
import { providerOfLogin } from '../chosen-provider.ts';
import { queryValue } from '../query.ts';
import { demandsOf, raiseLevel } from '../step-up.ts';

/** The 401 of routes that only a navigation may use: no login begins in an iframe or by script. */
export function refuseNonNavigation(request: OwnRequest): HttpResponse | undefined {
  if (!isRefusedAsNavigation(request.http)) return undefined;
  return jsonAnswer(401, {
    error: 'unauthenticated',
    error_description: 'this route is for navigations of a top-level page',
    error_path: request.http.path,
  });
}

/** What the link to login asks for. */
function asked(request: OwnRequest): Partial<LoginWishes> {
  return {
    level: queryValue(request, 'level'),
    locale: queryValue(request, 'locale'),
    prompt: queryValue(request, 'prompt'),
    domainHint: queryValue(request, 'domain_hint'),
  };
}

/** What is sent, and the level that the ID token has to show. */
interface SettledWishes extends LoginWishes {
  readonly demanded: string | undefined;
}

function settle(
  { provider }: LoginContext,
  metadata: ProviderMetadata,
  asks: { readonly wishes: Partial<LoginWishes>; readonly levels: readonly string[] },
): SettledWishes {
  const { wishes } = asks;
  const chosen = chooseLevel(wishes.level, provider.level, metadata.levels);
  const { demanded, sent } = raiseLevel(chosen, asks.levels, metadata.levels);
  return {
    demanded,
    level: sent,
    locale: chooseLocale(wishes.locale, provider.locale, metadata.locales),
    prompt: choosePrompt(wishes.prompt, metadata.prompts),
    domainHint: wishes.domainHint ?? provider.domainHint,
  };
}

/** Begins an attempt and redirects to the provider: 500 page when it refuses us, 503 page when it does not answer. */
export async function beginLogin(
  context: LoginContext,
  request: OwnRequest,
  login: { readonly target: string; readonly tries: number; readonly wishes: Partial<LoginWishes> },
): Promise<HttpResponse> {
  const { clientId, name: provider } = context.provider;
  const metadata = await loadedMetadata(context);
  if (metadata === undefined) return problem(request, { page: 'provider-down', status: 503, target: login.target });
  const { levels } = demandsOf(context, request.ingress, login.target);
  const wishes = settle(context, metadata, { wishes: login.wishes, levels });
  const attempt = beginAttempt(context.sealer, {
    target: login.target,
    provider,
    ingress: request.ingress.url,
    level: wishes.demanded,
    maxAgeSeconds: wishes.prompt === 'login' ? 0 : undefined,
    locale: keptLocale(login.wishes.locale),
    tries: login.tries,
    now: context.now(),
  });
  try {
    const location = await authorizationUrl(context, request, { metadata, attempt, wishes });
    const pushed = metadata.endpoint('pushed_authorization_request_endpoint') !== undefined;
    context.emit({ event: 'login.started', outcome: 'started', provider, client_id: clientId, pushed });
    const scope = ownCookie(context, request.ingress, 'login', attempt.cookieId);
    const value = attempt.seal(scope.name);
    const evicted = makeRoom(context, request, { use: 'login', bytes: scope.name.length + value.length });
    return withCookies(redirectTo(location), [...evicted, writeCookie(scope, value, ATTEMPT_SECONDS)]);
  } catch (error) {
    return notStarted(context, request, { target: login.target, error });
  }
}

/** The page of a login that the provider did not let begin; errors that are not the provider's are thrown again. */
function notStarted(
  context: LoginContext,
  request: OwnRequest,
  { target, error }: { readonly target: string; readonly error: unknown },
): HttpResponse {
  if (!(error instanceof ProviderFault)) throw error;
  const { clientId, name: provider } = context.provider;
  context.emit({
    event: 'login.failed',
    provider,
    client_id: clientId,
    step: 'par',
    reason: error.message,
    outcome: 'failed',
  });
  const isDown = error.kind === 'unavailable' || error.kind === 'timeout';
  if (isDown) return problem(request, { page: 'provider-down', status: 503, target });
  return problem(request, { page: 'login-failed', status: 500, target });
}

/** HEAD tells where a login would go, without parameters, and changes nothing. */
async function answerHead(context: LoginContext): Promise<HttpResponse> {
  const metadata = await loadedMetadata(context);
  if (metadata === undefined) return emptyAnswer(503);
  return redirectTo(metadata.endpoint('authorization_endpoint') ?? '/');
}

/** Answers `GET /oauth2/login`. A store that is down never lets a login begin: it could not end. */
export async function startLogin(instance: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const refused = refuseNonNavigation(request);
  if (refused !== undefined) return refused;
  if (isPrefetch(request.http.headers)) return emptyAnswer(503);
  const target = instance.targets.safe(queryValue(request, 'redirect'), request.ingress);
  const context = providerOfLogin(instance, request, target);
  if (request.http.method === 'HEAD') return answerHead(context);
  const { config } = context;
  await context.store.read('login:ping');
  const present = await currentSession(context, request);
  const cookies: string[] = [];
  if (findTicket(context, request).kind === 'unusable')
    cookies.push(dropCookie(ownCookie(context, request.ingress, 'session')));
  const prompted = queryValue(request, 'prompt') !== undefined;
  // Where a younger sign-in is demanded, the present session goes on until there is one.
  const replaces = prompted && queryValue(request, 'max_age') === undefined;
  if (replaces && present !== undefined && isAllowedSite(request.http, config.allowedOrigins)) {
    await endSession(context, present, 'replaced');
    cookies.push(dropCookie(ownCookie(context, request.ingress, 'session')));
  } else if (present !== undefined && config.rateLimit.enabled && !replaces) {
    const counted = countLogin(context, request);
    cookies.push(counted.cookie);
    if (counted.tooMany) return problem(request, { page: 'too-many-logins', status: 429, target });
  }
  return withCookies(await beginLogin(context, request, { target, tries: 0, wishes: asked(request) }), cookies);
}
