import { randomUUID } from 'node:crypto';
import { errorResponse } from '../oauth/errors.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { AuditUnavailable } from '../observe/audit.ts';
import { describeFix } from '../registry/fix.ts';
import type { Snapshot } from '../registry/model.ts';
import { json } from '../web/http.ts';
import type { Handle, HttpRequest, HttpResponse } from '../web/http.ts';
import { BodyAborted } from '../web/request.ts';
import { extendActors } from './act.ts';
import { audienceSettings } from './audience-settings.ts';
import { authenticateClient } from './authenticate.ts';
import { buildClaims } from './claims.ts';
import type { Principal } from './client-authentication.ts';
import type { ExchangeContext } from './context.ts';
import { allowed, asRefusal, denied, issuedFacts, outcomeOf, startFacts, subjectFacts } from './decision-record.ts';
import type { Facts } from './decision-record.ts';
import type { DecisionEvent } from './events.ts';
import { refuse, situationOf } from './errors.ts';
import { readExchangeParameters, readGrantType } from './exchange-parameters.ts';
import { signToken } from './sign.ts';
import { verifySubjectToken } from './subject-token.ts';
import { checkSubjectIssuer, decideScope, decideTarget, refuseTarget } from './target.ts';
import type { Edge } from './target.ts';
import { countIgnored, readTokenForm } from './token-form.ts';

/** POST /token: token exchange (RFC 8693). Every answer, yes or no, is on record before it leaves. */
export function createTokenEndpoint(context: ExchangeContext): Handle {
  return async (request) => {
    const facts = startFacts(context.registry.snapshot().version);
    try {
      const leave = context.limits.enter();
      try {
        const response = await exchange(context, request, facts);
        record(context, allowed(facts, request));
        return response;
      } finally {
        leave();
      }
    } catch (error) {
      // Nobody is left to answer.
      if (error instanceof BodyAborted) throw error;
      return refusal(context, request, { facts, error: asRefusal(error) });
    }
  };
}

async function exchange(context: ExchangeContext, request: HttpRequest, facts: Facts): Promise<HttpResponse> {
  const { config, issuers, keys, emit } = context;
  const form = await readTokenForm(request);
  if (countIgnored(form) > 0) emit({ event: 'exchange.ignored_parameters', count: countIgnored(form) });
  context.limits.admitSource(request.remoteAddress);
  refuseStale(context);
  facts.admitted = true;
  facts.grant = readGrantType(form);
  const snapshot = context.registry.snapshot();
  facts.version = snapshot.version;

  const caller = await authenticateClient(context, request, { form, snapshot, facts });
  const asked = readExchangeParameters(form);
  const { target } = asked;
  const edge = authoriseEdge(caller, target, { snapshot, facts });

  const settings = audienceSettings(snapshot.clientOf(target, 'tokenx'), config);
  const [now, { skewSeconds, subjectTokenTypes }] = [context.now(), config];
  const subjectRules = { issuers, caller: caller.clientId, snapshot, settings, skewSeconds, subjectTokenTypes, now };
  const subject = await verifySubjectToken(asked.subjectToken, asked.subjectTokenType, subjectRules);
  Object.assign(facts, subjectFacts(subject, context.pseudonym));
  checkSubjectIssuer(edge, subject);
  recheckEdge(context, caller, target, { snapshot, facts });

  const actor = extendActors(caller.clientId, subject, config.issuer);
  const scope = decideScope({ edge, subject, requested: asked.scope, target, settings, snapshot });
  const parts = { issuer: config.issuer, target, caller: caller.clientId, subject, actor, settings, now };
  const claims = buildClaims({ ...parts, scope: scope.granted, jti: randomUUID() });
  const key = keys.signer(settings.alg);
  const token = await signToken(claims, settings.typ, key);
  Object.assign(facts, issuedFacts(claims, key.kid, { actor, scope }));
  return tokenResponse({ token, type: asked.issuedTokenType, seconds: claims.exp - now, scope: scope.shown });
}

