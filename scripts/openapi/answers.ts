import { GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { object, ref, text } from './schema.ts';
import type { Part } from './schema.ts';

const URI: Part = { type: 'string', format: 'uri' };
const NONE: Part = { type: 'array', items: { const: 'none' } };

const TOKEN: Part = {
  access_token: text('The token.'),
  token_type: { const: 'Bearer' },
  expires_in: { type: 'integer', minimum: 0, description: 'Whole seconds that are left of it.' },
};

/** Schemas of answers, but for those of probes. */
export const ANSWERS: Part = {
  Token: object(TOKEN),
  ExchangedToken: object({ ...TOKEN, issued_token_type: { const: TOKEN_TYPE.accessToken } }),
  Verdict: { oneOf: [ref('GoodToken'), ref('BadToken')] },
  GoodToken: object({ active: { const: true } }, { open: true }),
  BadToken: object({ active: { const: false }, error: text('Why it is not good.') }),
  Introspection: { oneOf: [ref('ActiveToken'), ref('InactiveToken')] },
  ActiveToken: object(
    {
      active: { const: true },
      token_type: text('As the token has it, else Bearer.'),
      client_id: text('As the token has it, else azp.'),
      scope: text('As the token has it, else scp.'),
    },
    { required: ['active', 'token_type'], open: true },
  ),
  InactiveToken: object({ active: { const: false } }),
  Metadata: object(
    {
      issuer: URI,
      token_endpoint: { ...URI, description: 'Where the provider serves any grant.' },
      token_endpoint_auth_methods_supported: NONE,
      introspection_endpoint: URI,
      introspection_endpoint_auth_methods_supported: NONE,
      grant_types_supported: { type: 'array', items: { enum: [GRANT.clientCredentials, GRANT.tokenExchange] } },
      response_types_supported: { type: 'array', items: { type: 'string' }, maxItems: 0 },
    },
    {
      required: [
        'issuer',
        'token_endpoint_auth_methods_supported',
        'introspection_endpoint',
        'introspection_endpoint_auth_methods_supported',
        'grant_types_supported',
        'response_types_supported',
      ],
    },
  ),
  Error: object({
    error: text('The code; of a refusal by a provider its own, known or not.'),
    error_description: text('Words for people; empty where a provider gave none.'),
  }),
  OAuthError: object(
    {
      error: text('The code (RFC 6749 5.2); of a refusal by a provider its own.'),
      error_description: text('Words for people.'),
    },
    { required: ['error'] },
  ),
};
