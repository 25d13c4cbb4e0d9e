/** Settings of one provider and our client there: a table for each provider. */
import type { Algorithm } from '../../oauth/algorithms.ts';
import { ALL_ALGORITHMS } from '../../oauth/algorithms.ts';
import type { ProviderKindName } from '../../providers/kinds.ts';
import type { SettingsTable } from '../../settings.ts';
import { boolean, list, oneOf, text, url } from '../../settings.ts';
import type { Names } from './kinds.ts';
import { custom, named, same } from './kinds.ts';

/** Settings of one provider and our client there. */
export interface ClientSettings {
  readonly openidClientId?: string;
  readonly openidClientJwk?: string;
  readonly openidClientSecret?: string;
  readonly openidWellKnownUrl?: string;
  readonly openidIssuer?: string;
  readonly openidJwksUri?: string;
  readonly openidTokenEndpoint?: string;
  readonly openidTenants: readonly string[];
  readonly openidAcrValues?: string;
  readonly openidUiLocales?: string;
  readonly openidScopes: readonly string[];
  readonly openidResourceIndicator?: string;
  readonly openidPostLogoutRedirectUri?: string;
  readonly openidClientAuthMethod: 'auto' | 'client_secret_basic' | 'client_secret_post';
  readonly openidNewClientAuthJwtType: boolean;
  readonly openidJwksFallbackAlg: Algorithm;
  readonly openidAudiences: readonly string[];
  readonly openidDomainHint?: string;
  readonly openidUserinfo: boolean;
}

/** What a table is made for. */
export interface ClientGroup {
  /** What its names begin with: `openid` is the first provider, `provider.<name>` any other. */
  readonly prefix: string;
  /** Whose platform variables are read. */
  readonly kinds: readonly ProviderKindName[];
}

type Alias = 'id' | 'jwk' | 'secret' | 'wellKnown' | 'issuer' | 'jwksUri' | 'tokenEndpoint' | 'audience';

/** Names that the platform gives the client of one kind of provider. */
const CLIENT_ALIASES: Readonly<Record<ProviderKindName, { readonly [name in Alias]?: readonly string[] }>> = {
  idporten: {
    id: ['IDPORTEN_CLIENT_ID'],
    jwk: ['IDPORTEN_CLIENT_JWK'],
    wellKnown: ['IDPORTEN_WELL_KNOWN_URL'],
    issuer: ['IDPORTEN_ISSUER'],
    jwksUri: ['IDPORTEN_JWKS_URI'],
    tokenEndpoint: ['IDPORTEN_TOKEN_ENDPOINT'],
    audience: ['IDPORTEN_AUDIENCE'],
  },
  entra: {
    id: ['AZURE_APP_CLIENT_ID'],
    jwk: ['AZURE_APP_JWK'],
    secret: ['AZURE_APP_CLIENT_SECRET'],
    wellKnown: ['AZURE_APP_WELL_KNOWN_URL'],
    issuer: ['AZURE_OPENID_CONFIG_ISSUER'],
    jwksUri: ['AZURE_OPENID_CONFIG_JWKS_URI'],
    tokenEndpoint: ['AZURE_OPENID_CONFIG_TOKEN_ENDPOINT'],
  },
  openid: {},
};

/** A URL, or a path of the ingress. */
function parsePlace(value: string): string {
  const isPath = /^\/(?![/\\])[!-~]*$/.test(value);
  const { protocol = '', username = '', password = '' } = URL.parse(value) ?? {};
  if (!isPath && !(/^https?:\/\/[!-~]+$/.test(value) && protocol !== '' && username + password === ''))
    throw new Error('a URL such as https://example.com/out, without user, or a path');
  return value;
}