/** Step 12: a refusal keeps the change that would have allowed it. */
function authoriseEdge(
  caller: Principal,
  target: string,
  { snapshot, facts }: { readonly snapshot: Snapshot; readonly facts: Facts },
): Edge {
  const decision = decideTarget(target, caller, snapshot);
  if (snapshot.app(target) !== undefined) facts.target = target;
  if (decision.allow) {
    facts.rules = decision.rules.map(({ file, line }) => `${file}:${line}`);
    return decision;
  }
  if (decision.fix !== undefined) facts.fix = describeFix(decision.fix);
  throw refuseTarget(decision.reason, target, caller.clientId);
}

/** Waiting for a store or an issuer takes time: what was taken back meanwhile gives no token. */
function recheckEdge(
  { registry }: ExchangeContext,
  caller: Principal,
  target: string,
  { snapshot, facts }: { readonly snapshot: Snapshot; readonly facts: Facts },
): void {
  const newest = registry.snapshot();
  if (newest === snapshot) return;
  facts.version = newest.version;
  authoriseEdge(caller, target, { snapshot: newest, facts });
}

/** Old rules serve nobody for long. */
function refuseStale({ registry, config }: ExchangeContext): void {
  if (registry.ageSeconds() <= config.registryStaleLimitSeconds) return;
  throw refuse('registry-stale', 'it cannot be told now whether the rules are still the ones in force');
}

/** RFC 8693 2.2.1; `seconds` is what is left of the token. */
function tokenResponse(answer: {
  readonly token: string;
  readonly type: string;
  readonly seconds: number;
  readonly scope: string | undefined;
}): HttpResponse {
  const body = {
    access_token: answer.token,
    issued_token_type: answer.type,
    token_type: 'Bearer',
    expires_in: Math.floor(answer.seconds),
    ...(answer.scope === undefined ? {} : { scope: answer.scope }),
  };
  return json(200, body, { 'Cache-Control': 'no-store', Pragma: 'no-cache' });
}

/** Records a decision. Throws `audit-unavailable`: what is not on record does not happen. */
function record({ emit }: ExchangeContext, event: DecisionEvent): void {
  try {
    emit(event);
    if (event.decision === 'allow')
      emit({ event: 'exchange.edge', client_id: event.caller ?? '', audience: event.target ?? '' });
  } catch (cause) {
    if (!(cause instanceof AuditUnavailable)) throw cause;
    throw refuse('audit-unavailable', 'decisions cannot be recorded now, so none is made', { cause });
  }
}

/** The answer for a refusal; those before anyone claims to be a client are summed, all others are decisions. */
function refusal(
  context: ExchangeContext,
  request: HttpRequest,
  { facts, error }: { readonly facts: Facts; readonly error: OAuthError },
): HttpResponse {
  const reason = situationOf(error);
  if (isFailedAuthentication(facts, error)) context.limits.failed(request.remoteAddress, facts.claimed_client);
  if (facts.admitted || reason === 'internal')
    return errorAnswer(recorded(context, denied(facts, request, error), error));
  const { remoteAddress: src, correlationId: cid } = request;
  context.emit({ event: 'exchange.turned_away', grant: 'unread', outcome: outcomeOf(error), reason, src, cid });
  context.turnedAway.add(src, reason);
  return errorAnswer(error);
}

/** A wrong answer to who calls and what for, not a limit or an outage. */
function isFailedAuthentication({ admitted, caller }: Facts, { status }: OAuthError): boolean {
  return admitted && caller === undefined && (status === 400 || status === 401);
}

/** The refusal itself, or that it could not be recorded. */
function recorded(context: ExchangeContext, event: DecisionEvent, error: OAuthError): OAuthError {
  if (situationOf(error) === 'audit-unavailable') return error;
  try {
    record(context, event);
    return error;
  } catch (unrecorded) {
    return asRefusal(unrecorded);
  }
}

function errorAnswer(error: OAuthError): HttpResponse {
  return errorResponse(error, { fm_reason: situationOf(error) });
}
