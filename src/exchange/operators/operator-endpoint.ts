import { OAuthError } from '../../oauth/errors.ts';
import { StrictJsonError, parseStrictJson } from '../../oauth/strict-json.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import { BodyTooLarge } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { BodyAborted } from '../../web/read-whole.ts';
import type { Route } from '../../web/router.ts';
import { AnsweredRefusal } from './answered-refusal.ts';
import type { ExchangeContext } from '../context.ts';
import { checkFresh } from '../request/admission.ts';
import { asRefusal, originOf, outcomeOf } from '../record/decision-record.ts';
import { refuse, situationOf } from '../errors.ts';
import type { ErrorProfile } from '../errors.ts';
import { OperatorRefused, authenticateOperator, operatorRefusal } from './operator-authentication.ts';
import type { Operator } from './operators.ts';
import type { OperatorRight } from './operator-settings.ts';

/** A request of an operator who has proven who it is and has the right. */
export interface OperatorRequest {
  readonly context: ExchangeContext;
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly operator: Operator;
  /** Says on the record what the request is about. */
  readonly about: (on: string) => void;
}

/** What an operator may ask for. */
export interface OperatorAction {
  readonly right: OperatorRight;
  /** On the record. */
  readonly action: string;
  readonly handle: (asked: OperatorRequest) => Promise<HttpResponse>;
}

type Outcome = 'done' | ReturnType<typeof outcomeOf>;

const BODY_BYTES = 64 * 1024;

/** The handler of an operator's endpoint: bearer token, right, and a record of what was done or refused. */
export function createOperatorEndpoint(
  context: ExchangeContext,
  { right, action, handle }: OperatorAction,
): Route['handle'] {
  return async (request, params) => {
    let name: string | undefined;
    let on: string | undefined;
    const put = async (outcome: Outcome, reason: string): Promise<void> => {
      if (name === undefined) return;
      const about = on === undefined ? {} : { on };
      await recordAction(context, { operator: name, action, ...about, outcome, reason, ...originOf(request) });
    };
    try {
      const operator = await authenticateOperator(context, request, right);
      ({ name } = operator);
      checkFresh(context);
      const about = (what: string): void => {
        on = what;
      };
      const response = await handle({ context, request, params, operator, about });
      await put('done', 'done');
      return response;
    } catch (error) {
      // Nobody is left to answer.
      if (error instanceof BodyAborted) throw error;
      if (error instanceof OperatorRefused) name ??= error.operator;
      return await refused(error, put, context.config.errors);
    }
  };
}

/** The body as strict JSON, at most 64 KiB. Throws `too-large` and `body-malformed`. */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  try {
    return parseStrictJson(await request.body(BODY_BYTES));
  } catch (error) {
    if (error instanceof BodyTooLarge) throw refuse('too-large', 'the body is over 64 KiB');
    if (error instanceof StrictJsonError) throw refuse('body-malformed', 'the body is not well-formed JSON');
    throw error;
  }
}

async function refused(
  error: unknown,
  put: (outcome: Outcome, reason: string) => Promise<void>,
  profile: ErrorProfile,
): Promise<HttpResponse> {
  const known = error instanceof OperatorRefused || error instanceof AnsweredRefusal ? error : asRefusal(error);
  const answer = known instanceof AnsweredRefusal ? known.answer : operatorRefusal(known, profile);
  const [outcome, reason] =
    known instanceof OAuthError ? [outcomeOf(known), situationOf(known)] : (['refused', known.message] as const);
  if (reason === 'audit-unavailable') return answer;
  try {
    await put(outcome, reason);
    return answer;
  } catch (unrecorded) {
    return operatorRefusal(asRefusal(unrecorded), profile);
  }
}

async function recordAction(
  { record }: ExchangeContext,
  event: Omit<Extract<Parameters<ExchangeContext['record']>[0], { event: 'exchange.administered' }>, 'event'>,
): Promise<void> {
  try {
    await record({ event: 'exchange.administered', ...event });
  } catch (cause) {
    if (!(cause instanceof AuditUnavailable)) throw cause;
    throw refuse('audit-unavailable', 'what is done cannot be recorded now', { cause });
  }
}
