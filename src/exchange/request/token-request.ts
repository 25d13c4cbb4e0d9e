import type { Decision } from '../../registry/decision.ts';
import type { Snapshot, TokenxGrant } from '../../registry/model.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { AudienceSettings } from '../issue/audience-settings.ts';
import type { Asked } from './asked.ts';
import type { AssertionClaims } from '../client/assertion-claims.ts';
import type { Candidate, ClaimedAssertion, Principal } from '../client/client-authentication.ts';
import type { ScopeAnswer } from '../issue/scope.ts';
import type { VerifiedSubjectToken } from '../subject/subject-token.ts';
import type { ExchangeContext } from '../context.ts';
import type { Facts } from '../record/decision-record.ts';

/** The authentication of one request: each step adds what it found. Only `caller` is proven. */
export interface AuthenticationAttempt {
  readonly context: ExchangeContext;
  readonly request: HttpRequest;
  readonly form: Form;
  readonly facts: Facts;
  /** The rules the request is judged by; a step that waited takes the newest. */
  snapshot: Snapshot;
  presented?: string;
  assertion?: ClaimedAssertion;
  candidate?: Candidate;
  claims?: AssertionClaims;
  verified?: Principal;
  caller?: Principal;
}

/**
 * One token request on its way. A step reads what the steps before it put here and adds its own; nothing in it was judged
 * before the step that judges it, and only `caller` and what comes after it may reach policy.
 */
export interface TokenRequest extends AuthenticationAttempt {
  grant?: TokenxGrant;
  asked?: Asked;
  target?: Target;
  subject?: VerifiedSubjectToken;
  scope?: ScopeAnswer;
  response?: HttpResponse;
}

/** The edge from caller to target, allowed: what its rules give. */
export type Edge = Extract<Decision, { readonly allow: true }>;

/** The application the token is for, and what its rules and its manifest say of this caller. */
export interface Target {
  readonly app: string;
  readonly edge: Edge;
  readonly settings: AudienceSettings;
}

/** The beginning: a form that was read, and the rules as they are now. */
export function startRequest(
  context: ExchangeContext,
  request: HttpRequest,
  { form, facts }: { readonly form: Form; readonly facts: Facts },
): TokenRequest {
  const snapshot: Snapshot = context.registry.snapshot();
  return { context, request, form, facts, snapshot };
}
