import type { PersonaKey } from '../keys/keys.ts';
import { thumbprint } from '../keys/keys.ts';

/** What the documents of the local Entra ID are made of. `tenant` is a GUID, or the literal `{tenantid}` for `common`. */
export interface EntraAddress {
  readonly origin: string;
  readonly graphOrigin: string;
  readonly tenant: string;
  /** As the path has it: GUID, domain, `common`, `organizations`. */
  readonly segment: string;
}

const CLAIMS = [
  'sub',
  'iss',
  'cloud_instance_name',
  'cloud_instance_host_name',
  'cloud_graph_host_name',
  'msgraph_host',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'acr',
  'nonce',
  'preferred_username',
  'name',
  'tid',
  'ver',
  'at_hash',
  'c_hash',
  'email',
];

/** Metadata of one tenant, or of `common` with its literal `{tenantid}`: present and absent fields as at the real service. */
export function entraMetadata({
  origin,
  graphOrigin,
  tenant,
  segment,
}: EntraAddress): Readonly<Record<string, unknown>> {
  const shared = tenant === '{tenantid}';
  const base = `${origin}/${shared ? segment : tenant}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${origin}/${tenant}/v2.0`,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${graphOrigin}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: CLAIMS,
    kerberos_endpoint: `${base}/kerberos`,
    tenant_region_scope: shared ? null : 'EU',
    cloud_instance_name: new URL(origin).host,
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: new URL(graphOrigin).host,
    rbac_url: 'https://pas.windows.net',
  };
}

/** A published key as Entra has it: named by its certificate, without `alg`, with its issuer. */
export function publishForEntra(key: PersonaKey, issuer: string): Readonly<Record<string, unknown>> {
  const { n, e } = key.signing.publicJwk;
  const x5t = thumbprint(key.certificate);
  return { kty: 'RSA', use: 'sig', kid: key.signing.kid, x5t, n, e, x5c: [key.certificate], issuer };
}

/** Instance discovery: this origin is the whole cloud. */
export function entraInstance(origin: string, tenant: string): Readonly<Record<string, unknown>> {
  const { host } = new URL(origin);
  return {
    tenant_discovery_endpoint: `${origin}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
