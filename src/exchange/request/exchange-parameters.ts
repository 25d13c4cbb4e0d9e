import { GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import type { Form } from '../../web/forms.ts';
import type { AskedActor, AskedForUser } from './asked.ts';
import { readClientCredentialsParameters } from '../issue/client-credentials.ts';
import { refuse } from '../errors.ts';
import { requireParameter } from './token-form.ts';
import { left } from './steps.ts';
import { describeTypes } from '../subject/subject-type.ts';
import type { TokenRequest } from './token-request.ts';

/** A target is named. A step of `tokendings` alone, which asks for it before it looks at the client. */
export function requireAudience({ form }: TokenRequest): void {
  const isOwn = form.get('grant_type') === GRANT.clientCredentials;
  if (!isOwn && !form.has('resource')) requireParameter(form, 'audience');
}

/** Step 11: the parameters of the grant. */
export function readParameters(state: TokenRequest): void {
  const { grant, form, context } = state;
  const { subjectTokenTypes } = context.config;
  state.asked =
    left(grant) === 'token-exchange'
      ? readExchangeParameters(form, subjectTokenTypes)
      : readClientCredentialsParameters(form);
}

function readExchangeParameters(form: Form, subjectTokenTypes: readonly string[]): AskedForUser {
  const subjectToken = requireParameter(form, 'subject_token');
  const subjectTokenType = form.get('subject_token_type');
  if (subjectTokenType === undefined) {
    throw refuse('parameter-missing', `subject_token_type is missing: ${describeTypes(subjectTokenTypes)}`);
  }
  const [audience, resource] = [form.get('audience'), form.get('resource')];
  if (audience === undefined && resource === undefined) {
    throw refuse('parameter-missing', 'audience is missing, or resource in its place');
  }
  const issuedTokenType = form.get('requested_token_type') ?? TOKEN_TYPE.accessToken;
  if (issuedTokenType !== TOKEN_TYPE.accessToken && issuedTokenType !== TOKEN_TYPE.jwt) {
    throw refuse('requested-token-type', 'requested_token_type must be an access token or a JWT');
  }
  const [actor, scope] = [readActor(form), form.get('scope')];
  return { grant: 'token-exchange', subjectToken, subjectTokenType, actor, audience, resource, scope, issuedTokenType };
}

/** Neither of the two means anything without the other. */
function readActor(form: Form): AskedActor | undefined {
  if (!form.has('actor_token') && !form.has('actor_token_type')) return undefined;
  return { token: requireParameter(form, 'actor_token'), type: requireParameter(form, 'actor_token_type') };
}
