/** Settings of single sign-on, of an outer proxy that asks, and of exchanged tokens. */
import type { SettingsTable } from '../../settings.ts';
import { boolean, oneOf, text, url } from '../../settings.ts';
import { custom, named, same } from './kinds.ts';

/** What the instance is for: beside one app, the server or a proxy of single sign-on, or asked by an outer proxy. */
export type Role = 'standalone' | 'sso-server' | 'sso-proxy' | 'forward-auth';

/** Which tokens a check answers with. */
export type ForwardAuthHeaders = 'none' | 'id-token' | 'access-token' | 'both';

/** Settings of single sign-on, of an outer proxy that asks, and of exchanged tokens. */
export interface SsoSettings {
  readonly role: Role;
  readonly ssoDomain?: string;
  readonly ssoSessionCookieName?: string;
  readonly ssoServerUrl?: string;
  readonly ssoServerDefaultRedirectUrl?: string;
  readonly forwardAuth?: boolean;
  readonly forwardAuthHeaders: ForwardAuthHeaders;
  readonly exchangeTokenxWellKnownUrl?: string;
  readonly exchangeTokenxClientId?: string;
  readonly exchangeTokenxClientJwk?: string;
}

function parseDomain(value: string): string {
  const domain = value.toLowerCase().replace(/^\./, '');
  if (!/^(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/.test(domain))
    throw new Error('a domain with a dot in it');
  return domain;
}

function parseCookieName(value: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(value)) throw new Error('letters, digits, dots, dashes and underscores');
  return value;
}

/** The rows of these settings. */
export const SSO_TABLE: SettingsTable<SsoSettings> = {
  role: oneOf(['standalone', 'sso-server', 'sso-proxy', 'forward-auth'])({
    ...named('role', 'WONDERWALL_SSO_MODE'),
    fallback: 'standalone',
    says: 'What this instance is for. WONDERWALL_SSO_MODE (server, proxy) counts with WONDERWALL_SSO_ENABLED; with WONDERWALL_SESSION_FORWARD_AUTH a server is forward-auth.',
  }),
  ssoDomain: custom({
    ...same('sso.domain'),
    kind: 'domain',
    optional: true,
    says: 'Domain whose hosts share the session.',
    parse: parseDomain,
  }),
  ssoSessionCookieName: custom({
    ...same('sso.session-cookie-name'),
    kind: 'text',
    optional: true,
    says: 'Exact name of the shared session cookie, the same for the server and every proxy.',
    parse: parseCookieName,
  }),
  ssoServerUrl: url({
    ...same('sso.server-url'),
    optional: true,
    says: 'Public URL of the server; what a proxy needs.',
  }),
  ssoServerDefaultRedirectUrl: url({
    ...same('sso.server-default-redirect-url'),
    optional: true,
    says: 'Where the server sends whoever has no target it allows.',
  }),
  forwardAuth: boolean({
    ...named('forward-auth', 'WONDERWALL_SESSION_FORWARD_AUTH'),
    optional: true,
    shownDefault: 'by role',
    says: 'Whether outer proxies may ask here who is signed in.',
  }),
  forwardAuthHeaders: oneOf(['none', 'id-token', 'access-token', 'both'])({
    ...named('forward-auth.headers', 'WONDERWALL_SESSION_FORWARD_AUTH_SET_HEADERS'),
    fallback: 'none',
    says: 'Tokens that a check answers with; true of the WONDERWALL_ name is id-token.',
  }),
  exchangeTokenxWellKnownUrl: url({
    ...named('exchange.tokenx.well-known-url', 'TOKEN_X_WELL_KNOWN_URL'),
    optional: true,
    says: 'Metadata of TokenX, where tokens for upstreams are exchanged.',
  }),
  exchangeTokenxClientId: text({
    ...named('exchange.tokenx.client-id', 'TOKEN_X_CLIENT_ID'),
    optional: true,
    says: 'Client id at TokenX.',
  }),
  exchangeTokenxClientJwk: text({
    ...named('exchange.tokenx.client-jwk', 'TOKEN_X_PRIVATE_JWK'),
    optional: true,
    secret: true,
    says: 'Private key of the client at TokenX as a JWK with kid.',
  }),
};
