import { GRANT, TOKEN_TYPE } from '../oauth/client-assertion.ts';
import type { Form } from '../web/forms.ts';
import { refuse } from './errors.ts';
import { requireParameter } from './token-form.ts';

/** Step 3 (RFC 6749 4.5): a grant we know. Returns its name in records. */
export function readGrantType(form: Form): string {
  if (requireParameter(form, 'grant_type') !== GRANT.tokenExchange) {
    throw refuse('grant-type', `grant_type must be ${GRANT.tokenExchange}`);
  }
  return 'token-exchange';
}

/** What is asked for; nothing of it is judged yet. */
export interface ExchangeParameters {
  readonly subjectToken: string;
  readonly subjectTokenType: string;
  readonly target: string;
  readonly scope: string | undefined;
  readonly issuedTokenType: string;
}

/** Step 11 (RFC 8693 2.1): the parameters of a token exchange. */
export function readExchangeParameters(form: Form): ExchangeParameters {
  const subjectToken = requireParameter(form, 'subject_token');
  const subjectTokenType = requireParameter(form, 'subject_token_type');
  const target = requireParameter(form, 'audience');
  const issuedTokenType = form.get('requested_token_type') ?? TOKEN_TYPE.accessToken;
  if (issuedTokenType !== TOKEN_TYPE.accessToken && issuedTokenType !== TOKEN_TYPE.jwt) {
    throw refuse('requested-token-type', 'requested_token_type must be an access token or a JWT');
  }
  return { subjectToken, subjectTokenType, target, scope: form.get('scope'), issuedTokenType };
}
