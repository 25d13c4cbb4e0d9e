import * as z from 'zod';
import { parseAppId } from '../../registry/app-id.ts';
import { json } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import type { ExchangeContext } from '../context.ts';
import { refuse } from '../errors.ts';
import { explain } from './explanation.ts';
import type { ExplainQuestion } from './explanation.ts';
import { grantOfType } from '../request/grant.ts';
import { createOperatorEndpoint, readJsonBody } from './operator-endpoint.ts';
import type { OperatorRequest } from './operator-endpoint.ts';
import { OperatorRefused } from './operator-authentication.ts';
import { mayTouch } from './operators.ts';
import type { Operator } from './operators.ts';

const MAX_CHARACTERS = 1024;

const text = z.string().min(1).max(MAX_CHARACTERS);
const schema = z.strictObject({
  caller: text,
  target: text,
  subjectIssuer: text.optional(),
  scope: text.optional(),
  grant: text.optional(),
});

/** POST /explain: what the token endpoint would decide and why, without a token. */
export function createExplainEndpoint(context: ExchangeContext): Route['handle'] {
  return createOperatorEndpoint(context, { right: 'explain', action: 'explain', handle: answer });
}

async function answer({ context, request, operator, about }: OperatorRequest): Promise<HttpResponse> {
  const question = readQuestion(await readJsonBody(request));
  about(question.target);
  if (![question.caller, question.target].some((app) => isWithin(operator, app))) {
    throw new OperatorRefused(403, 'client-out-of-reach', operator.name);
  }
  const { config, issuers, registry } = context;
  const explanation = explain(question, { config, issuers, snapshot: registry.snapshot() });
  return json(200, explanation, { 'Cache-Control': 'no-store' });
}

function readQuestion(body: unknown): ExplainQuestion {
  const result = schema.safeParse(body);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw refuse('body-malformed', `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not as expected'}`);
  }
  const { grant: named = 'token-exchange', ...question } = result.data;
  const grant = named === 'token-exchange' ? named : grantOfType(named);
  if (grant === undefined) throw refuse('body-malformed', 'grant: token-exchange or client_credentials');
  return { ...question, grant };
}

function isWithin(operator: Operator, app: string): boolean {
  const id = parseAppId(app);
  return id !== undefined && mayTouch(operator, id);
}
