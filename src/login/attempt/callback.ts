/** `GET /oauth2/callback`: the provider's answer. The order of the steps is binding; each proves its value or ends the request. */
import { AuditUnavailable } from '../../observe/audit.ts';
import { JoseError } from '../../oauth/jws.ts';
import { ProviderFault } from '../../providers/provider-fault.ts';
import { confirmSubject } from '../../providers/userinfo.ts';
import { redeemCode } from '../../providers/code-grant.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import type { TokenSet } from '../../providers/tokens.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import type { HttpResponse } from '../../web/http.ts';
import { parseCookies } from '../../web/cookies.ts';
import { parseQuery } from '../../web/forms.ts';
import { problem, redirectTo, withCookies } from '../answers.ts';
import { redirectUri } from './authorization-request.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { cookieValue, dropAttempts, dropCookie, ownCookie, writeCookie } from '../cookies.ts';
import type { LoginSecrets, LoginState } from './login-state.ts';
import { attemptCookieId, openAttemptCookie, openState } from './login-state.ts';
import { claimOutcome, rememberOutcome, waitForOutcome } from './login-outcome.ts';
import type { LoginOutcome } from './login-outcome.ts';
import type { PageName } from '../pages/page-texts.ts';
import { currentSession, hasLevel } from '../session/present-session.ts';
import { loadedMetadata } from '../provider-ready.ts';
import { createSessionFor } from './new-session.ts';
import { beginLogin, refuseNonNavigation } from './start.ts';
import { verifyLogin } from './verify-login.ts';

const MAX_QUERY_BYTES = 8192;

/** The attempt an answer belongs to, proven by its cookie. */
interface Proven {
  readonly state: string;
  readonly opened: LoginState;
  readonly secrets: LoginSecrets;
  readonly target: string;
  readonly parameters: URLSearchParams;
}

/** An outcome that ends the callback with a page. */
class Refused extends Error {
  readonly page: PageName;
  readonly status: number;
  readonly step: string;
  readonly reason: string;

  constructor(refusal: {
    readonly page: PageName;
    readonly status: number;
    readonly step: string;
    readonly reason: string;
  }) {
    super(refusal.reason);
    this.page = refusal.page;
    this.status = refusal.status;
    this.step = refusal.step;
    this.reason = refusal.reason;
  }
}

function tooOld(step: string, reason: string): Refused {
  return new Refused({ page: 'link-too-old', status: 400, step, reason });
}

/** Step 1: parameters parse, none twice. */
function readParameters(query: string): URLSearchParams {
  const parsed = query.length > MAX_QUERY_BYTES ? undefined : parseQuery(query);
  if (parsed?.ok !== true || parsed.form.duplicates.length > 0)
    throw tooOld('parameters', 'the parameters do not parse');
  return new URLSearchParams([...parsed.form.values]);
}

/** Step 4: the answer comes from the provider the attempt was sent to (RFC 9207). */
function checkIssuer(metadata: ProviderMetadata, parameters: URLSearchParams): void {
  const issuer = parameters.get('iss');
  if (issuer === null && !metadata.issuerInAnswers) return;
  if (issuer !== metadata.issuer) throw tooOld('iss', issuer === null ? 'iss is missing' : 'iss is another issuer');
}

/** Step 6: an error answer. */
function checkError(parameters: URLSearchParams): void {
  const error = parameters.get('error');
  if (error === null) return;
  if (error === 'access_denied') throw new Refused({ page: 'cancelled', status: 403, step: 'error', reason: error });
  const down = error === 'temporarily_unavailable' || error === 'server_error';
  const page = down ? 'provider-down' : 'login-failed';
  // Anybody can write into an answer: only what looks like a code is put on record.
  const reason = /^[a-z_]{1,64}$/.test(error) ? error : 'not an error code';
  throw new Refused({ page, status: down ? 503 : 500, step: 'error', reason });
}

/** Steps 7 to 9: redeem the code, verify the ID token, confirm the subject. */
async function redeem(
  context: LoginContext,
  request: OwnRequest,
  proven: Proven,
  metadata: ProviderMetadata,
): Promise<{ readonly tokens: TokenSet; readonly idToken: Awaited<ReturnType<typeof verifyLogin>> }> {
  if (!proven.parameters.get('code')) throw tooOld('code', 'there is neither code nor error');
  const tokens = await redeemCode(context.client, metadata, {
    parameters: proven.parameters,
    state: proven.state,
    redirectUri: redirectUri(request),
    codeVerifier: proven.secrets.codeVerifier,
    nonce: proven.secrets.nonce,
  });
  const idToken = await verifyLogin(context, metadata, { tokens, secrets: proven.secrets });
  if (context.provider.userinfo) {
    await confirmSubject(context.client, metadata, { accessToken: tokens.accessToken, subject: idToken.subject });
  }
  return { tokens, idToken };
}

/** What the user is told about a failure; what is none of ours to explain is thrown on. */
function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof StoreUnavailable || error instanceof AuditUnavailable)
    return new Refused({ page: 'store-down', status: 503, step: 'session', reason: error.message });
  if (error instanceof ProviderFault) {
    const down = error.kind === 'unavailable' || error.kind === 'timeout';
    const page = down ? 'provider-down' : 'login-failed';
    return new Refused({ page, status: down ? 503 : 500, step: error.endpoint, reason: error.message });
  }
  if (!(error instanceof JoseError)) throw error;
  const reason = error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
  if (error.code === 'keys_unavailable')
    return new Refused({ page: 'provider-down', status: 503, step: 'id-token', reason });
  const tooWeak = error.claim === 'acr' || error.claim === 'auth_time';
  const page = tooWeak ? 'stronger-login' : 'login-failed';
  return new Refused({ page, status: tooWeak ? 403 : 500, step: 'id-token', reason });
}

