/** The settings of the login proxy, as the environment names them. */
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import { parseLocalIssuers } from '../oauth/local-issuers.ts';
import { HOUR, MINUTE } from '../oauth/time.ts';
import type { ProviderKindName } from '../providers/kinds.ts';
import type { Address, Setting, SettingsTable } from '../settings.ts';
import { boolean, integer, json, list, oneOf, seconds, text, url } from '../settings.ts';
import type { Ingress } from './ingress.ts';
import { parseIngress } from './ingress.ts';
import type { Laxness } from './path.ts';
import { LAXNESSES } from './path.ts';
import type { RuleSetting } from './rules.ts';
import { parseRules } from './rules-setting.ts';
import { parseAddressOrNone, parseSessionKeys, parseStore, wordsFrom } from './setting-kinds.ts';
import type { StoreSetting } from './setting-kinds.ts';

/** Unsafe compatibility, each logged at every start. */
export type Compat = 'authorization-passthrough' | 'any-host' | 'unguarded-get' | 'wonderwall';

const COMPATS: readonly Compat[] = ['authorization-passthrough', 'any-host', 'unguarded-get', 'wonderwall'];

/** The settings as they are read. */
export interface LoginSettings {
  readonly role: 'standalone';
  readonly ingress: readonly Ingress[];
  readonly bindAddress: Address | undefined;
  readonly metricsBindAddress: Address | undefined;
  readonly upstream: string;
  readonly autoLogin: boolean;
  readonly autoLoginIgnorePaths: readonly string[];
  readonly provider: ProviderKindName;
  readonly openidClientId: string;
  readonly openidClientJwk?: string;
  readonly openidClientSecret?: string;
  readonly openidWellKnownUrl: string;
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
  readonly sessionKeys: readonly Buffer[];
  readonly store: StoreSetting;
  readonly sessionMaxLifetime: number;
  readonly sessionInactivity: boolean;
  readonly sessionInactivityTimeout: number;
  readonly sessionOnTokenExpiry: 'end' | 'keep';
  readonly trustedProxies: readonly string[];
  readonly allowLocalProviders: LocalIssuers;
  readonly rules: readonly RuleSetting[];
  readonly logLevel: string;
  readonly logFormat: 'json' | 'text';
  readonly cookiePrefix: string;
  readonly cookieSecure: boolean;
  readonly serviceHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly pathAllow: readonly Laxness[];
  readonly logoutMethod: 'auto' | 'GET' | 'POST';
  readonly logoutRevoke: boolean;
  readonly upstreamIdToken: boolean;
  readonly ratelimitEnabled: boolean;
  readonly ratelimitLogins: number;
  readonly ratelimitWindow: number;
  readonly compat: readonly Compat[];
}

/** The names one setting goes by: ours, Wonderwall's of the same name, and others. */
function named(
  name: string,
  ...aliases: readonly string[]
): { readonly env: string; readonly aliases: readonly string[] } {
  return { env: `FULLMAKT_LOGIN_${name}`, aliases };
}

function same(
  name: string,
  ...aliases: readonly string[]
): { readonly env: string; readonly aliases: readonly string[] } {
  return named(name, `WONDERWALL_${name}`, ...aliases);
}

function custom<T>(setting: Setting<T>): Setting<T> {
  return setting;
}

/** Names that the platform gives the client of one kind of provider. */
const CLIENT_ALIASES: Readonly<
  Record<ProviderKindName, Readonly<Record<'id' | 'jwk' | 'wellKnown' | 'audience', readonly string[]>>>
> = {
  idporten: {
    id: ['IDPORTEN_CLIENT_ID'],
    jwk: ['IDPORTEN_CLIENT_JWK'],
    wellKnown: ['IDPORTEN_WELL_KNOWN_URL'],
    audience: ['IDPORTEN_AUDIENCE'],
  },
  entra: { id: ['AZURE_APP_CLIENT_ID'], jwk: ['AZURE_APP_JWK'], wellKnown: ['AZURE_APP_WELL_KNOWN_URL'], audience: [] },
  openid: { id: [], jwk: [], wellKnown: [], audience: [] },
};

/** The table of one kind of provider: only that kind's platform variables are read. */
export function settingsOf(kinds: readonly ProviderKindName[]): SettingsTable<LoginSettings> {
  const aliases = (name: 'id' | 'jwk' | 'wellKnown' | 'audience'): readonly string[] =>
    kinds.flatMap((kind) => CLIENT_ALIASES[kind][name]);
  return { ...listening(), ...client(aliases), ...sessions(), ...safety() };
}

