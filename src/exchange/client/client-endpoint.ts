import type { Form } from '../../web/forms.ts';
import type { Handle, HttpRequest, HttpResponse } from '../../web/http.ts';
import { BodyAborted } from '../../web/read-whole.ts';
import { admitRequest } from '../request/admission.ts';
import { authenticateClient } from './authenticate.ts';
import type { Principal } from './client-authentication.ts';
import type { ExchangeContext } from '../context.ts';
import { answered, asRefusal, startFacts } from '../record/decision-record.ts';
import type { Facts } from '../record/decision-record.ts';
import type { Answered } from '../record/events.ts';
import { refuse } from '../errors.ts';
import { record, refusal } from '../record/recorded.ts';
import { readTokenForm, requireParameter } from '../request/token-form.ts';

/** A question about a token, from a client that has proven who it is. */
export interface TokenQuestion {
  readonly context: ExchangeContext;
  readonly caller: Principal;
  readonly token: string;
  readonly facts: Facts;
}

/** What a question is answered, and what the record says of it. */
export interface TokenAnswer {
  readonly response: HttpResponse;
  readonly reason: Answered;
}

/**
 * An endpoint at which a client asks about a token (RFC 7662 2.1, RFC 7009 2.1): form, limits, client authentication and
 * record as at the token endpoint.
 */
export function createClientEndpoint(
  context: ExchangeContext,
  name: 'introspect' | 'revoke',
  answer: (question: TokenQuestion) => Promise<TokenAnswer>,
): Handle {
  return async (request) => {
    const facts = startFacts(context.registry.snapshot().version);
    facts.grant = name;
    try {
      const form = await readTokenForm(request);
      const leave = context.limits.enter();
      try {
        const question = await ask(context, request, { form, facts });
        const { response, reason } = await answer(question);
        await record(context, answered(facts, request, reason));
        return response;
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

async function ask(
  context: ExchangeContext,
  request: HttpRequest,
  { form, facts }: { readonly form: Form; readonly facts: Facts },
): Promise<TokenQuestion> {
  if (request.query !== '') throw refuse('query-parameter', 'this endpoint takes nothing in the query string');
  admitRequest({ context, request, facts });
  const snapshot = context.registry.snapshot();
  const caller = await authenticateClient(context, request, { form, snapshot, facts });
  return { context, caller, token: requireParameter(form, 'token'), facts };
}
