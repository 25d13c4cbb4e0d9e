/** Callbacks that prove nothing: never a token call, but a signed-in user goes on, and others begin once more. */
import type { HttpResponse } from '../../web/http.ts';
import { problem, redirectTo } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { currentSession, hasLevel } from '../session/present-session.ts';
import type { LoginState } from './login-state.ts';
import { strayAnswer, tellRefusal } from './refusal.ts';
import { beginLogin } from './start.ts';

/** The page of an answer that is none of ours, or none for this route. */
export function refuseStray(
  context: LoginContext,
  request: OwnRequest,
  why: { readonly step: string; readonly reason: string },
): HttpResponse {
  const refusal = strayAnswer(why.step, why.reason);
  tellRefusal(context, refusal);
  return problem(request, refusal);
}

/** Step 2 when `state` does not open. */
export async function withoutState(context: LoginContext, request: OwnRequest): Promise<HttpResponse> {
  const session = await currentSession(context, request);
  if (session !== undefined) return redirectTo(context.targets.fallback(request.ingress));
  return problem(request, { page: 'link-too-old', status: 400 });
}

/** Step 3 when the cookie is gone: go on with a live session, or begin once more. */
export async function withoutCookie(
  context: LoginContext,
  request: OwnRequest,
  opened: LoginState,
): Promise<HttpResponse> {
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
