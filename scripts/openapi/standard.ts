import { GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { answer, form, nothing, providerRefusals, refusals } from './operations.ts';
import { ref } from './schema.ts';
import type { Part } from './schema.ts';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl';
const EXCHANGE = { grant_type: GRANT.tokenExchange, subject_token: TOKEN };

const PROVIDER: Part = {
  name: 'provider',
  in: 'path',
  required: true,
  description: 'entra_id, tokenx, idporten, maskinporten, or the name of an issuer in FULLMAKT_ISSUERS.',
  schema: { type: 'string' },
};
const NO_PROVIDER: Part = { '404': nothing('There is no such provider.') };

const QUESTION: Part = form(ref('IntrospectionRequest'), {
  token: { token: TOKEN, token_type_hint: 'access_token' },
});
const VERDICTS: Part = { '200': answer('What is to be said of it.', 'Introspection'), ...refusals('OAuthError') };

/** The standard endpoints: each provider is an authorization server of its own. */
export const STANDARD: Part = {
  '/oauth2/{provider}/token': {
    parameters: [PROVIDER],
    post: {
      operationId: 'oauthToken',
      tags: ['standard'],
      summary: 'Client credentials (RFC 6749 4.4) and token exchange (RFC 8693)',
      requestBody: form(
        { oneOf: [ref('ClientCredentialsRequest'), ref('TokenExchangeRequest')] },
        {
          entra_id: { grant_type: GRANT.clientCredentials, scope: 'api://cluster.namespace.app/.default' },
          maskinporten: {
            grant_type: GRANT.clientCredentials,
            scope: 'prefix:data/read',
            resource: 'https://api.example',
            authorization_details: '[{"type":"urn:altinn:systemuser"}]',
          },
          tokenx: { ...EXCHANGE, subject_token_type: TOKEN_TYPE.jwt, audience: 'cluster:namespace:app' },
          entra_id_user: { ...EXCHANGE, subject_token_type: TOKEN_TYPE.accessToken, scope: 'cluster:namespace:app' },
        },
      ),
      responses: {
        '200': {
          ...answer('The token.', 'Token'),
          content: { 'application/json': { schema: { oneOf: [ref('Token'), ref('ExchangedToken')] } } },
        },
        ...refusals('OAuthError'),
        ...providerRefusals('OAuthError'),
        ...NO_PROVIDER,
      },
    },
  },
  '/oauth2/{provider}/introspect': {
    parameters: [PROVIDER],
    post: {
      operationId: 'oauthIntrospect',
      tags: ['standard'],
      summary: 'Introspection (RFC 7662) of a token of one provider',
      requestBody: QUESTION,
      responses: { ...VERDICTS, ...NO_PROVIDER },
    },
  },
  '/oauth2/introspect': {
    post: {
      operationId: 'oauthIntrospectAny',
      tags: ['standard'],
      summary: 'Introspection (RFC 7662) of a token of the provider that it names',
      requestBody: QUESTION,
      responses: VERDICTS,
    },
  },
  '/.well-known/oauth-authorization-server/oauth2/{provider}': {
    parameters: [PROVIDER],
    get: {
      operationId: 'oauthMetadata',
      tags: ['standard'],
      summary: 'A provider as an authorization server of this application (RFC 8414)',
      responses: {
        '200': answer('Its metadata.', 'Metadata'),
        '400': refusals('OAuthError')['400'],
        '403': refusals('OAuthError')['403'],
        '404': nothing('There is no such provider, it is off, or forms are refused here.'),
      },
    },
  },
};
