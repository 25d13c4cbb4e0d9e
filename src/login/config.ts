/** The configuration of the login proxy: settings put together and judged as a whole. */
import type { SigningKey } from '../oauth/jwk.ts';
import { importSigningKey } from '../oauth/jwk.ts';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import { issuerUrlProblem } from '../oauth/local-issuers.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import type { ClientCredential } from '../providers/client-authentication.ts';
import type { ProviderKind } from '../providers/kinds.ts';
import { PROVIDER_KINDS } from '../providers/kinds.ts';
import { normaliseLevel } from '../providers/levels.ts';
import type { ConfiguredEndpoints } from '../providers/metadata.ts';
import type { Address, Environment } from '../settings.ts';
import { readSettings } from '../settings.ts';
import { createTrustedProxies } from '../web/forwarded.ts';
import type { Ingress } from './ingress.ts';
import type { Laxness } from './proxy/path.ts';
import type { CsrfGuard, RuleSetting } from './proxy/rules.ts';
import type { PageLocale } from './pages/locale.ts';
import { compileRules } from './proxy/rules.ts';
import type { Lifetimes } from './session/times.ts';
import type { LoginSettings } from './settings/table.ts';
import { settingsOf } from './settings/table.ts';
import type { TelemetryConfig } from './settings/telemetry.ts';
import { telemetryOf } from './settings/telemetry.ts';
import { fromWonderwall } from './settings/wonderwall.ts';

export { loginSettings } from './settings/table.ts';

/** One provider and our client there. */
export interface ProviderConfig {
  /** Name in records, cookies, routes and events. */
  readonly name: string;
  /** The first of the list: it has the bare callback and logout routes, and the bare session cookie. */
  readonly isDefault: boolean;
  readonly kind: ProviderKind;
  readonly clientId: string;
  readonly credential: ClientCredential;
  readonly wellKnownUrl: string;
  /** Undefined = the one that the well-known URL shows. */
  readonly issuer: string | undefined;
  /** What is set here is not taken from metadata. */
  readonly endpoints: ConfiguredEndpoints;
  /** Whose people may sign in where tenants share an issuer. */
  readonly tenants: readonly string[];
  /** Asked for, and required of every session. */
  readonly level: string | undefined;
  readonly locale: string | undefined;
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly audiences: readonly string[];
  readonly domainHint: string | undefined;
  readonly userinfo: boolean;
  readonly postLogoutRedirectUri: string | undefined;
}

/** What the instance is for: beside one app, the server or a proxy of single sign-on, or asked by an outer proxy. */
export type Role = 'standalone' | 'sso-server' | 'sso-proxy' | 'forward-auth';

/** Single sign-on of one domain. */
export interface SsoConfig {
  readonly domain: string;
  readonly sessionCookieName: string;
  /** Public URL of the server; what a proxy needs. */
  readonly serverUrl: string | undefined;
  /** Where the server sends whoever has no target. */
  readonly defaultRedirectUrl: string | undefined;
}

/** An application of its own below one path, and what the token for it is exchanged to. */
export interface UpstreamRoute {
  /** Segment prefix, `/api`. */
  readonly path: string;
  readonly upstream: string;
  /** The target's name per network; absent: it gets the login token. */
  readonly audience: { readonly tokenx?: string; readonly entra?: string } | undefined;
}

/** What `createLogin` runs with. */
export interface LoginConfig extends TelemetryConfig {
  readonly role: Role;
  /** Set in the SSO roles, and in forward-auth where one domain shares the session. */
  readonly sso: SsoConfig | undefined;
  readonly forwardAuth: { readonly enabled: boolean; readonly headers: 'none' | 'id-token' | 'access-token' | 'both' };
  /** Longest path first. */
  readonly upstreams: readonly UpstreamRoute[];
  /** Our client at TokenX; undefined = no route is exchanged there. */
  readonly tokenx: { readonly wellKnownUrl: string; readonly clientId: string; readonly key: SigningKey } | undefined;
  readonly csrf: CsrfGuard;
  /** Whether an application's own challenge (RFC 9470) begins a stronger login. */
  readonly honourUpstreamStepUp: boolean;
  readonly headerBytes: number;
  readonly accessLogs: boolean;
  readonly shutdown: { readonly waitSeconds: number; readonly graceSeconds: number };
  /** A listener of its own for probes; undefined = they are on the metrics listener alone. */
  readonly probeAddress: Address | undefined;
  readonly ingresses: readonly Ingress[];
  readonly bindAddress: Address;
  /** Undefined = no metrics and probes. */
  readonly metricsAddress: Address | undefined;
  readonly upstream: string;
  readonly autoLogin: boolean;
  readonly ignorePaths: readonly string[];
  readonly rules: readonly RuleSetting[];
  /** The first is the default. */
  readonly providers: readonly [ProviderConfig, ...ProviderConfig[]];
  /** 32 bytes each; the first seals, all open. */
  readonly sessionKeys: readonly Uint8Array[];
  readonly lifetimes: Lifetimes;
  readonly onTokenExpiry: 'end' | 'keep';
  readonly trustedProxies: readonly string[];
  readonly localProviders: LocalIssuers;
  readonly cookie: {
    readonly prefix: string;
    readonly secure: boolean;
    readonly sameSite: 'Lax' | 'Strict' | 'None';
  };
  readonly serviceHosts: readonly string[];
  /** Origins whose pages may ask us for state changes and read our answers: ingresses and `cors.origins`. */
  readonly allowedOrigins: readonly string[];
  readonly pathAllow: readonly Laxness[];
  readonly logout: { readonly method: 'auto' | 'GET' | 'POST'; readonly revoke: boolean };
  readonly upstreamIdToken: boolean;
  readonly rateLimit: { readonly enabled: boolean; readonly logins: number; readonly windowSeconds: number };
  /** Language of our pages for those who ask for none that we speak. */
  readonly pagesLocale: PageLocale;
  readonly compat: {
    readonly authorizationPassthrough: boolean;
    readonly anyHost: boolean;
    readonly unguardedGet: boolean;
  };
}

