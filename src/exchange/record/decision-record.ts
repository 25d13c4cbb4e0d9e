import { OAuthError } from '../../oauth/errors.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import type { SourcePosition } from '../../registry/model.ts';
import type { HttpRequest } from '../../web/http.ts';
import { actorNames } from '../subject/act.ts';
import type { Actor } from '../subject/act.ts';
import { refuse, situationOf } from '../errors.ts';
import type { Answered, DecisionEvent } from './events.ts';
import type { Pseudonym } from './pseudonym.ts';
import type { ScopeAnswer } from '../issue/scope.ts';
import type { VerifiedSubjectToken } from '../subject/subject-token.ts';

type Known = Omit<
  DecisionEvent,
  'event' | 'decision' | 'outcome' | 'reason' | 'ms' | 'cid' | 'trace' | 'src' | 'description' | 'cause'
>;

/** What is known of a request so far; the endpoint fills it in between the steps, no step sees it. */
export type Facts = { -readonly [K in keyof Known]: Known[K] } & { admitted: boolean; readonly startedAt: number };

/** Nothing known yet. `startedAt` is on the monotonic clock, in milliseconds. */
export function startFacts(version: number): Facts {
  return { grant: 'unread', version, admitted: false, startedAt: performance.now() };
}

/** What the record says of a subject token: pseudonyms and its `jti`. */
export function subjectFacts(
  { claims, issuer, sub }: VerifiedSubjectToken,
  pseudonym: Pseudonym,
): Pick<Facts, 'issuer' | 'subject' | 'sid' | 'jtiIn'> {
  const [jti, sid] = [stringClaim(claims, 'jti'), stringClaim(claims, 'sid')];
  return {
    issuer: issuer.issuer,
    ...(sub === undefined ? {} : { subject: pseudonym(issuer.issuer, sub) }),
    ...(sid === undefined ? {} : { sid: pseudonym(issuer.issuer, sid) }),
    ...(jti === undefined ? {} : { jtiIn: jti }),
  };
}

/** What the record says of the token that was made. */
export function issuedFacts(
  claims: Claims,
  kid: string,
  {
    actor,
    scope,
    pseudonym,
  }: { readonly actor: Actor | undefined; readonly scope: ScopeAnswer; readonly pseudonym: Pseudonym },
): Pick<Facts, 'jtiOut' | 'kid' | 'act' | 'scopes'> {
  const scopes = scope.granted === undefined ? {} : { scopes: scope.granted };
  return {
    jtiOut: stringClaim(claims, 'jti') ?? '',
    kid,
    ...(actor && { act: actorNames(actor, pseudonym) }),
    ...scopes,
  };
}

/** The name of a rule: its app, and its place in the list of that app's inbound rules, the first is 0. */
export function ruleId(target: string, { path, file, line }: SourcePosition): string {
  const place = /\[(\d+)\]$/.exec(path)?.[1];
  return place === undefined ? `${file}:${line}` : `${target}#${place}`;
}

/** Where a request came from, and what ties it to the records of others. */
export function originOf(request: HttpRequest): Pick<DecisionEvent, 'cid' | 'trace' | 'src'> {
  const { correlationId: cid, traceId: trace, remoteAddress: src } = request;
  return { cid, ...(trace === undefined ? {} : { trace }), src };
}

/** The record of an issued token. */
export function allowed(facts: Facts, request: HttpRequest): DecisionEvent {
  return { ...common(facts, request), decision: 'allow', outcome: 'issued', reason: 'issued' };
}

/** The record of an answer about a token. */
export function answered(facts: Facts, request: HttpRequest, reason: Answered): DecisionEvent {
  const decision = reason === 'active' || reason === 'revoked' ? 'allow' : 'deny';
  return { ...common(facts, request), decision, outcome: 'answered', reason };
}

/** The record of a refusal. */
export function denied(facts: Facts, request: HttpRequest, error: OAuthError): DecisionEvent {
  const { description, cause } = error;
  const [outcome, reason] = [outcomeOf(error), situationOf(error)];
  return {
    ...common(facts, request),
    decision: 'deny',
    outcome,
    reason,
    description,
    ...(cause === undefined ? {} : { cause }),
  };
}

/** How a refusal is counted. */
export function outcomeOf({ status }: OAuthError): 'refused' | 'unavailable' | 'failed' {
  if (status === 500) return 'failed';
  return status === 503 ? 'unavailable' : 'refused';
}

/** Whatever was thrown, as what the caller is told: an outage of the registry or the audit log is no bug, and a bug shows nothing of itself. */
export function asRefusal(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof RegistryUnavailable)
    return refuse('registry-unavailable', 'the registry cannot be reached now', { cause: error });
  if (error instanceof AuditUnavailable)
    return refuse('audit-unavailable', 'what was done cannot be recorded now', { cause: error });
  return refuse('internal', 'something went wrong here', { cause: error });
}

function common(
  { startedAt, admitted: _admitted, ...facts }: Facts,
  request: HttpRequest,
): Omit<DecisionEvent, 'decision' | 'outcome' | 'reason'> {
  const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
  return { event: 'exchange', ...facts, ...originOf(request), ms };
}
