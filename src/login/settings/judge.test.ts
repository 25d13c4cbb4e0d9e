import assert from 'node:assert/strict';
import test from 'node:test';
import type { LoginConfig } from '../config.ts';
import { readLoginConfig } from '../config.ts';
import type { Variables } from '../testing/wonderwall-aliases.ts';
import { CLIENT_JWK, LEAST, SESSION_KEY } from '../testing/wonderwall-aliases.ts';

/** Variables by what follows the prefix. */
function env(more: Variables): Variables {
  const ours = Object.entries(more).map(([name, value]) => [`FULLMAKT_LOGIN_${name}`, value] as const);
  return { ...LEAST, ...Object.fromEntries(ours) };
}

function problemsWith(more: Variables): string {
  const read = readLoginConfig(env(more));
  return read.ok ? '' : read.problems.join('\n');
}

function accepted(more: Variables): { readonly config: LoginConfig; readonly warnings: string } {
  const read = readLoginConfig(env(more));
  assert.ok(read.ok, read.ok ? '' : read.problems.join('\n'));
  return { config: read.config, warnings: read.warnings.join('\n') };
}

const OTHER: Variables = {
  CLIENT_ID: 'two',
  CLIENT_SECRET: 'hush',
  WELL_KNOWN_URL: 'https://two.example.test/.well-known/openid-configuration',
};
const asProvider = (name: string, settings: Variables = OTHER): Variables =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`PROVIDER_${name}_${key}`, value]));

test('A20 several providers: the first has openid.*, the others the same settings under their names (RO-5)', () => {
  const { config } = accepted({
    PROVIDER: 'idporten, azure,partner-a',
    ...asProvider('ENTRA'),
    ...asProvider('PARTNER_A', { ...OTHER, KIND: 'openid', ACR_VALUES: 'gold', SCOPES: 'one two' }),
  });
  assert.deepEqual(
    config.providers.map(({ name, kind, isDefault, clientId, level }) => [name, kind.name, isDefault, clientId, level]),
    [
      ['idporten', 'idporten', true, 'c', 'idporten-loa-high'],
      ['entra', 'entra', false, 'two', undefined],
      ['partner-a', 'openid', false, 'two', 'gold'],
    ],
  );
  assert.deepEqual(config.providers[2]?.scopes, ['openid', 'one', 'two']);
});

test('platform variables belong to the first provider of their kind, wherever it stands in the list', () => {
  const read = readLoginConfig({
    ...env({ PROVIDER: 'openid,entra,staff', ...asProvider('STAFF', { ...OTHER, KIND: 'entra' }) }),
    AZURE_APP_CLIENT_ID: 'from-the-platform',
    AZURE_APP_JWK: CLIENT_JWK,
    AZURE_APP_WELL_KNOWN_URL: 'https://login.example.test/t/v2.0/.well-known/openid-configuration',
  });
  assert.ok(read.ok, read.ok ? '' : read.problems.join('\n'));
  assert.deepEqual(
    read.config.providers.map(({ clientId }) => clientId),
    ['c', 'from-the-platform', 'two'],
  );
});

test('names of providers: no kind without being told, nothing twice, nothing that a cookie or a path could mistake', () => {
  assert.match(problemsWith({ PROVIDER: 'partner', ...OTHER }), /PROVIDER_PARTNER_KIND is not set/);
  assert.match(
    problemsWith({ PROVIDER: 'partner', PROVIDER_PARTNER_KIND: 'saml' }),
    /PROVIDER_PARTNER_KIND is not usable/,
  );
  assert.match(problemsWith({ PROVIDER: 'entra,azure', ...asProvider('ENTRA') }), /entra is there twice/);
  for (const name of ['Partner', 'a.b', '../x', 'a;b', 'abc123', `a${'b'.repeat(40)}`])
    assert.match(problemsWith({ PROVIDER: `openid,${name}` }), /cannot be a name/, name);
  assert.match(problemsWith({ PROVIDER_OPENID_KIND: 'entra' }), /PROVIDER_OPENID_KIND is not a setting/);
  assert.match(problemsWith({ ...asProvider('ENTRA') }), /PROVIDER_ENTRA_CLIENT_ID is not a setting/);
});

