import { decide } from '../registry/decide.ts';
import type { Decision, DenyReason } from '../registry/decide.ts';
import { parseAppId } from '../registry/app-id.ts';
import type { AppId } from '../registry/app-id.ts';
import type { Snapshot } from '../registry/model.ts';
import { parseScope } from '../oauth/scope.ts';
import { OAuthError } from '../oauth/errors.ts';
import { stringListClaim } from '../oauth/jwt.ts';
import type { Claims } from '../oauth/jwt.ts';
import type { AudienceSettings } from './audience-settings.ts';
import type { Principal } from './client-authentication.ts';
import { refuse } from './errors.ts';
import { narrowScope } from './scope.ts';
import type { VerifiedSubjectToken } from './subject-token.ts';

/** The edge from caller to target, allowed: what its rules give. */
export type Edge = Extract<Decision, { readonly allow: true }>;

/** Step 12: the audience is an app id, and a rule of that app lets the caller in. A value, so that a refusal keeps its fix. */
export function decideTarget(audience: string, caller: Principal, snapshot: Snapshot): Decision {
  return decide({ consumer: caller.clientId, target: audience, provider: 'tokenx', flow: 'exchange' }, snapshot);
}

/** The refusal of a denied edge. Only ids we know or that the caller proved are repeated. */
export function refuseTarget(reason: DenyReason, audience: string, caller: AppId): OAuthError {
  const target = parseAppId(audience) ?? 'the audience';
  switch (reason) {
    case 'target-unknown':
      return refuse(reason, 'audience is not the id of an application here');
    case 'target-disabled':
      return refuse(reason, `${target} is disabled`);
    case 'target-provider-off':
      return refuse(reason, `${target} does not take tokens of this server: it has not turned TokenX on`);
    case 'wildcard-network-only':
      return refuse(reason, `${target} names ${caller} by a wildcard only, which opens the network alone`);
    case 'consumer-unknown':
    case 'consumer-disabled':
    case 'consumer-provider-off':
      return refuse('client-auth-failed', 'client authentication failed', { cause: reason });
    case 'no-rule':
    case 'user-not-in-groups':
    default:
      return refuse('no-rule', `${target} has no inbound rule for ${caller}`);
  }
}

/** The verified issuer is one the target takes users from; our own token counts by who vouched for the user first. */
export function checkSubjectIssuer(edge: Edge, { idpNames }: VerifiedSubjectToken): void {
  if (edge.issuers !== undefined && !edge.issuers.some((admitted) => idpNames.includes(admitted))) {
    throw refuse('target-issuer', 'the target does not take users of this issuer');
  }
}

/** The scopes of one answer. */
export interface ScopeAnswer {
  /** Of the token; undefined = it carries no `scope`. */
  readonly granted: readonly string[] | undefined;
  /** `scope` of the response. */
  readonly shown: string | undefined;
}

/** Step 14: the scopes of the new token. */
export function decideScope(question: {
  readonly edge: Edge;
  readonly subject: VerifiedSubjectToken;
  readonly requested: string | undefined;
  readonly target: string;
  readonly settings: AudienceSettings;
  readonly snapshot: Snapshot;
}): ScopeAnswer {
  const { edge, subject, requested, settings, snapshot } = question;
  if (settings.scope === 'echo') return { granted: undefined, shown: requested };
  const granted = narrowScope({
    granted: edge.scopes,
    limit: settings.limitScopeBySubject && subject.issuer.rules.scopeLimit ? scopesOf(subject.claims) : undefined,
    requested: requested === undefined ? undefined : parseRequestedScope(requested),
    declared: new Set(snapshot.grantsFor(question.target).flatMap((grant) => grant.scopes)),
  });
  return { granted, shown: granted?.join(' ') };
}

/** Absent = no limit; present in a form that cannot be read = nothing is left. */
function scopesOf(claims: Claims): readonly string[] | undefined {
  if (!Object.hasOwn(claims, 'scope')) return undefined;
  const lists = stringListClaim(claims, 'scope') ?? [];
  return lists.flatMap((list) => list.split(' ')).filter((each) => each !== '');
}

function parseRequestedScope(text: string): readonly string[] {
  try {
    return parseScope(text);
  } catch (cause) {
    if (cause instanceof OAuthError) throw refuse('scope-unknown', 'scope is malformed', { cause });
    throw cause;
  }
}