type Part<K extends keyof LoginSettings> = SettingsTable<Pick<LoginSettings, K>>;

function listening(): Part<
  | 'role'
  | 'ingress'
  | 'bindAddress'
  | 'metricsBindAddress'
  | 'upstream'
  | 'autoLogin'
  | 'autoLoginIgnorePaths'
  | 'rules'
  | 'logLevel'
  | 'logFormat'
  | 'trustedProxies'
  | 'serviceHosts'
  | 'upstreamIdToken'
> {
  return {
    role: oneOf(['standalone'])({
      ...named('ROLE'),
      fallback: 'standalone',
      says: 'What the instance is: a login proxy beside one application.',
    }),
    ingress: custom({
      ...same('INGRESS'),
      kind: 'list of URLs',
      says: 'Public URLs under which browsers reach the application.',
      parse: (value) => value.split(',').map((one) => parseIngress(one.trim())),
    }),
    bindAddress: custom<Address | undefined>({
      ...same('BIND_ADDRESS'),
      kind: 'host:port',
      fallback: { host: '127.0.0.1', port: 3000 },
      shownDefault: '127.0.0.1:3000',
      says: 'Where the proxy listens.',
      parse: parseAddressOrNone,
    }),
    metricsBindAddress: custom<Address | undefined>({
      ...same('METRICS_BIND_ADDRESS'),
      kind: 'host:port or none',
      fallback: { host: '127.0.0.1', port: 3001 },
      shownDefault: '127.0.0.1:3001',
      says: 'Where metrics and health checks listen; none = nowhere.',
      parse: parseAddressOrNone,
    }),
    upstream: url({ ...named('UPSTREAM'), fallback: 'http://127.0.0.1:8080', says: 'The application.' }),
    autoLogin: boolean({
      ...same('AUTO_LOGIN'),
      fallback: false,
      says: 'Whether login is demanded on every path no rule speaks of.',
    }),
    autoLoginIgnorePaths: list({
      ...same('AUTO_LOGIN_IGNORE_PATHS'),
      fallback: [],
      says: 'Path patterns that never demand login.',
    }),
    rules: json(parseRules)({
      ...named('RULES'),
      fallback: [],
      says: 'Ordered rules {path, methods, hosts, login, authorization, preflight}; the first that fits decides.',
    }),
    logLevel: text({ ...same('LOG_LEVEL'), fallback: 'info', says: 'Least level that is logged.' }),
    logFormat: oneOf(['json', 'text'])({ ...same('LOG_FORMAT'), fallback: 'json', says: 'Form of log lines.' }),
    trustedProxies: list({
      ...named('TRUSTED_PROXIES'),
      fallback: [],
      says: 'Addresses and ranges whose X-Forwarded headers are believed.',
    }),
    serviceHosts: list({
      ...named('SERVICE_HOSTS'),
      fallback: [],
      says: 'Further hosts that reach the application without sessions.',
    }),
    upstreamIdToken: boolean({
      ...named('UPSTREAM_ID_TOKEN', 'WONDERWALL_UPSTREAM_INCLUDE_ID_TOKEN'),
      fallback: false,
      says: 'Whether the ID token is sent to the application as X-Wonderwall-Id-Token.',
    }),
  };
}

function client(
  aliases: (name: 'id' | 'jwk' | 'wellKnown' | 'audience') => readonly string[],
): Part<
  | 'provider'
  | 'openidClientId'
  | 'openidClientJwk'
  | 'openidClientSecret'
  | 'openidWellKnownUrl'
  | 'openidAcrValues'
  | 'openidUiLocales'
  | 'openidScopes'
  | 'openidResourceIndicator'
  | 'openidPostLogoutRedirectUri'
  | 'openidClientAuthMethod'
  | 'openidNewClientAuthJwtType'
  | 'openidAudiences'
  | 'openidDomainHint'
  | 'openidUserinfo'
  | 'allowLocalProviders'