test('OP-3 what is wrong with a further provider is listed beside everything else', () => {
  const problems = problemsWith({
    PROVIDER: 'openid,entra',
    PROVIDER_ENTRA_WELL_KNOWN_URL: 'http://two.example.test',
    OPENID_JWKS_FALLBACK_ALG: 'none',
    BIND_ADDRESS: 'none',
    TRUSTED_PROXIES: 'everybody',
  });
  for (const name of [
    'PROVIDER_ENTRA_CLIENT_ID is not set',
    'PROVIDER_ENTRA_CLIENT_JWK or',
    'PROVIDER_ENTRA_WELL_KNOWN_URL: http://two.example.test has to be https',
    'OPENID_JWKS_FALLBACK_ALG is not usable',
    'BIND_ADDRESS cannot be none',
    'TRUSTED_PROXIES',
  ])
    assert.ok(problems.includes(name), `${name} in\n${problems}`);
});

test('openid.dpop and provider.<name>.dpop are reserved, and refused by name (LG-3)', () => {
  assert.match(problemsWith({ OPENID_DPOP: 'true' }), /OPENID_DPOP: DPoP is not supported yet/);
  assert.match(problemsWith({ OPENID_DPOP_ALG: 'ES256' }), /OPENID_DPOP_ALG: DPoP/);
});

const SSO: Variables = {
  ROLE: 'sso-server',
  INGRESS: 'https://login.example.test',
  STORE: 'redis://valkey.example.test:6379',
  SSO_DOMAIN: 'example.test',
  SSO_SESSION_COOKIE_NAME: 'shared',
  SSO_SERVER_URL: 'https://login.example.test',
  SSO_SERVER_DEFAULT_REDIRECT_URL: 'https://www.example.test',
};

test('SS-1 each role of single sign-on names what it misses, and refuses a store that nobody shares', () => {
  const without = (name: string, more: Variables = {}): string => problemsWith({ ...SSO, ...more, [name]: '' });
  assert.equal(problemsWith(SSO), '');
  assert.match(without('SSO_DOMAIN'), /SSO_DOMAIN is not set/);
  assert.match(without('SSO_SESSION_COOKIE_NAME'), /SSO_SESSION_COOKIE_NAME is not set/);
  assert.match(without('SSO_SERVER_DEFAULT_REDIRECT_URL'), /SSO_SERVER_DEFAULT_REDIRECT_URL is not set/);
  assert.match(without('SSO_SERVER_URL', { ROLE: 'sso-proxy' }), /SSO_SERVER_URL is not set/);
  for (const store of ['memory:', 'sqlite:/tmp/x', ''])
    for (const role of ['sso-server', 'sso-proxy'])
      assert.match(problemsWith({ ...SSO, ROLE: role, STORE: store }), /STORE: the role/, `${role} ${store}`);
});

test('SS-1 a domain has a dot, is nobody’s registry, and holds every ingress', () => {
  assert.match(problemsWith({ ...SSO, SSO_DOMAIN: 'localhost' }), /SSO_DOMAIN is not usable/);
  for (const suffix of ['co.uk', 'github.io', 'herokuapp.com', 'kommune.no'])
    assert.match(problemsWith({ ...SSO, SSO_DOMAIN: suffix }), /everybody can have a name below/, suffix);
  assert.match(problemsWith({ ...SSO, SSO_DOMAIN: 'other.test' }), /the ingress login.example.test is not within/);
  assert.match(problemsWith({ ...SSO, INGRESS: 'https://notexample.test' }), /is not within/);
  assert.match(problemsWith({ ...SSO, SSO_SERVER_URL: 'http://login.example.test' }), /SSO_SERVER_URL has to be https/);
});

test('SE-2 SameSite=None needs a role whose sessions others ask for', () => {
  assert.match(problemsWith({ COOKIE_SAME_SITE: 'None' }), /COOKIE_SAME_SITE can be None only/);
  assert.equal(accepted({ ...SSO, COOKIE_SAME_SITE: 'None' }).config.cookie.sameSite, 'None');
  assert.equal(accepted({ ROLE: 'forward-auth', COOKIE_SAME_SITE: 'none' }).config.cookie.sameSite, 'None');
  assert.equal(accepted({ COOKIE_SAME_SITE: 'Strict' }).config.cookie.sameSite, 'Strict');
});

const enabled = (more: Variables): boolean => accepted(more).config.forwardAuth.enabled;

test('checks for an outer proxy are on in their role, and in others when asked for; never at a proxy of single sign-on', () => {
  assert.equal(enabled({}), false);
  assert.equal(enabled({ ROLE: 'forward-auth' }), true);
  assert.equal(enabled({ FORWARD_AUTH: 'true' }), true);
  assert.equal(enabled({ ...SSO, ROLE: 'sso-proxy', INGRESS: 'https://a.example.test', FORWARD_AUTH: 'true' }), false);
  assert.match(problemsWith({ ROLE: 'forward-auth', FORWARD_AUTH: 'false' }), /FORWARD_AUTH cannot be false/);
  assert.match(
    problemsWith({ ROLE: 'forward-auth', SSO_DOMAIN: 'example.test' }),
    /SSO_SESSION_COOKIE_NAME is not set/,
  );
});

