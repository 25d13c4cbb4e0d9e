/** The attempt that an answer belongs to, proven by the cookie of the browser that began it. */
import { parseCookies } from '../../web/cookies.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { cookieValue, dropCookie, ownCookie } from '../cookies.ts';
import type { LoginSecrets, LoginState } from './login-state.ts';
import { attemptCookieId, openAttemptCookie } from './login-state.ts';

/** An attempt whose cookie came along. */
export interface Proven {
  readonly state: string;
  readonly opened: LoginState;
  readonly secrets: LoginSecrets;
  readonly target: string;
  readonly parameters: URLSearchParams;
}

function attemptScope(context: LoginContext, request: OwnRequest, opened: LoginState): ReturnType<typeof ownCookie> {
  return ownCookie(context, request.ingress, 'login', attemptCookieId(opened.id));
}

/** Step 3: the cookie of this attempt is there, not too old, and made for this state, provider and ingress. */
export function openProof(
  context: LoginContext,
  request: OwnRequest,
  answer: { readonly state: string; readonly opened: LoginState },
): LoginSecrets | undefined {
  const { name } = attemptScope(context, request, answer.opened);
  const value = cookieValue(request.http, name);
  if (value === undefined) return undefined;
  const now = context.now();
  const secrets = openAttemptCookie(context.sealer, { name, value }, { state: answer.state, now });
  const isOurs = secrets?.provider === context.provider.name && secrets.ingress === request.ingress.url;
  return isOurs ? secrets : undefined;
}

/** `Set-Cookie` values that clear the cookie of an attempt: whatever came of it, it was used. */
export function dropProof(context: LoginContext, request: OwnRequest, opened: LoginState): readonly string[] {
  const scope = attemptScope(context, request, opened);
  return parseCookies(request.http.headers.cookie).has(scope.name) ? [dropCookie(scope)] : [];
}