> {
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
      ...same('OPENID_CLIENT_SECRET'),
      optional: true,
      secret: true,
      says: 'Secret of the client.',
    }),
    openidWellKnownUrl: url({
      ...same('OPENID_WELL_KNOWN_URL', ...aliases('wellKnown')),
      says: 'Metadata of the provider.',
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

function sessions(): Part<
  | 'sessionKeys'
  | 'store'
  | 'sessionMaxLifetime'
  | 'sessionInactivity'
  | 'sessionInactivityTimeout'
  | 'sessionOnTokenExpiry'
  | 'cookiePrefix'
  | 'cookieSecure'
> {
  return {
    sessionKeys: custom({
      ...named('SESSION_KEYS', 'WONDERWALL_ENCRYPTION_KEY'),
      kind: 'list of base64, 32 bytes each',
      secret: true,
      fallback: [],
      shownDefault: 'one made beside a sqlite store, or at each start',
      says: 'Keys that seal cookies: the first seals, all open.',
      parse: parseSessionKeys,
    }),
    store: custom<StoreSetting>({
      ...named('STORE', 'WONDERWALL_REDIS_URI'),
      kind: 'memory: or sqlite:<file>',
      fallback: { kind: 'memory' },
      shownDefault: 'memory:',
      says: 'Where sessions are kept.',
      parse: parseStore,
    }),
    sessionMaxLifetime: seconds({
      ...same('SESSION_MAX_LIFETIME'),
      fallback: 10 * HOUR,
      shownDefault: '10h',
      says: 'When a session ends whatever happens.',
    }),
    sessionInactivity: boolean({
      ...same('SESSION_INACTIVITY'),
      fallback: false,
      says: 'Whether sessions become inactive when nobody refreshes them.',
    }),
    sessionInactivityTimeout: seconds({
      ...same('SESSION_INACTIVITY_TIMEOUT'),
      fallback: 30 * MINUTE,
      shownDefault: '30m',
      says: 'How long after a refresh a session becomes inactive.',
    }),
    sessionOnTokenExpiry: oneOf(['end', 'keep'])({
      ...named('SESSION_ON_TOKEN_EXPIRY'),
      fallback: 'end',
      says: 'What an expired access token without a refresh token means: the session ends, or the old token is still sent.',
    }),
    cookiePrefix: custom({
      ...same('COOKIE_PREFIX'),
      kind: 'text',
      fallback: 'fullmakt',
      says: 'First part of the names of our cookies.',
      parse: parsePrefix,
    }),
    cookieSecure: boolean({
      ...same('COOKIE_SECURE'),
      fallback: true,
      says: 'Whether cookies are Secure; off only when every ingress is http://localhost.',
    }),
  };
}

function safety(): Part<
  | 'corsOrigins'
  | 'pathAllow'
  | 'logoutMethod'
  | 'logoutRevoke'
  | 'ratelimitEnabled'
  | 'ratelimitLogins'
  | 'ratelimitWindow'
  | 'compat'
> {
  return {
    corsOrigins: list({
      ...named('CORS_ORIGINS'),
      fallback: [],
      says: 'Further origins whose pages may read our answers.',
    }),
    pathAllow: custom({
      ...named('PATH_ALLOW'),
      kind: 'list',
      fallback: [],
      says: 'Path oddities let through: semicolon, double-slash, encoded-slash. Such paths always demand login.',
      parse: wordsFrom(LAXNESSES),
    }),
    logoutMethod: oneOf(['auto', 'GET', 'POST'])({
      ...named('LOGOUT_METHOD'),
      fallback: 'auto',
      says: 'How the browser is sent to the provider at logout.',
    }),
    logoutRevoke: boolean({ ...named('LOGOUT_REVOKE'), fallback: true, says: 'Whether tokens are revoked at logout.' }),
    ratelimitEnabled: boolean({
      ...same('RATELIMIT_ENABLED'),
      fallback: true,
      says: 'Whether login loops of signed-in browsers are broken.',
    }),
    ratelimitLogins: integer({
      ...same('RATELIMIT_LOGINS'),
      fallback: 5,
      says: 'Logins in a row that are let through.',
    }),
    ratelimitWindow: seconds({
      ...same('RATELIMIT_WINDOW'),
      fallback: 5,
      shownDefault: '5s',
      says: 'Longest time between two logins that count as in a row.',
    }),
    compat: custom({
      ...named('COMPAT'),
      kind: 'list',
      fallback: [],
      says: 'Unsafe: authorization-passthrough, any-host, unguarded-get, or wonderwall for all three.',
      parse: wordsFrom(COMPATS),
    }),
  };
}

function parseProvider(value: string): ProviderKindName {
  if (value === 'idporten' || value === 'entra' || value === 'openid') return value;
  if (value === 'azure') return 'entra';
  throw new Error('idporten, entra (or azure) or openid');
}

function parsePrefix(value: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(value)) throw new Error('letters, digits, dots, dashes and underscores');
  return value;
}

/** Every setting with every name it can have: what the documentation shows. */
export const loginSettings: SettingsTable<LoginSettings> = settingsOf(['idporten', 'entra', 'openid']);
