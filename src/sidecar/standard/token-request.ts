import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { invalidRequest, invalidScope, invalidTarget, OAuthError } from '../../oauth/errors.ts';
import { parseScope } from '../../oauth/scope.ts';
import type { Form } from '../../web/forms.ts';
import { authorizationDetails, Undecodable } from '../wire/fields.ts';
import type { ExchangeRequest, TokenRequest } from '../wire/requests.ts';
import { requiredParameter } from './oauth-form.ts';

/** What a machine token is asked for (RFC 6749 4.4.2, RFC 8707, RFC 9396). Throws OAuthError. */
export function parseClientCredentials(form: Form, provider: string): TokenRequest {
  const target = requiredScope(form);
  const resource = form.get('resource');
  const details = optionalDetails(form);
  if (provider !== 'maskinporten') {
    if (resource !== undefined) throw invalidTarget(`${provider} knows no resource, only scope`);
    if (details !== undefined) throw invalidDetails(`${provider} knows no authorization_details`);
  }
  return { provider, target, resource, authorizationDetails: details, skipCache: false };
}

/** What a user token is exchanged for (RFC 8693 2.1). Throws OAuthError. */
export function parseTokenExchange(form: Form, provider: string): ExchangeRequest {
  const userToken = requiredParameter(form, 'subject_token');
  const type = requiredParameter(form, 'subject_token_type');
  if (type !== TOKEN_TYPE.jwt && type !== TOKEN_TYPE.accessToken) {
    throw invalidRequest('subject_token_type has to be a JWT or an access token');
  }
  for (const name of ['actor_token', 'actor_token_type']) {
    if (form.has(name)) throw invalidRequest(`${name} is not supported`);
  }
  if ((form.get('requested_token_type') ?? TOKEN_TYPE.accessToken) !== TOKEN_TYPE.accessToken) {
    throw invalidRequest('requested_token_type has to be an access token');
  }
  return { provider, target: exchangeTarget(form, provider), userToken, skipCache: false };
}

/** One provider names its targets by audience, the others by scope; what else narrows a token would be lost, and is refused. */
function exchangeTarget(form: Form, provider: string): string {
  if (form.has('resource')) throw invalidTarget(`resource is not supported in exchanges at ${provider}`);
  if (provider !== 'tokenx') {
    if (form.has('audience')) throw invalidTarget(`${provider} knows no audience, only scope`);
    return requiredScope(form);
  }
  if (form.has('scope')) throw invalidScope(`${provider} knows no scope here, only audience`);
  const audience = form.get('audience');
  if (audience === undefined) throw invalidTarget('the parameter audience is missing');
  return audience;
}

/** The scope as it was sent (RFC 6749 3.3): which targets it means is for the provider to say. */
function requiredScope(form: Form): string {
  const scope = form.get('scope');
  if (scope === undefined || parseScope(scope).length === 0) throw invalidScope('the parameter scope is missing');
  return scope;
}

function optionalDetails(form: Form): readonly unknown[] | undefined {
  if (!form.has('authorization_details')) return undefined;
  try {
    return authorizationDetails({ encoding: 'form', values: form.values });
  } catch (error) {
    if (error instanceof Undecodable) throw invalidDetails(error.message);
    throw error;
  }
}

/** 400 `invalid_authorization_details` (RFC 9396 5). */
function invalidDetails(description: string): OAuthError {
  return new OAuthError('invalid_authorization_details', description, { status: 400 });
}
