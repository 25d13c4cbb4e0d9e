import type { Snapshot } from '../registry/model.ts';
import type { Form } from '../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import type { AudienceSettings } from './audience-settings.ts';
import type { AuthenticationAttempt } from './authenticate.ts';
import type { Asked } from './exchange-parameters.ts';
import type { ScopeAnswer } from './choose-scope.ts';
import type { Edge } from './target.ts';
import type { VerifiedSubjectToken } from './subject-token.ts';
import type { ExchangeContext } from './context.ts';
import type { Facts } from './decision-record.ts';
import type { GrantName } from './grant.ts';

/**
 * One token request on its way. A step reads what the steps before it put here and adds its own; nothing in it was judged
 * before the step that judges it, and only `caller` and what comes after it may reach policy.
 */
export interface TokenRequest extends AuthenticationAttempt {
  grant?: GrantName;
  asked?: Asked;
  target?: Target;
  subject?: VerifiedSubjectToken;
  scope?: ScopeAnswer;
  response?: HttpResponse;
}

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
