import { authenticateOnce } from './http/attached.ts';
import type { RequestLike } from './http/authenticate.ts';
import type { Fullmakt } from './fullmakt.ts';
import type { Guard } from './guards/guard.ts';
import type { Principal } from './principal.ts';
import { refuse } from './http/refusal.ts';
import type { AdapterOptions } from './http/refusal.ts';
import { checkHandler, checkMounted } from './http/mounted.ts';

export type { AdapterOptions } from './http/refusal.ts';

/** What a route handler of the App Router gets beside the request; `params` are the dynamic parts of its path. */
interface RouteContext<P = Readonly<Record<string, string | string[] | undefined>>> {
  readonly params: Promise<P>;
}

/**
 * A route handler that runs only for a token the guard allows and gets the principal beside `params`. Throws ConfigError
 * here and now when the guard cannot work. `R` is the request as the handler names it, `P` its `params`.
 */
export function protectRoute<
  T extends Principal,
  R extends Request = Request,
  P = Readonly<Record<string, string | string[] | undefined>>,
>(
  auth: Fullmakt,
  guard: Guard<T>,
  handler: (request: R, context: RouteContext<P> & { readonly principal: T }) => Response | Promise<Response>,
  options: AdapterOptions = {},
): (request: R, context: RouteContext<P>) => Promise<Response> {
  checkMounted(auth, guard, options);
  checkHandler(handler);
  return async (request, context) => {
    const outcome = await authenticateOnce(request, { headers: request.headers }, { auth, guard });
    if (outcome.ok) return await handler(request, { ...context, principal: outcome.principal });
    const { status, headers, body } = refuse(outcome.error, options);
    return new Response(body, { status, headers });
  };
}

/**
 * Who called, in a server component: `await principalFrom(auth, guard, await headers())`. Rejects with AuthError when the
 * request is refused, with ConfigError when the guard cannot work.
 */
export async function principalFrom<T extends Principal>(
  auth: Fullmakt,
  guard: Guard<T>,
  headers: RequestLike['headers'],
): Promise<T> {
  checkMounted(auth, guard, {});
  const outcome = await auth.authenticate({ headers }, guard);
  if (!outcome.ok) throw outcome.error;
  return outcome.principal;
}
