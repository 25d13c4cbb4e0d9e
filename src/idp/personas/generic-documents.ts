import { GRANT } from '../../oauth/client-assertion.ts';
import type { PersonaKey } from '../keys/keys.ts';
import { SCOPE_CLAIMS } from '../people/standard-claims.ts';
import { PROMPTS } from './generic-settings.ts';
import type { GenericSettings } from './generic-settings.ts';

type Document = Readonly<Record<string, unknown>>;

/** Claims of ID tokens and UserInfo that no scope asks for. */
const OWN_CLAIMS = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'amr', 'sid'];

/** Metadata of a generic persona as an OAuth server (RFC 8414 2): what it does, all of it and nothing else. */
export function oauthMetadata(settings: GenericSettings, issuer: string): Document {
  const people = settings.grantTypes.includes(GRANT.authorizationCode);
  const secretOrKey = settings.authMethods.filter((method) => method !== 'none');
  const withKey = settings.authMethods.includes('private_key_jwt');
  const algorithms = withKey ? settings.assertionAlgorithms : undefined;
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: people ? ['code'] : [],
    grant_types_supported: settings.grantTypes,
    token_endpoint_auth_methods_supported: settings.authMethods,
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint_auth_methods_supported: secretOrKey,
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: settings.authMethods,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    ...(people ? authorizationMetadata(settings, issuer) : {}),
  };
}

/** The same as an OpenID provider (OpenID Connect Discovery 3, RP-Initiated Logout 2.1, Front-Channel Logout 3, Back-Channel Logout 2.1). */
export function openidMetadata(settings: GenericSettings, issuer: string): Document {
  const { frontchannelLogout, backchannelLogout } = settings;
  const fromScopes = settings.scopes.flatMap((scope) => SCOPE_CLAIMS[scope] ?? []);
  return {
    ...oauthMetadata(settings, issuer),
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/logout`,
    subject_types_supported: [settings.subjects],
    id_token_signing_alg_values_supported: settings.signingAlgorithms,
    acr_values_supported: settings.acrs,
    claim_types_supported: ['normal'],
    claims_supported: [...OWN_CLAIMS, ...fromScopes],
    claims_parameter_supported: true,
    display_values_supported: ['page'],
    prompt_values_supported: PROMPTS,
    frontchannel_logout_supported: frontchannelLogout,
    frontchannel_logout_session_supported: frontchannelLogout,
    backchannel_logout_supported: backchannelLogout,
    backchannel_logout_session_supported: backchannelLogout,
  };
}

/** A published key with its `alg` (RFC 7517 4). */
export function publishKey({ signing }: PersonaKey): Document {
  const { kty, kid, alg, n, e, crv, x, y } = signing.publicJwk;
  return { kty, use: 'sig', alg, kid, n, e, crv, x, y };
}

function authorizationMetadata(settings: GenericSettings, issuer: string): Document {
  return {
    authorization_endpoint: `${issuer}/authorize`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    require_pushed_authorization_requests: settings.pushed === 'required',
    response_modes_supported: settings.responseModes,
    scopes_supported: settings.scopes,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ui_locales_supported: ['en', 'nb', 'nn', 'se'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}
