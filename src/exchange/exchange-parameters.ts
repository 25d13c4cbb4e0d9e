import { TOKEN_TYPE } from '../oauth/client-assertion.ts';
import type { Form } from '../web/forms.ts';
import { readClientCredentialsParameters } from './client-credentials.ts';
import type { AskedForItself } from './client-credentials.ts';
import { refuse } from './errors.ts';
import { requireParameter } from './token-form.ts';
import { left } from './steps.ts';
import type { TokenRequest } from './token-request.ts';

/** What is asked for; nothing of it is judged yet. */
export type Asked = AskedForUser | AskedForItself;

/** A token for the user of another token (RFC 8693 2.1). */
interface AskedForUser {
  readonly grant: 'token-exchange';
  readonly subjectToken: string;
  readonly subjectTokenType: string;
  readonly actor: AskedActor | undefined;
  readonly audience: string | undefined;
  readonly resource: string | undefined;
  readonly scope: string | undefined;
  readonly issuedTokenType: string;
}

/** The token of who acts, and its type. */
interface AskedActor {
  readonly token: string;
  readonly type: string;
}

/** Step 11: the parameters of the grant. */
export function readParameters(state: TokenRequest): void {
  const read = left(state.grant) === 'token-exchange' ? readExchangeParameters : readClientCredentialsParameters;
  state.asked = read(state.form);
}

function readExchangeParameters(form: Form): AskedForUser {
  const subjectToken = requireParameter(form, 'subject_token');
  const subjectTokenType = requireParameter(form, 'subject_token_type');
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