/** The rows of one provider. Wonderwall's variables speak of the first one only. */
export function clientTable({ prefix, kinds }: ClientGroup): SettingsTable<ClientSettings> {
  const aliases = (name: Alias): readonly string[] => kinds.flatMap((kind) => CLIENT_ALIASES[kind][name] ?? []);
  const own = (key: string, ...more: readonly string[]): Names => named(`${prefix}.${key}`, ...more);
  const shared = (key: string, ...more: readonly string[]): Names =>
    prefix === 'openid' ? same(`openid.${key}`, ...more) : own(key, ...more);
  return {
    openidClientId: text({
      ...shared('client-id', ...aliases('id')),
      optional: true,
      shownDefault: 'required',
      says: 'Client id at the provider.',
    }),
    openidClientJwk: text({
      ...shared('client-jwk', ...aliases('jwk')),
      optional: true,
      secret: true,
      says: 'Private key of the client as a JWK with kid; wins over the secret.',
    }),
    openidClientSecret: text({
      ...shared('client-secret', ...aliases('secret')),
      optional: true,
      secret: true,
      says: 'Secret of the client.',
    }),
    openidWellKnownUrl: url({
      ...shared('well-known-url', ...aliases('wellKnown')),
      optional: true,
      shownDefault: 'required',
      says: 'Metadata of the provider.',
    }),
    openidIssuer: text({
      ...own('issuer', ...aliases('issuer')),
      optional: true,
      shownDefault: 'the well-known URL without its end',
      says: 'Issuer that the metadata has to name, byte for byte.',
    }),
    openidJwksUri: url({
      ...own('jwks-uri', ...aliases('jwksUri')),
      optional: true,
      shownDefault: 'from metadata',
      says: 'Keys of the provider.',
    }),
    openidTokenEndpoint: url({
      ...own('token-endpoint', ...aliases('tokenEndpoint')),
      optional: true,
      shownDefault: 'from metadata',
      says: 'Token endpoint of the provider.',
    }),
    openidTenants: list({
      ...own('tenants'),
      fallback: [],
      says: 'Tenants (GUIDs) whose people may sign in when the metadata is that of common or organizations.',
    }),
    openidAcrValues: text({
      ...shared('acr-values'),
      optional: true,
      shownDefault: 'idporten: idporten-loa-high',
      says: 'Level asked for, and required of every session.',
    }),
    openidUiLocales: text({
      ...shared('ui-locales'),
      optional: true,
      shownDefault: 'idporten: nb',
      says: 'Language of the sign-in page.',
    }),
    openidScopes: custom({
      ...shared('scopes'),
      kind: 'list',
      fallback: [],
      says: 'Scopes asked for besides those of the kind.',
      parse: (value) => value.split(/[\s,]+/).filter((one) => one !== ''),
    }),
    openidResourceIndicator: text({
      ...shared('resource-indicator', ...aliases('audience')),
      optional: true,
      says: 'Audience the access token is asked for (RFC 8707).',
    }),
    openidPostLogoutRedirectUri: custom({
      ...shared('post-logout-redirect-uri'),
      kind: 'URL or path',
      optional: true,
      says: 'Where people end after logout when nothing else was asked for.',
      parse: parsePlace,
    }),
    openidClientAuthMethod: oneOf(['auto', 'client_secret_basic', 'client_secret_post'])({
      ...own('client-auth-method'),
      fallback: 'auto',
      says: 'How a secret is sent; auto asks the metadata.',
    }),
    openidNewClientAuthJwtType: boolean({
      ...shared('new-client-auth-jwt-type'),
      fallback: false,
      says: 'Whether client assertions have the type client-authentication+jwt.',
    }),
    openidJwksFallbackAlg: oneOf(ALL_ALGORITHMS)({
      ...shared('jwks-fallback-alg'),
      fallback: 'RS256',
      says: 'Algorithm of those keys of the provider that name none.',
    }),
    openidAudiences: list({
      ...shared('audiences'),
      fallback: [],
      says: 'Audiences an ID token may have besides the client id.',
    }),
    openidDomainHint: text({
      ...shared('domain-hint'),
      optional: true,
      says: 'domain_hint sent with every login.',
    }),
    openidUserinfo: boolean({
      ...own('userinfo'),
      fallback: false,
      says: 'Whether UserInfo has to confirm the user at login.',
    }),
  };
}
