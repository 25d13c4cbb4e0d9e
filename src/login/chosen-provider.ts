/** Which of several providers a request is about. */
import type { LoginContext, OwnRequest } from './context.ts';
import { findTicket } from './cookies.ts';
import { queryValue } from './query.ts';
import { demandsOf } from './step-up.ts';

/** The provider that `?provider=` names; one that is none of ours counts as not named. */
export function namedProvider({ siblings }: LoginContext, request: OwnRequest): LoginContext | undefined {
  const name = queryValue(request, 'provider');
  return name === undefined ? undefined : siblings.named(name);
}

/** Where a login goes: to the named provider, else that of the rule for its target, else the default. */
export function providerOfLogin(context: LoginContext, request: OwnRequest, target: string): LoginContext {
  const { siblings } = context;
  const { provider } = demandsOf(context, request.ingress, target);
  return namedProvider(context, request) ?? siblings.named(provider ?? '') ?? siblings.first;
}

/** Whose session is meant: the named provider's, else the default's, else the only one this browser has. */
export function providerOfSession(context: LoginContext, request: OwnRequest): LoginContext {
  const { first, all } = context.siblings;
  const named = namedProvider(context, request);
  if (named !== undefined || all.length === 1) return named ?? first;
  const holding = all.filter((at) => findTicket(at, request).kind === 'ticket');
  const [only] = holding;
  return only !== undefined && holding.length === 1 ? only : first;
}
