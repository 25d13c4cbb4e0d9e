import { GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { object, text } from './schema.ts';
import type { Part } from './schema.ts';

const SCOPE = 'Entra ID: a scope, or cluster:namespace:app. Maskinporten: scopes, separated by spaces.';

/** Schemas of forms under /oauth2. `false` stands where a parameter is refused; others are ignored, those of clients too. */
export const OAUTH_REQUESTS: Part = {
  ClientCredentialsRequest: object(
    {
      grant_type: { const: GRANT.clientCredentials },
      scope: text(SCOPE),
      resource: text('Maskinporten only: what the token shall be for (RFC 8707).'),
      authorization_details: text('Maskinporten only (RFC 9396): a JSON list of objects.'),
    },
    { required: ['grant_type', 'scope'], open: true },
  ),
  TokenExchangeRequest: object(
    {
      grant_type: { const: GRANT.tokenExchange },
      subject_token: text('The token of the user.'),
      subject_token_type: text('What it is; both are the same here.', {
        enum: [TOKEN_TYPE.jwt, TOKEN_TYPE.accessToken],
      }),
      requested_token_type: { const: TOKEN_TYPE.accessToken },
      audience: text('TokenX only, and required there: cluster:namespace:app.'),
      scope: text('Entra ID only, and required there: a scope, or cluster:namespace:app.'),
      actor_token: false,
      actor_token_type: false,
      resource: false,
    },
    { required: ['grant_type', 'subject_token', 'subject_token_type'], open: true },
  ),
  IntrospectionRequest: object(
    { token: text('The JWT to judge.'), token_type_hint: text('Is not looked at.') },
    { required: ['token'], open: true },
  ),
};
