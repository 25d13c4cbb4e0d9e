/** Every variable of Wonderwall beside ours, for tests. */
import { generatePrivateJwk } from '../../oauth/jwk.ts';

/** A client key. */
export const CLIENT_JWK: string = JSON.stringify(await generatePrivateJwk('ES256', 'k'));
/** A session key. */
export const SESSION_KEY: string = Buffer.alloc(32, 1).toString('base64');
const WELL_KNOWN = 'https://idp.example.test/.well-known/openid-configuration';

/** An environment. */
export type Variables = Readonly<Record<string, string>>;

/** What every instance needs, by canonical names. */
export const LEAST: Variables = {
  FULLMAKT_LOGIN_INGRESS: 'https://app.example.test',
  FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'c',
  FULLMAKT_LOGIN_OPENID_CLIENT_JWK: CLIENT_JWK,
  FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: WELL_KNOWN,
  FULLMAKT_LOGIN_SESSION_KEYS: SESSION_KEY,
};

/** One variable of Wonderwall: what it says, what ours says instead, and something it may not say. */
export interface Alias {
  readonly name: string;
  readonly value: string;
  readonly canonical: string;
  readonly ours?: string;
  readonly wrong?: string;
  /** What it says when it says something else; the wrong value unless given. */
  readonly differs?: string;
  /** What has to be there besides, for either. */
  readonly with?: Variables;
}

const SSO: Variables = {
  FULLMAKT_LOGIN_SSO_DOMAIN: 'example.test',
  FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'shared',
  FULLMAKT_LOGIN_SSO_SERVER_URL: 'https://login.example.test',
  FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: 'https://www.example.test',
  FULLMAKT_LOGIN_STORE: 'rediss://valkey.example.test:6379',
};
const SERVER: Variables = { ...SSO, FULLMAKT_LOGIN_ROLE: 'sso-server' };

const same = (key: string, value: string, more: Partial<Alias> = {}): Alias => ({
  name: `WONDERWALL_${key}`,
  value,
  canonical: `FULLMAKT_LOGIN_${key}`,
  ...more,
});

