import type { PersonaKey } from '../keys/keys.ts';
import { IDPORTEN_METADATA_EXTRA } from '../unconfirmed.ts';

const ACR_VALUES = [
  'idporten-loa-low',
  'idporten-loa-substantial',
  'idporten-loa-high',
  'eidas-loa-low',
  'eidas-loa-substantial',
  'eidas-loa-high',
  'selfregistered-email',
];

/** Metadata of ID-porten (OpenID Connect Discovery 3): exactly the fields of the real service, origins swapped. */
export function idportenMetadata(issuer: string, loginOrigin: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    authorization_endpoint: `${loginOrigin}/authorize`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    introspection_endpoint: `${issuer}/token/introspect`,
    revocation_endpoint: `${issuer}/token/revoke`,
    end_session_endpoint: `${loginOrigin}/logout`,
    jwks_uri: `${issuer}/jwks.json`,
    scopes_supported: ['openid', 'profile'],
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    response_modes_supported: ['query', 'form_post', 'query.jwt', 'form_post.jwt'],
    acr_values_supported: ACR_VALUES,
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none', 'private_key_jwt'],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['consent', 'login', 'none'],
    ui_locales_supported: ['en', 'nb', 'nn', 'se'],
    display_values_supported: ['page'],
    authorization_response_iss_parameter_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
    ...IDPORTEN_METADATA_EXTRA,
  };
}

/** A published key with `alg` and `x5c`, as ID-porten and Maskinporten have them. */
export function publishWithAlg({ signing, certificate }: PersonaKey): Readonly<Record<string, unknown>> {
  const { n, e } = signing.publicJwk;
  return { kty: 'RSA', use: 'sig', alg: signing.alg, kid: signing.kid, n, e, x5c: [certificate] };
}
