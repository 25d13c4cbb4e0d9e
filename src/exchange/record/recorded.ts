import { errorResponse } from '../../oauth/errors.ts';
import type { OAuthError } from '../../oauth/errors.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { ExchangeContext } from '../context.ts';
import { asRefusal, denied, originOf, outcomeOf } from './decision-record.ts';
import type { Facts } from './decision-record.ts';
import type { DecisionEvent } from './events.ts';
import { inProfile, refuse, situationOf } from '../errors.ts';
import type { ErrorProfile } from '../errors.ts';

/** Records a decision. Throws `audit-unavailable`: what is not on record does not happen. */
export async function record({ emit, record: put }: ExchangeContext, event: DecisionEvent): Promise<void> {
  try {
    const startedAt = performance.now();
    await put(event);
    emit({ event: 'exchange.audit', ms: performance.now() - startedAt });
    if (event.outcome === 'issued')
      emit({ event: 'exchange.edge', client_id: event.caller ?? '', audience: event.target ?? '' });
  } catch (cause) {
    if (!(cause instanceof AuditUnavailable)) throw cause;
    throw refuse('audit-unavailable', 'decisions cannot be recorded now, so none is made', { cause });
  }
}

/** The answer for a refusal; those before anyone claims to be a client are summed, all others are decisions. */
export async function refusal(
  context: ExchangeContext,
  request: HttpRequest,
  { facts, error }: { readonly facts: Facts; readonly error: OAuthError },
): Promise<HttpResponse> {
  const reason = situationOf(error);
  if (isFailedAuthentication(facts, error)) context.limits.failed(request.remoteAddress, facts.claimed_client);
  if (facts.admitted || reason === 'internal')
    return errorAnswer(await recorded(context, denied(facts, request, error), error), context.config.errors);
  const origin = originOf(request);
  context.emit({ event: 'exchange.turned_away', grant: 'unread', outcome: outcomeOf(error), reason, ...origin });
  context.turnedAway.add(origin.src, reason);
  return errorAnswer(error, context.config.errors);
}

/** A wrong answer to who calls and what for, not a limit or an outage. */
function isFailedAuthentication({ admitted, caller }: Facts, { status }: OAuthError): boolean {
  return admitted && caller === undefined && (status === 400 || status === 401);
}

/** The refusal itself, or that it could not be recorded. */
async function recorded(context: ExchangeContext, event: DecisionEvent, error: OAuthError): Promise<OAuthError> {
  if (situationOf(error) === 'audit-unavailable') return error;
  try {
    await record(context, event);
    return error;
  } catch (unrecorded) {
    return asRefusal(unrecorded);
  }
}

/** Clients of a tokendings server were never told our names of situations. */
function errorAnswer(error: OAuthError, profile: ErrorProfile): HttpResponse {
  if (profile === 'tokendings') return errorResponse(inProfile(error, profile));
  return errorResponse(error, { fm_reason: situationOf(error) });
}
