import { subjectFacts } from './decision-record.ts';
import { refuse } from './errors.ts';
import { left } from './steps.ts';
import { verifySubjectToken } from './subject-token.ts';
import type { SubjectRules } from './subject-token.ts';
import type { TokenRequest } from './token-request.ts';

/** Step 13: whom the token will speak for. Client credentials speak for nobody but the caller. */
export async function verifySubject(state: TokenRequest): Promise<void> {
  const { context, snapshot, facts } = state;
  const [caller, asked] = [left(state.caller), left(state.asked)];
  if (asked.grant !== 'token-exchange') return;
  const { issuers, config } = context;
  const { skewSeconds, subjectTokenTypes } = config;
  const { settings } = left(state.target);
  const rules: SubjectRules = {
    issuers,
    caller: caller.clientId,
    ownIssuer: config.issuer,
    snapshot,
    settings,
    skewSeconds,
    subjectTokenTypes,
    now: context.now(),
  };
  const subject = await verifySubjectToken(asked.subjectToken, asked.subjectTokenType, rules);
  Object.assign(facts, subjectFacts(subject, context.pseudonym));
  state.subject = subject;
}

/** Step 13, by the newest rules: the issuer is one the target takes users from; our own token counts by who vouched for the user first. */
export function checkSubjectIssuer({ subject, target }: TokenRequest): void {
  if (subject === undefined) return;
  const { issuers } = left(target).edge;
  if (issuers !== undefined && !issuers.some((admitted) => subject.idpNames.includes(admitted))) {
    throw refuse('target-issuer', 'the target does not take users of this issuer');
  }
}
