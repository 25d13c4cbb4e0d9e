/** Good settings put together as the configuration that the proxy runs with. Pure. */
import type { Environment } from '../../settings.ts';
import type { LoginConfig, SsoConfig } from '../configuration.ts';
import { sharedDomain } from './judge-sso.ts';
import { providerConfig } from './providers.ts';
import type { GoodSettings } from './read.ts';
import type { LoginSettings } from './table.ts';
import { telemetryOf } from './telemetry.ts';
import { originsOfDomain } from '../sso/origins.ts';

function ssoOf(settings: LoginSettings): SsoConfig | undefined {
  const domain = settings.ssoDomain ?? (settings.role === 'sso-proxy' ? sharedDomain(settings) : undefined);
  const sessionCookieName = settings.ssoSessionCookieName;
  if (settings.role === 'standalone' || domain === undefined || sessionCookieName === undefined) return undefined;
  return {
    domain,
    sessionCookieName,
    serverUrl: settings.ssoServerUrl,
    defaultRedirectUrl: settings.ssoServerDefaultRedirectUrl,
  };
}

function tokenxOf({ settings, tokenxKey: key }: GoodSettings): LoginConfig['tokenx'] {
  const { exchangeTokenxWellKnownUrl: wellKnownUrl, exchangeTokenxClientId: clientId } = settings;
  if (key === undefined || wellKnownUrl === undefined || clientId === undefined) return undefined;
  return { wellKnownUrl, clientId, key };
}

function compatOf(settings: LoginSettings): LoginConfig['compat'] {
  const compat = new Set<string>(settings.compat);
  const all = compat.has('wonderwall');
  return {
    authorizationPassthrough: all || compat.has('authorization-passthrough'),
    anyHost: all || compat.has('any-host'),
    unguardedGet: all || compat.has('unguarded-get'),
  };
}

/** What follows from the roles: who asks here, and who shares. */
function roleOf(good: GoodSettings): Pick<LoginConfig, 'role' | 'sso' | 'forwardAuth' | 'tokenx' | 'upstreams'> {
  const { settings } = good;
  const { role } = settings;
  const isAsked = role === 'forward-auth' || (role !== 'sso-proxy' && settings.forwardAuth === true);
  return {
    role,
    sso: ssoOf(settings),
    forwardAuth: { enabled: isAsked, headers: settings.forwardAuthHeaders },
    tokenx: tokenxOf(good),
    upstreams: settings.upstreams,
  };
}

/** What is refused, limited and compatible. */
function safetyOf(
  settings: LoginSettings,
): Pick<
  LoginConfig,
  | 'csrf'
  | 'honourUpstreamStepUp'
  | 'headerBytes'
  | 'allowedOrigins'
  | 'pathAllow'
  | 'logout'
  | 'rateLimit'
  | 'compat'
  | 'pagesLocale'
> {
  const shared = originsOfDomain(settings.role, ssoOf(settings));
  const further = settings.corsOrigins.map((origin) => new URL(origin).origin);
  return {
    csrf: settings.csrf,
    honourUpstreamStepUp: settings.stepUpHonourUpstream,
    headerBytes: settings.limitsHeaderBytes,
    allowedOrigins: [...new Set([...settings.ingress.map(({ origin }) => origin), ...shared, ...further])],
    pathAllow: settings.pathAllow,
    logout: { method: settings.logoutMethod, revoke: settings.logoutRevoke },
    rateLimit: {
      enabled: settings.ratelimitEnabled,
      logins: settings.ratelimitLogins,
      windowSeconds: settings.ratelimitWindow,
    },
    compat: compatOf(settings),
    pagesLocale: settings.pagesLocale,
  };
}

/** What becomes of cookies, keys and sessions. */
function sessionsOf(
  settings: LoginSettings,
): Pick<LoginConfig, 'sessionKeys' | 'lifetimes' | 'onTokenExpiry' | 'cookie'> {
  const inactivityTimeout = settings.sessionInactivity ? settings.sessionInactivityTimeout * 1000 : undefined;
  return {
    sessionKeys: settings.sessionKeys ?? [],
    lifetimes: { maxLifetime: settings.sessionMaxLifetime * 1000, inactivityTimeout },
    onTokenExpiry: settings.sessionOnTokenExpiry,
    cookie: { prefix: settings.cookiePrefix, secure: settings.cookieSecure, sameSite: settings.cookieSameSite },
  };
}

/** Where it listens and what it protects. */
function listeningOf(
  settings: LoginSettings,
): Omit<
  LoginConfig,
  | keyof ReturnType<typeof roleOf>
  | keyof ReturnType<typeof safetyOf>
  | keyof ReturnType<typeof sessionsOf>
  | keyof ReturnType<typeof telemetryOf>
  | 'providers'
  | 'bindAddress'
> {
  return {
    ingresses: settings.ingress,
    metricsAddress: settings.metricsBindAddress,
    probeAddress: settings.probeBindAddress,
    upstream: settings.upstream,
    upstreamIdToken: settings.upstreamIdToken,
    accessLogs: settings.upstreamAccessLogs,
    autoLogin: settings.autoLogin,
    ignorePaths: settings.autoLoginIgnorePaths,
    rules: settings.rules,
    trustedProxies: settings.trustedProxies,
    serviceHosts: settings.serviceHosts.map((host) => host.toLowerCase()),
    localProviders: settings.allowLocalProviders,
    shutdown: { waitSeconds: settings.shutdownWaitBeforePeriod, graceSeconds: settings.shutdownGracefulPeriod },
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

/** The configuration; undefined when there is no provider, or nowhere to listen. */
export function assemble(good: GoodSettings, env: Environment): LoginConfig | undefined {
  const { settings } = good;
  const [first, ...others] = good.providers.map((one) => providerConfig(one.named, one.settings, one.credential));
  if (first === undefined || settings.bindAddress === undefined) return undefined;
  return withPages({
    ...listeningOf(settings),
    ...roleOf(good),
    ...safetyOf(settings),
    ...sessionsOf(settings),
    ...telemetryOf(settings, env),
    bindAddress: settings.bindAddress,
    providers: [first, ...others],
  });
}