/** A configuration, or everything that is wrong with it. */
export type LoginConfigResult =
  | { readonly ok: true; readonly config: LoginConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const PREFIX = 'FULLMAKT_LOGIN_';

function readCredential(settings: LoginSettings, problems: string[]): ClientCredential | undefined {
  if (settings.openidClientJwk !== undefined) {
    const assertionType = settings.openidNewClientAuthJwtType ? 'client-authentication+jwt' : 'JWT';
    try {
      return { kind: 'key', key: importSigningKey(parseStrictJson(settings.openidClientJwk)), assertionType };
    } catch {
      problems.push(`${PREFIX}OPENID_CLIENT_JWK is not usable: expected a private JWK with kid`);
      return undefined;
    }
  }
  if (settings.openidClientSecret !== undefined) {
    return { kind: 'secret', secret: settings.openidClientSecret, method: settings.openidClientAuthMethod };
  }
  problems.push(`${PREFIX}OPENID_CLIENT_JWK or ${PREFIX}OPENID_CLIENT_SECRET has to be set`);
  return undefined;
}

function readProvider(settings: LoginSettings, credential: ClientCredential): ProviderConfig {
  const kind = PROVIDER_KINDS[settings.provider];
  const level = settings.openidAcrValues?.split(/\s+/)[0] ?? kind.defaultLevel;
  return {
    name: kind.name,
    isDefault: true,
    kind,
    clientId: settings.openidClientId,
    credential,
    wellKnownUrl: settings.openidWellKnownUrl,
    issuer: settings.openidIssuer,
    endpoints: { jwksUri: settings.openidJwksUri, tokenEndpoint: settings.openidTokenEndpoint },
    tenants: settings.openidTenants,
    level: level === undefined ? undefined : normaliseLevel(level),
    locale: settings.openidUiLocales?.split(/\s+/)[0] ?? kind.defaultLocale,
    scopes: [...new Set([...kind.scopes(settings.openidClientId), ...settings.openidScopes])],
    resource: settings.openidResourceIndicator,
    audiences: settings.openidAudiences,
    domainHint: settings.openidDomainHint,
    userinfo: settings.openidUserinfo,
    postLogoutRedirectUri: settings.openidPostLogoutRedirectUri,
  };
}

function attempt(problems: string[], setting: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    problems.push(`${PREFIX}${setting}: ${error instanceof Error ? error.message : 'not usable'}`);
  }
}

/** What only shows when settings are seen together. */
function judgeTogether(settings: LoginSettings): string[] {
  const problems: string[] = [];
  const { rules, autoLoginIgnorePaths: ignorePaths, autoLogin } = settings;
  attempt(problems, 'RULES or AUTO_LOGIN_IGNORE_PATHS', () => compileRules({ rules, ignorePaths, autoLogin }));
  attempt(problems, 'TRUSTED_PROXIES', () => createTrustedProxies(settings.trustedProxies));
  const addresses = {
    OPENID_WELL_KNOWN_URL: settings.openidWellKnownUrl,
    OPENID_ISSUER: settings.openidIssuer,
    OPENID_JWKS_URI: settings.openidJwksUri,
    OPENID_TOKEN_ENDPOINT: settings.openidTokenEndpoint,
  };
  for (const [name, address] of Object.entries(addresses)) {
    const refused = address === undefined ? undefined : issuerUrlProblem(address, settings.allowLocalProviders);
    if (refused !== undefined) problems.push(`${PREFIX}${name}: ${address} ${refused}`);
  }
  if (!settings.cookieSecure && settings.ingress.some((ingress) => ingress.scheme === 'https')) {
    problems.push(`${PREFIX}COOKIE_SECURE can be false only when every ingress is http://localhost`);
  }
  if (settings.bindAddress === undefined) problems.push(`${PREFIX}BIND_ADDRESS cannot be none`);
  return problems;
}

