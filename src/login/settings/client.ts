/** Settings of the provider and our client there. */
import type { LocalIssuers } from '../../oauth/local-issuers.ts';
import { parseLocalIssuers } from '../../oauth/local-issuers.ts';
import type { ProviderKindName } from '../../providers/kinds.ts';
import type { SettingsTable } from '../../settings.ts';
import { boolean, list, oneOf, text, url } from '../../settings.ts';
import { custom, named, same } from './kinds.ts';

/** Settings of the provider and our client there. */
export interface ClientSettings {
  readonly provider: ProviderKindName;
  readonly openidClientId: string;
  readonly openidClientJwk?: string;
  readonly openidClientSecret?: string;
  readonly openidWellKnownUrl: string;
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
  readonly openidAudiences: readonly string[];
  readonly openidDomainHint?: string;
  readonly openidUserinfo: boolean;
  readonly allowLocalProviders: LocalIssuers;
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

function parseProvider(value: string): ProviderKindName {
  if (value === 'idporten' || value === 'entra' || value === 'openid') return value;
  if (value === 'azure') return 'entra';
  throw new Error('idporten, entra (or azure) or openid');
}

/** The rows for these kinds of provider: only their platform variables are read. */
export function clientTable(kinds: readonly ProviderKindName[]): SettingsTable<ClientSettings> {
  const aliases = (name: Alias): readonly string[] => kinds.flatMap((kind) => CLIENT_ALIASES[kind][name] ?? []);
  return {
    provider: custom<ProviderKindName>({
      ...named('PROVIDER', 'WONDERWALL_OPENID_PROVIDER'),
      kind: 'idporten | entra | openid',
      fallback: 'openid',
      says: 'Kind of the OpenID provider.',
      parse: parseProvider,
    }),
    openidClientId: text({ ...same('OPENID_CLIENT_ID', ...aliases('id')), says: 'Client id at the provider.' }),
    openidClientJwk: text({
      ...same('OPENID_CLIENT_JWK', ...aliases('jwk')),
      optional: true,
      secret: true,
      says: 'Private key of the client as a JWK with kid; wins over the secret.',
    }),
    openidClientSecret: text({
      ...same('OPENID_CLIENT_SECRET', ...aliases('secret')),
      optional: true,
      secret: true,
      says: 'Secret of the client.',
    }),
    openidWellKnownUrl: url({
      ...same('OPENID_WELL_KNOWN_URL', ...aliases('wellKnown')),
      says: 'Metadata of the provider.',
    }),
    openidIssuer: text({
      ...named('OPENID_ISSUER', ...aliases('issuer')),
      optional: true,
      shownDefault: 'the well-known URL without its end',
      says: 'Issuer that the metadata has to name, byte for byte.',
    }),
    openidJwksUri: url({
      ...named('OPENID_JWKS_URI', ...aliases('jwksUri')),
      optional: true,
      shownDefault: 'from metadata',
      says: 'Keys of the provider.',
    }),
    openidTokenEndpoint: url({
      ...named('OPENID_TOKEN_ENDPOINT', ...aliases('tokenEndpoint')),
      optional: true,
      shownDefault: 'from metadata',
      says: 'Token endpoint of the provider.',
    }),
    openidTenants: list({
      ...named('OPENID_TENANTS'),
      fallback: [],
      says: 'Tenants (GUIDs) whose people may sign in when the metadata is that of common or organizations.',
    }),
    openidAcrValues: text({
      ...same('OPENID_ACR_VALUES'),
      optional: true,
      shownDefault: 'idporten: idporten-loa-high',
      says: 'Level asked for, and required of every session.',
    }),
    openidUiLocales: text({
      ...same('OPENID_UI_LOCALES'),
      optional: true,
      shownDefault: 'idporten: nb',
      says: 'Language of the sign-in page.',
    }),
    openidScopes: custom({
      ...same('OPENID_SCOPES'),
      kind: 'list',
      fallback: [],
      says: 'Scopes asked for besides those of the kind.',
      parse: (value) => value.split(/[\s,]+/).filter((one) => one !== ''),
    }),
    openidResourceIndicator: text({
      ...same('OPENID_RESOURCE_INDICATOR', ...aliases('audience')),
      optional: true,
      says: 'Audience the access token is asked for (RFC 8707).',
    }),
    openidPostLogoutRedirectUri: text({
      ...same('OPENID_POST_LOGOUT_REDIRECT_URI'),
      optional: true,
      says: 'Where people end after logout when nothing else was asked for.',
    }),
    openidClientAuthMethod: oneOf(['auto', 'client_secret_basic', 'client_secret_post'])({
      ...named('OPENID_CLIENT_AUTH_METHOD'),
      fallback: 'auto',
      says: 'How a secret is sent; auto asks the metadata.',
    }),
    openidNewClientAuthJwtType: boolean({
      ...same('OPENID_NEW_CLIENT_AUTH_JWT_TYPE'),
      fallback: false,
      says: 'Whether client assertions have the type client-authentication+jwt.',
    }),
    openidAudiences: list({
      ...same('OPENID_AUDIENCES'),
      fallback: [],
      says: 'Audiences an ID token may have besides the client id.',
    }),
    openidDomainHint: text({
      ...same('OPENID_DOMAIN_HINT'),
      optional: true,
      says: 'domain_hint sent with every login.',
    }),
    openidUserinfo: boolean({
      ...named('OPENID_USERINFO'),
      fallback: false,
      says: 'Whether UserInfo has to confirm the user at login.',
    }),
    allowLocalProviders: custom({
      ...named('ALLOW_LOCAL_PROVIDERS', 'FULLMAKT_ALLOW_LOCAL_PROVIDERS'),
      kind: 'true, false or host names',
      fallback: { allowed: false, hosts: [] },
      shownDefault: 'false',
      says: 'Whether providers on this machine may be used, also over http.',
      parse: parseLocalIssuers,
    }),
  };
}