/** Steps 4 to 10 of a proven attempt. */
async function complete(context: LoginContext, request: OwnRequest, proven: Proven): Promise<LoginOutcome | undefined> {
  const metadata = await loadedMetadata(context);
  if (metadata === undefined) {
    throw new Refused({ page: 'provider-down', status: 503, step: 'metadata', reason: 'not loaded' });
  }
  checkIssuer(metadata, proven.parameters);
  const claim = await claimOutcome(context, proven.opened.id);
  if (claim === 'taken') return waitForOutcome(context, proven.opened.id);
  try {
    checkError(proven.parameters);
    const redeemed = await redeem(context, request, proven, metadata);
    const outcome = await createSessionFor(context, request, {
      ...redeemed,
      issuer: metadata.issuer,
      target: proven.target,
    });
    await rememberOutcome(context, proven.opened.id, outcome);
    return outcome;
  } catch (error) {
    const refusal = refusalOf(error);
    const { page, status } = refusal;
    await rememberOutcome(context, proven.opened.id, { kind: 'page', page, status, target: proven.target });
    throw refusal;
  }
}

function tellRefusal(context: LoginContext, refusal: Refused): void {
  const { name: provider, clientId } = context.provider;
  const at = { provider, client_id: clientId };
  if (refusal.page === 'cancelled') return context.emit({ event: 'login.cancelled', outcome: 'cancelled', ...at });
  const { step, reason } = refusal;
  context.emit({ event: 'login.failed', ...at, step, reason, outcome: 'failed' });
}

/** Step 3 when the cookie is gone: no token call; go on with a live session, or begin once more. */
async function withoutCookie(context: LoginContext, request: OwnRequest, opened: LoginState): Promise<HttpResponse> {
  const target = context.targets.safe(opened.target, request.ingress);
  const session = await currentSession(context, request);
  if (session !== undefined && hasLevel(context, session, opened.level)) return redirectTo(target);
  if (opened.tries > 0) return problem(request, { page: 'link-too-old', status: 400, target });
  const { name: provider, clientId } = context.provider;
  context.emit({
    event: 'login.restarted',
    outcome: 'restarted',
    provider,
    client_id: clientId,
    reason: 'attempt cookie is gone or too old',
  });
  return beginLogin(context, request, { target, tries: 1, wishes: { level: opened.level, locale: opened.locale } });
}

/** Step 2 when `state` does not open. */
async function withoutState(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const session = await currentSession(context, request);
  if (session !== undefined) return redirectTo(context.targets.fallback(request.ingress));
  return problem(request, { page: 'link-too-old', status: 400 });
}

function answerOutcome(context: LoginContext, request: OwnRequest, outcome: LoginOutcome): HttpResponse {
  if (outcome.kind === 'page') return problem(request, outcome);
  const target = context.targets.safe(outcome.target, request.ingress);
  const scope = ownCookie(context, request.ingress, 'session');
  return withCookies(redirectTo(target), [writeCookie(scope, outcome.cookie), ...dropAttempts(context, request)]);
}

async function answerProven(context: LoginContext, request: OwnRequest, proven: Proven): Promise<HttpResponse> {
  try {
    const outcome = await complete(context, request, proven);
    // Used before, and the outcome is forgotten: as if the cookie were gone.
    if (outcome === undefined) return await withoutCookie(context, request, proven.opened);
    return answerOutcome(context, request, outcome);
  } catch (error) {
    const refusal = refusalOf(error);
    tellRefusal(context, refusal);
    return problem(request, { page: refusal.page, status: refusal.status, target: proven.target });
  }
}

/** Answers `GET /oauth2/callback`. */
export async function finishLogin(context: LoginContext, arrived: OwnRequest): Promise<HttpResponse> {
  const refused = refuseNonNavigation(arrived);
  if (refused !== undefined) return refused;
  let parameters: URLSearchParams;
  try {
    parameters = readParameters(arrived.http.query);
  } catch (error) {
    if (error instanceof Refused) return problem(arrived, error);
    throw error;
  }
  const state = parameters.get('state') ?? '';
  const opened = openState(context.sealer, state, context.now());
  if (opened === undefined) return withoutState(context, arrived);
  const request = opened.locale === undefined ? arrived : { ...arrived, locale: opened.locale };
  const scope = ownCookie(context, request.ingress, 'login', attemptCookieId(opened.id));
  const value = cookieValue(request.http, scope.name);
  const cookie = value === undefined ? undefined : { name: scope.name, value };
  const secrets = cookie && openAttemptCookie(context.sealer, cookie, { state, now: context.now() });
  const cleared = parseCookies(request.http.headers.cookie).has(scope.name) ? [dropCookie(scope)] : [];
  const isOurs = secrets?.provider === context.provider.name && secrets.ingress === request.ingress.url;
  if (secrets === undefined || !isOurs) return withCookies(await withoutCookie(context, request, opened), cleared);
  const target = context.targets.safe(secrets.target ?? opened.target, request.ingress);
  const answer = await answerProven(context, request, { state, opened, secrets, target, parameters });
  return withCookies(answer, cleared);
}