function warningsOf(settings: LoginSettings): readonly string[] {
  const kind = PROVIDER_KINDS[settings.provider];
  const warnings = settings.compat.map((one) => `${PREFIX}COMPAT=${one} is unsafe`);
  if (kind.audienceNeedsResource && settings.openidResourceIndicator === undefined) {
    warnings.push(`${PREFIX}OPENID_RESOURCE_INDICATOR is not set: access tokens will have no audience`);
  }
  return warnings;
}

function assemble(
  settings: LoginSettings,
  { credential, bindAddress, env }: { credential: ClientCredential; bindAddress: Address; env: Environment },
): LoginConfig {
  const compat = new Set<string>(settings.compat);
  const all = compat.has('wonderwall');
  const origins = [...settings.ingress.map((ingress) => ingress.origin), ...settings.corsOrigins];
  const inactivity = settings.sessionInactivity ? settings.sessionInactivityTimeout * 1000 : undefined;
  return {
    role: 'standalone',
    sso: undefined,
    forwardAuth: { enabled: false, headers: 'none' },
    upstreams: [],
    tokenx: undefined,
    csrf: 'off',
    honourUpstreamStepUp: false,
    headerBytes: 32 * 1024,
    accessLogs: false,
    shutdown: { waitSeconds: 0, graceSeconds: 30 },
    probeAddress: undefined,
    ...telemetryOf(settings, env),
    ingresses: settings.ingress,
    bindAddress,
    metricsAddress: settings.metricsBindAddress,
    upstream: settings.upstream,
    autoLogin: settings.autoLogin,
    ignorePaths: settings.autoLoginIgnorePaths,
    rules: settings.rules,
    providers: [readProvider(settings, credential)],
    sessionKeys: settings.sessionKeys,
    lifetimes: { maxLifetime: settings.sessionMaxLifetime * 1000, inactivityTimeout: inactivity },
    onTokenExpiry: settings.sessionOnTokenExpiry,
    trustedProxies: settings.trustedProxies,
    localProviders: settings.allowLocalProviders,
    cookie: { prefix: settings.cookiePrefix, secure: settings.cookieSecure, sameSite: 'Lax' },
    serviceHosts: settings.serviceHosts.map((host) => host.toLowerCase()),
    allowedOrigins: [...new Set(origins)],
    pathAllow: settings.pathAllow,
    logout: { method: settings.logoutMethod, revoke: settings.logoutRevoke },
    upstreamIdToken: settings.upstreamIdToken,
    rateLimit: {
      enabled: settings.ratelimitEnabled,
      logins: settings.ratelimitLogins,
      windowSeconds: settings.ratelimitWindow,
    },
    pagesLocale: settings.pagesLocale,
    compat: {
      authorizationPassthrough: all || compat.has('authorization-passthrough'),
      anyHost: all || compat.has('any-host'),
      unguardedGet: all || compat.has('unguarded-get'),
    },
  };
}

/** The same, with every ingress knowing what its pages go by. */
function withPages(config: LoginConfig): LoginConfig {
  // A proxy has an application of its own; the server of a domain has none.
  const home = config.role === 'sso-proxy' ? undefined : config.sso?.defaultRedirectUrl;
  const ingresses = config.ingresses.map((ingress) => ({
    ...ingress,
    pages: { locale: config.pagesLocale, homeUrl: home ?? ingress.pages.homeUrl },
  }));
  return { ...config, ingresses };
}

/** Reads the environment: a configuration, or all problems at once. */
export function readLoginConfig(env: Environment): LoginConfigResult {
  const translated = fromWonderwall(env);
  const read = readSettings(settingsOf([translated.provider]), translated.env, { prefix: PREFIX });
  if (!read.ok) return read;
  const { settings } = read;
  const problems = judgeTogether(settings);
  const credential = readCredential(settings, problems);
  if (credential === undefined || settings.bindAddress === undefined || problems.length > 0)
    return { ok: false, problems };
  const warnings = [...translated.warnings, ...read.warnings, ...warningsOf(settings)];
  return {
    ok: true,
    config: withPages(assemble(settings, { credential, bindAddress: settings.bindAddress, env })),
    warnings,
  };
}
