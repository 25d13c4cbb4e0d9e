import { stringClaim } from '../../oauth/jwt.ts';
import { subjectFacts } from '../record/decision-record.ts';
import { refuse } from '../errors.ts';
import { isHonoured } from './own-token.ts';
import { isRevoked } from '../revocation/revoked.ts';
import { left } from '../request/steps.ts';
import { verifySubjectToken } from './subject-token.ts';
import type { SubjectRules } from './subject-token.ts';
import type { TokenRequest } from '../request/token-request.ts';

/** Step 13: whom the token will speak for. Client credentials speak for nobody but the caller. */
export async function verifySubject(state: TokenRequest): Promise<void> {
  const { context, facts } = state;
  const [caller, asked] = [left(state.caller), left(state.asked)];
  if (asked.grant !== 'token-exchange') return;
  const { issuers, config, registry } = context;
  const { skewSeconds, subjectTokenTypes } = config;
  const { settings } = left(state.target);
  const rules: SubjectRules = {
    issuers,
    caller: caller.clientId,
    ownIssuer: config.issuer,
    snapshot: () => registry.snapshot(),
    settings,
    skewSeconds,
    subjectTokenTypes,
    now: context.now(),
    profile: config.errors,
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

/**
 * Step 13, by the newest rules: the token was not taken back (RFC 7009 2), and one of our own still speaks to the caller, whose
 * rules may have changed since. It is judged as introspection judges it.
 */
export function checkNotRevoked({ context, subject, caller }: TokenRequest): void {
  if (subject === undefined) return;
  const snapshot = context.registry.snapshot();
  const { claims, idp, ownKid, issuer, sub } = subject;
  const good = issuer.own
    ? isHonoured(
        { claims, clientId: stringClaim(claims, 'client_id'), kid: ownKid },
        { audience: left(caller).clientId, snapshot, issuers: context.issuers, issuer: context.config.issuer },
      )
    : !isRevoked({ claims: { ...claims, sub }, idp, ownKid }, snapshot);
  if (!good) throw refuse('subject-revoked', 'subject token: it was taken back');
}