test('SE-4 without keys: Redis refuses the start, a file has its own, memory warns; keys in two places are one too many', () => {
  const keyless: Variables = { SESSION_KEYS: '' };
  assert.match(problemsWith({ ...keyless, STORE: 'redis://h:1' }), /SESSION_KEYS or .*_FILE has to be set/);
  assert.match(accepted(keyless).warnings, /a random key is used/);
  assert.doesNotMatch(accepted({ ...keyless, STORE: 'sqlite:/tmp/x' }).warnings, /SESSION_KEYS/);
  assert.deepEqual(accepted({ ...keyless, STORE: 'sqlite:/tmp/x' }).config.sessionKeys, []);
  assert.equal(accepted({ SESSION_KEYS: `${SESSION_KEY},${SESSION_KEY}` }).config.sessionKeys.length, 2);
  assert.match(problemsWith({ SESSION_KEYS_FILE: '/keys' }), /not both/);
});

test('OP-9, OP-4 the end is longer than its wait; headers are 64 KiB at most', () => {
  const ending = { SHUTDOWN_GRACEFUL_PERIOD: '10s', SHUTDOWN_WAIT_BEFORE_PERIOD: '10s' };
  assert.match(problemsWith(ending), /SHUTDOWN_GRACEFUL_PERIOD has to be longer/);
  assert.deepEqual(accepted({ SHUTDOWN_WAIT_BEFORE_PERIOD: '5s' }).config.shutdown, {
    waitSeconds: 5,
    graceSeconds: 30,
  });
  assert.equal(accepted({ LIMITS_HEADER_BYTES: '65536' }).config.headerBytes, 65_536);
  for (const bytes of ['65537', '0', '-1', 'much'])
    assert.match(problemsWith({ LIMITS_HEADER_BYTES: bytes }), /65536/, bytes);
});

test('9.7 a route that exchanges at TokenX needs the whole client there', () => {
  const upstreams = JSON.stringify({ '/api': { upstream: 'http://api', audience: { tokenx: 'c:n:a' } } });
  assert.match(
    problemsWith({ UPSTREAMS: upstreams }),
    /EXCHANGE_TOKENX_WELL_KNOWN_URL, .*CLIENT_ID, .*CLIENT_JWK not set/,
  );
  const client: Variables = {
    EXCHANGE_TOKENX_WELL_KNOWN_URL: 'https://tokenx.example.test/.well-known/oauth-authorization-server',
    EXCHANGE_TOKENX_CLIENT_ID: 'c:n:me',
    EXCHANGE_TOKENX_CLIENT_JWK: CLIENT_JWK,
  };
  assert.equal(accepted({ UPSTREAMS: upstreams, ...client }).config.tokenx?.clientId, 'c:n:me');
  assert.match(problemsWith({ ...client, EXCHANGE_TOKENX_CLIENT_JWK: '{}' }), /CLIENT_JWK is not usable/);
  assert.match(problemsWith({ EXCHANGE_TOKENX_CLIENT_ID: 'x' }), /all three/);
  const local = { ...client, EXCHANGE_TOKENX_WELL_KNOWN_URL: 'http://localhost:1/x' };
  assert.match(problemsWith(local), /FULLMAKT_ALLOW_LOCAL_PROVIDERS/);
});

test('origins, ingresses and providers of rules are judged with the rest', () => {
  assert.match(
    problemsWith({ CORS_ORIGINS: 'https://a.test/path' }),
    /CORS_ORIGINS: https:\/\/a.test\/path is no origin/,
  );
  assert.match(problemsWith({ INGRESS: 'https://a.test/x,https://a.test/x/' }), /is there twice/);
  assert.match(problemsWith({ RULES: '[{"path":"/x","provider":"entra"}]' }), /names entra, which is no provider here/);
  assert.deepEqual(
    accepted({ CORS_ORIGINS: 'https://A.test/' }).config.allowedOrigins.includes('https://a.test'),
    true,
  );
});

test('everything unsafe for compatibility is warned about at every start', () => {
  assert.match(accepted({ COMPAT: 'any-host,unguarded-get' }).warnings, /COMPAT=any-host is unsafe[^]*unguarded-get/);
  assert.match(problemsWith({ COMPAT: 'everything' }), /COMPAT is not usable/);
});
