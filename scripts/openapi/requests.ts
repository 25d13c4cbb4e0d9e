import { requestSchemas, text } from './schema.ts';
import type { Field, Part } from './schema.ts';

const SKIP_CACHE: Field = {
  json: { type: 'boolean', default: false, description: 'Forgets the token that is kept, and fetches another.' },
  form: text('Forgets the token that is kept, and fetches another.', { enum: ['true', 'false'] }),
  optional: true,
};
const DETAILS = 'Maskinporten only (RFC 9396): a list of objects, or a text that holds one. In forms always a text.';
const OBJECTS: Part = { type: 'array', items: { type: 'object' } };

function provider(names: readonly string[], more: string): Field {
  return { json: text(`Who issues the token. ${more}`, { enum: names }) };
}

const TOKEN = requestSchemas({
  identity_provider: provider(['entra_id', 'azuread', 'maskinporten'], 'azuread is another name of entra_id.'),
  target: { json: text('Entra ID: a scope, or cluster:namespace:app. Maskinporten: scopes, separated by spaces.') },
  resource: { json: text('Maskinporten only: what the token shall be for (RFC 8707).'), optional: true },
  authorization_details: {
    json: { anyOf: [OBJECTS, { type: 'string' }], description: DETAILS },
    form: text(DETAILS),
    optional: true,
  },
  skip_cache: SKIP_CACHE,
});

const EXCHANGE = requestSchemas({
  identity_provider: provider(['entra_id', 'azuread', 'tokenx'], 'azuread is another name of entra_id.'),
  target: { json: text('Entra ID: a scope, or cluster:namespace:app. TokenX: the audience, cluster:namespace:app.') },
  user_token: { json: text('The token of the user, without the word Bearer.') },
  skip_cache: SKIP_CACHE,
});

const INTROSPECT = requestSchemas({
  identity_provider: {
    json: text('entra_id (or azuread), tokenx, idporten, maskinporten, or the name of an issuer in FULLMAKT_ISSUERS.'),
  },
  token: { json: text('The JWT to judge.') },
});

/** Schemas of requests under /api/v1, in both encodings. */
export const REQUESTS: Part = {
  TokenRequest: TOKEN.json,
  TokenRequestForm: TOKEN.form,
  ExchangeRequest: EXCHANGE.json,
  ExchangeRequestForm: EXCHANGE.form,
  IntrospectRequest: INTROSPECT.json,
  IntrospectRequestForm: INTROSPECT.form,
};
