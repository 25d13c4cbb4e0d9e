import { GRANT } from '../../oauth/client-assertion.ts';
import type { PersonaKey } from '../keys.ts';
import type { GenericSettings } from './generic-settings.ts';

type Document = Readonly<Record<string, unknown>>;

/** Metadata of a generic persona as an OAuth server (RFC 8414 2): what it does, all of it and nothing else. */
export function oauthMetadata(settings: GenericSettings, issuer: string): Document {
  const userFacing = settings.grantTypes.includes(GRANT.authorizationCode);
  const authentication = {
    methods: settings.authMethods,
    algorithms: settings.authMethods.includes('private_key_jwt') ? settings.assertionAlgorithms : undefined,
  };
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    grant_types_supported: settings.grantTypes,
    token_endpoint_auth_methods_supported: authentication.methods,
    token_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    ...(userFacing ? authorizationMetadata(settings, issuer) : { response_types_supported: [] }),
  };
}

/** The same as an OpenID provider (OpenID Connect Discovery 3, RP-Initiated Logout 2.1, Front-Channel Logout 3, Back-Channel Logout 2.1). */
export function openidMetadata(settings: GenericSettings, issuer: string): Document {
  return {
    ...oauthMetadata(settings, issuer),
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/logout`,
    subject_types_supported: [settings.subjects],
    id_token_signing_alg_values_supported: settings.signingAlgorithms,
    claim_types_supported: ['normal'],
    display_values_supported: ['page'],
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
    response_types_supported: ['code'],
    response_modes_supported: settings.responseModes,
    scopes_supported: settings.scopes,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ui_locales_supported: ['en', 'nb'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}