/** Every variable of Wonderwall. */
export const ALIASES: readonly Alias[] = [
  same('INGRESS', 'https://a.example.test,https://b.example.test/app', { wrong: 'ftp://a.example.test' }),
  same('BIND_ADDRESS', '0.0.0.0:7000', { wrong: 'nowhere' }),
  same('METRICS_BIND_ADDRESS', '0.0.0.0:7001', { wrong: '70000' }),
  same('PROBE_BIND_ADDRESS', '0.0.0.0:7002', { wrong: 'x:y' }),
  {
    name: 'WONDERWALL_UPSTREAM_HOST',
    value: 'app:80',
    canonical: 'FULLMAKT_LOGIN_UPSTREAM',
    ours: 'http://app:80',
    wrong: 'a b',
  },
  same('AUTO_LOGIN', 'true', { wrong: 'perhaps' }),
  same('AUTO_LOGIN_IGNORE_PATHS', '/a,/b/**', { wrong: '/a[b]' }),
  {
    name: 'WONDERWALL_OPENID_PROVIDER',
    value: 'azure',
    differs: 'idporten',
    canonical: 'FULLMAKT_LOGIN_PROVIDER',
    ours: 'entra',
  },
  same('OPENID_CLIENT_ID', 'other'),
  same('OPENID_CLIENT_JWK', CLIENT_JWK, { wrong: '{}' }),
  same('OPENID_CLIENT_SECRET', 'secret', { with: { FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '' } }),
  same('OPENID_WELL_KNOWN_URL', 'https://other.example.test/x', { wrong: 'http://other.example.test/x' }),
  same('OPENID_ACR_VALUES', 'Level4'),
  same('OPENID_UI_LOCALES', 'nn'),
  same('OPENID_SCOPES', 'a,b'),
  same('OPENID_RESOURCE_INDICATOR', 'https://api.example.test'),
  same('OPENID_POST_LOGOUT_REDIRECT_URI', 'https://www.example.test'),
  same('OPENID_NEW_CLIENT_AUTH_JWT_TYPE', 'true', { wrong: 'perhaps' }),
  same('OPENID_JWKS_FALLBACK_ALG', 'ES256', { wrong: 'HS256' }),
  same('OPENID_AUDIENCES', 'x,y'),
  same('OPENID_DOMAIN_HINT', 'example.test'),
  {
    name: 'WONDERWALL_ENCRYPTION_KEY',
    value: Buffer.alloc(32, 2).toString('base64'),
    canonical: 'FULLMAKT_LOGIN_SESSION_KEYS',
    wrong: 'short',
  },
  { name: 'WONDERWALL_REDIS_URI', value: 'redis://r:1', canonical: 'FULLMAKT_LOGIN_STORE', wrong: 'postgres://r' },
  {
    name: 'WONDERWALL_REDIS_ADDRESS',
    value: 'r:6379',
    canonical: 'FULLMAKT_LOGIN_STORE',
    ours: 'rediss://r:6379',
    wrong: 'r:x:y',
  },
  {
    name: 'WONDERWALL_REDIS_TLS',
    value: 'false',
    differs: 'true',
    canonical: 'FULLMAKT_LOGIN_STORE',
    ours: 'redis://r:1',
    wrong: 'perhaps',
    with: { WONDERWALL_REDIS_ADDRESS: 'r:1' },
  },
  {
    name: 'WONDERWALL_REDIS_USERNAME',
    value: 'me',
    canonical: 'FULLMAKT_LOGIN_STORE',
    ours: 'redis://me:old@r:1',
    with: { WONDERWALL_REDIS_URI: 'redis://x:old@r:1' },
  },
  {
    name: 'WONDERWALL_REDIS_PASSWORD',
    value: 'p@/:w',
    canonical: 'FULLMAKT_LOGIN_STORE',
    ours: 'redis://x:p%40%2F%3Aw@r:1',
    with: { WONDERWALL_REDIS_URI: 'redis://x:old@r:1' },
  },
  {
    name: 'WONDERWALL_REDIS_CONNECTION_IDLE_TIMEOUT',
    value: '90',
    canonical: 'FULLMAKT_LOGIN_STORE_IDLE_TIMEOUT',
    wrong: 'long',
  },
  same('SESSION_MAX_LIFETIME', '6h', { wrong: 'long' }),
  same('SESSION_INACTIVITY', 'true', { wrong: 'perhaps' }),
  same('SESSION_INACTIVITY_TIMEOUT', '1h', { wrong: 'long' }),
  same('LOG_LEVEL', 'warning', { ours: 'warn', wrong: 'loud' }),
  same('LOG_FORMAT', 'text', { wrong: 'xml' }),
  same('SSO_DOMAIN', 'example.test', { with: { ...SERVER, FULLMAKT_LOGIN_SSO_DOMAIN: '' }, wrong: 'nodot' }),
  same('SSO_SESSION_COOKIE_NAME', 'other', {
    with: { ...SERVER, FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: '' },
    wrong: 'a;b',
  }),
  same('SSO_SERVER_URL', 'https://sso.example.test', { wrong: 'http://sso.example.test' }),
  same('SSO_SERVER_DEFAULT_REDIRECT_URL', 'https://www.example.test/start', {
    with: { ...SERVER, FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: '' },
    wrong: 'ftp://x',
  }),
  {
    name: 'WONDERWALL_SSO_ENABLED',
    value: 'true',
    differs: 'false',
    canonical: 'FULLMAKT_LOGIN_ROLE',
    ours: 'sso-server',
    with: SSO,
    wrong: 'perhaps',
  },
  {
    name: 'WONDERWALL_SSO_MODE',
    value: 'proxy',
    differs: 'server',
    canonical: 'FULLMAKT_LOGIN_ROLE',
    ours: 'sso-proxy',
    with: { ...SSO, WONDERWALL_SSO_ENABLED: 'true' },
    wrong: 'both',
  },
  {
    name: 'WONDERWALL_SESSION_FORWARD_AUTH',
    value: 'true',
    differs: 'false',
    canonical: 'FULLMAKT_LOGIN_FORWARD_AUTH',
    wrong: 'perhaps',
  },
  {
    name: 'WONDERWALL_SESSION_FORWARD_AUTH_SET_HEADERS',
    value: 'true',
    differs: 'false',
    canonical: 'FULLMAKT_LOGIN_FORWARD_AUTH_HEADERS',
    ours: 'id-token',
    wrong: 'perhaps',
  },
  same('COOKIE_PREFIX', 'other', { wrong: 'a;b' }),
  same('COOKIE_SAME_SITE', 'strict', { ours: 'Strict', wrong: 'Sometimes' }),
  same('COOKIE_SECURE', 'false', { with: { FULLMAKT_LOGIN_INGRESS: 'http://localhost:3000' }, wrong: 'perhaps' }),
  {
    name: 'WONDERWALL_UPSTREAM_INCLUDE_ID_TOKEN',
    value: 'true',
    canonical: 'FULLMAKT_LOGIN_UPSTREAM_ID_TOKEN',
    wrong: 'perhaps',
  },
  same('UPSTREAM_ACCESS_LOGS', 'true', { wrong: 'perhaps' }),
  same('RATELIMIT_ENABLED', 'false', { wrong: 'perhaps' }),
  same('RATELIMIT_LOGINS', '7', { wrong: '-1' }),
  same('RATELIMIT_WINDOW', '9s', { wrong: 'long' }),
  same('OTEL_ENABLED', 'true', { wrong: 'perhaps' }),
  same('OTEL_SERVICE_NAME', 'other'),
  same('SHUTDOWN_GRACEFUL_PERIOD', '1m', { wrong: 'long' }),
  same('SHUTDOWN_WAIT_BEFORE_PERIOD', '5s', { wrong: '31s' }),
];
