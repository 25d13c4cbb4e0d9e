import { answer, jsonOrForm, providerRefusals, refusals } from './operations.ts';
import type { Part } from './schema.ts';

const USER_TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl';
const OTHER: Part = { default: answer('The provider refused with this status.', 'Error') };

/** The paths under /api/v1. */
export const API: Part = {
  '/api/v1/token': {
    post: {
      operationId: 'token',
      tags: ['api'],
      summary: 'A token for the application itself',
      requestBody: jsonOrForm('TokenRequest', {
        entra_id: { identity_provider: 'entra_id', target: 'api://cluster.namespace.app/.default' },
        maskinporten: {
          identity_provider: 'maskinporten',
          target: 'prefix:data/read',
          resource: 'https://api.example',
          authorization_details: [{ type: 'urn:altinn:systemuser' }],
          skip_cache: true,
        },
      }),
      responses: { '200': answer('The token.', 'Token'), ...refusals('Error'), ...providerRefusals('Error'), ...OTHER },
    },
  },
  '/api/v1/token/exchange': {
    post: {
      operationId: 'exchange',
      tags: ['api'],
      summary: 'A token on behalf of a user',
      requestBody: jsonOrForm('ExchangeRequest', {
        tokenx: { identity_provider: 'tokenx', target: 'cluster:namespace:app', user_token: USER_TOKEN },
        entra_id: {
          identity_provider: 'entra_id',
          target: 'cluster:namespace:app',
          user_token: USER_TOKEN,
          skip_cache: true,
        },
      }),
      responses: { '200': answer('The token.', 'Token'), ...refusals('Error'), ...providerRefusals('Error'), ...OTHER },
    },
  },
  '/api/v1/introspect': {
    post: {
      operationId: 'introspect',
      tags: ['api'],
      summary: 'Whether a token is good for this application',
      requestBody: jsonOrForm('IntrospectRequest', { tokenx: { identity_provider: 'tokenx', token: USER_TOKEN } }),
      responses: {
        '200': answer('What is to be said of it.', 'Verdict'),
        ...refusals('Error'),
        '500': answer('There are no keys to judge it by.', 'Error'),
      },
    },
  },
};
