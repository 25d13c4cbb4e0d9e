import type { Handle, HttpRequest } from '../web/http.ts';
import { BodyAborted } from '../web/read-whole.ts';
import { verifyActor } from './subject/actor.ts';
import { admit } from './request/admission.ts';
import { AUTHENTICATION, LEGACY_CLAIM, LEGACY_PROOF } from './client/authenticate.ts';
import { chooseScope } from './issue/choose-scope.ts';
import type { ExchangeContext } from './context.ts';
import { allowed, asRefusal, startFacts } from './record/decision-record.ts';
import { readParameters, requireAudience } from './request/exchange-parameters.ts';
import { checkGrantAllowed, readGrant } from './request/grant.ts';
import { issueToken } from './issue/issue.ts';
import { record, refusal } from './record/recorded.ts';
import { left, takeSteps } from './request/steps.ts';
import type { Step } from './request/steps.ts';
import { checkNotRevoked, checkSubjectIssuer, verifySubject } from './subject/subject.ts';
import { authoriseAgain, authoriseTarget } from './issue/target.ts';
import { readTokenForm } from './request/token-form.ts';
import { startRequest } from './request/token-request.ts';
import type { TokenRequest } from './request/token-request.ts';

/** From the parameters to the token: the same in both orders. */
const GIVING: readonly Step<TokenRequest>[] = [
  authoriseTarget,
  verifySubject,
  verifyActor,
  authoriseAgain,
  checkSubjectIssuer,
  checkNotRevoked,
  chooseScope,
  issueToken,
];

/**
 * The way of a token request, for both grants. What costs least comes first; nothing unproven reaches a rule, and nobody who may
 * not have a token makes us fetch anything.
 */
const DEFAULT_ORDER: readonly Step<TokenRequest>[] = [
  admit,
  readGrant,
  ...AUTHENTICATION,
  checkGrantAllowed,
  readParameters,
  ...GIVING,
];

/** The order in which a tokendings server finds faults: whoever makes several is told the one it was always told. */
const LEGACY_ORDER: readonly Step<TokenRequest>[] = [
  admit,
  ...LEGACY_CLAIM,
  requireAudience,
  ...LEGACY_PROOF,
  readGrant,
  checkGrantAllowed,
  readParameters,
  ...GIVING,
];

/** POST /token: token exchange (RFC 8693), client credentials (RFC 6749 4.4). Every answer, yes or no, is on record before it leaves. */
export function createTokenEndpoint(context: ExchangeContext): Handle {
  const steps = context.config.errors === 'tokendings' ? LEGACY_ORDER : DEFAULT_ORDER;
  return async (request: HttpRequest) => {
    const facts = startFacts(context.registry.snapshot().version);
    try {
      const form = await readTokenForm(request);
      // Only now: a body that never comes must not take the place of one that is there.
      const leave = context.limits.enter();
      try {
        const state = startRequest(context, request, { form, facts });
        await takeSteps(steps, state);
        await record(context, allowed(facts, request));
        return left(state.response);
      } finally {
        leave();
      }
    } catch (error) {
      // Nobody is left to answer.
      if (error instanceof BodyAborted) throw error;
      return await refusal(context, request, { facts, error: asRefusal(error) });
    }
  };
}
