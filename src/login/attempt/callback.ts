/** `GET /oauth2/callback`: the provider's answer. The order of the steps is binding; each proves its value or ends the request. */
import type { HttpResponse } from '../../web/http.ts';
import { problem, redirectTo, withCookies } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { dropAttempts, ownCookie, writeCookie } from '../cookies.ts';
import { bouncePage } from '../pages/pages.ts';
import { loadedMetadata } from '../provider-ready.ts';
import type { Proven } from './attempt-proof.ts';
import { dropProof, openProof } from './attempt-proof.ts';
import type { LoginOutcome } from './login-outcome.ts';
import { claimOutcome, rememberOutcome, waitForOutcome } from './login-outcome.ts';
import type { LoginState } from './login-state.ts';
import { openState } from './login-state.ts';
import { createSessionFor } from './new-session.ts';
import { checkError, checkIssuer, readParameters } from './provider-answer.ts';
import { redeem } from './redeem.ts';
import { Refused, refusalOf, tellRefusal } from './refusal.ts';
import { refuseNonNavigation } from './start.ts';
import { tellStillShort } from './step-up-told.ts';
import { refuseStray, withoutCookie, withoutState } from './unproven.ts';

/** Steps 4 to 10 of a proven attempt; undefined when it was used before and its outcome is forgotten. */
async function complete(context: LoginContext, request: OwnRequest, proven: Proven): Promise<LoginOutcome | undefined> {
  const metadata = await loadedMetadata(context);
  if (metadata === undefined) {
    throw new Refused({ page: 'provider-down', status: 503, step: 'metadata', reason: 'not loaded' });
  }
  checkIssuer(metadata, proven.parameters);
  const { id } = proven.opened;
  if ((await claimOutcome(context, id)) === 'taken') return waitForOutcome(context, id);
  try {
    checkError(proven.parameters);
    const login = await redeem(context, request, { proven, metadata });
    const outcome = await createSessionFor(context, request, login);
    await rememberOutcome(context, id, outcome);
    return outcome;
  } catch (error) {
    const refusal = refusalOf(error);
    const { page, status, message: reason } = refusal;
    if (page === 'stronger-login') await tellStillShort(context, request, { demanded: proven.secrets, reason });
    await rememberOutcome(context, id, { kind: 'page', page, status, target: proven.target });
    throw refusal;
  }
}

/** Step 11. A strict cookie is not sent along a chain of redirects that began elsewhere: there a page of ours leads on. */
function answerOutcome(context: LoginContext, request: OwnRequest, outcome: LoginOutcome): HttpResponse {
  if (outcome.kind === 'page') return problem(request, outcome);
  const target = context.targets.safe(outcome.target, request.ingress);
  const strict = context.config.cookie.sameSite === 'Strict';
  const cookie = writeCookie(ownCookie(context, request.ingress, 'session'), outcome.cookie);
  const answer = strict ? bouncePage(request, target) : redirectTo(target);
  return withCookies(answer, [cookie, ...dropAttempts(context, request)]);
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

/** The request with what its pages have to know of the login it belongs to. */
function goingOn({ provider }: LoginContext, arrived: OwnRequest, { locale }: LoginState): OwnRequest {
  return {
    ...arrived,
    ...(locale === undefined ? {} : { locale }),
    ...(provider.isDefault ? {} : { provider: provider.name }),
  };
}

/** Answers `GET /oauth2/callback`, and that of each further provider on its own route. */
export async function finishLogin(context: LoginContext, arrived: OwnRequest): Promise<HttpResponse> {
  const refused = refuseNonNavigation(arrived);
  if (refused !== undefined) return refused;
  const parameters = readParameters(arrived.http.query);
  if (parameters === undefined) return problem(arrived, { page: 'link-too-old', status: 400 });
  const state = parameters.get('state') ?? '';
  const opened = openState(context.sealer, state, context.now());
  if (opened === undefined) return withoutState(context, arrived);
  const request = goingOn(context, arrived, opened);
  const cleared = dropProof(context, request, opened);
  if (opened.provider !== context.provider.name) {
    const why = { step: 'route', reason: 'the answer came on the route of another provider' };
    return withCookies(refuseStray(context, request, why), cleared);
  }
  const secrets = openProof(context, request, { state, opened });
  if (secrets === undefined) return withCookies(await withoutCookie(context, request, opened), cleared);
  const target = context.targets.safe(secrets.target ?? opened.target, request.ingress);
  const answer = await answerProven(context, request, { state, opened, secrets, target, parameters });
  return withCookies(answer, cleared);
}
