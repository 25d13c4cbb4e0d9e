import assert from 'node:assert/strict';
import test from 'node:test';
import { readLoginConfig } from '../config.ts';
import type { Variables } from '../testing/wonderwall-aliases.ts';
import { CLIENT_JWK, SESSION_KEY } from '../testing/wonderwall-aliases.ts';

/** A whole environment as the platform gives it to Wonderwall, and the same in our words. */
interface Environments {
  readonly theirs: Variables;
  readonly ours: Variables;
}

const IDPORTEN = 'https://idporten.example.test/.well-known/openid-configuration';
const ENTRA = 'https://login.example.test/tenant/v2.0/.well-known/openid-configuration';

const SIDECAR: Environments = {
  theirs: {
    WONDERWALL_AUTO_LOGIN: 'true',
    WONDERWALL_AUTO_LOGIN_IGNORE_PATHS: '/internal/**,/public/*',
    WONDERWALL_BIND_ADDRESS: '0.0.0.0:7564',
    WONDERWALL_METRICS_BIND_ADDRESS: '0.0.0.0:7565',
    WONDERWALL_PROBE_BIND_ADDRESS: '0.0.0.0:7566',
    WONDERWALL_ENCRYPTION_KEY: SESSION_KEY,
    WONDERWALL_INGRESS: 'https://app.example.test,https://example.test/app',
    WONDERWALL_LOG_FORMAT: 'json',
    WONDERWALL_OPENID_ACR_VALUES: 'Level4',
    WONDERWALL_OPENID_UI_LOCALES: 'nb',
    WONDERWALL_OPENID_PROVIDER: 'idporten',
    WONDERWALL_OPENID_RESOURCE_INDICATOR: 'https://api.example.test',
    WONDERWALL_REDIS_ADDRESS: 'valkey.example.test:6380',
    WONDERWALL_REDIS_USERNAME: 'writer',
    WONDERWALL_REDIS_PASSWORD: 'a secret',
    WONDERWALL_SESSION_INACTIVITY: 'true',
    WONDERWALL_SESSION_INACTIVITY_TIMEOUT: '1h',
    WONDERWALL_SESSION_MAX_LIFETIME: '6h',
    WONDERWALL_SHUTDOWN_WAIT_BEFORE_PERIOD: '7s',
    WONDERWALL_UPSTREAM_IP: '10.0.0.1',
    WONDERWALL_UPSTREAM_PORT: '8080',
    IDPORTEN_CLIENT_ID: 'client',
    IDPORTEN_CLIENT_JWK: CLIENT_JWK,
    IDPORTEN_WELL_KNOWN_URL: IDPORTEN,
  },
  ours: {
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
    FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/internal/**,/public/*',
    FULLMAKT_LOGIN_BIND_ADDRESS: '0.0.0.0:7564',
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: '0.0.0.0:7565',
    FULLMAKT_LOGIN_PROBE_BIND_ADDRESS: '0.0.0.0:7566',
    FULLMAKT_LOGIN_SESSION_KEYS: SESSION_KEY,
    FULLMAKT_LOGIN_INGRESS: 'https://app.example.test,https://example.test/app',
    FULLMAKT_LOGIN_LOG_FORMAT: 'json',
    FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'Level4',
    FULLMAKT_LOGIN_OPENID_UI_LOCALES: 'nb',
    FULLMAKT_LOGIN_PROVIDER: 'idporten',
    FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: 'https://api.example.test',
    FULLMAKT_LOGIN_STORE: 'rediss://writer:a%20secret@valkey.example.test:6380',
    FULLMAKT_LOGIN_SESSION_INACTIVITY: 'true',
    FULLMAKT_LOGIN_SESSION_INACTIVITY_TIMEOUT: '1h',
    FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '6h',
    FULLMAKT_LOGIN_SHUTDOWN_WAIT_BEFORE_PERIOD: '7s',
    FULLMAKT_LOGIN_UPSTREAM: 'http://10.0.0.1:8080',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client',
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: CLIENT_JWK,
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: IDPORTEN,
  },
};

const SERVER: Environments = {
  theirs: {
    WONDERWALL_COOKIE_SAME_SITE: 'None',
    WONDERWALL_ENCRYPTION_KEY: SESSION_KEY,
    WONDERWALL_INGRESS: 'https://login.example.test',
    WONDERWALL_OPENID_PROVIDER: 'azure',
    WONDERWALL_REDIS_URI: 'rediss://valkey.example.test:6380',
    WONDERWALL_SSO_ENABLED: 'true',
    WONDERWALL_SSO_MODE: 'server',
    WONDERWALL_SSO_DOMAIN: 'example.test',
    WONDERWALL_SSO_SESSION_COOKIE_NAME: 'example-session',
    WONDERWALL_SSO_SERVER_DEFAULT_REDIRECT_URL: 'https://www.example.test',
    AZURE_APP_CLIENT_ID: 'client',
    AZURE_APP_JWK: CLIENT_JWK,
    AZURE_APP_WELL_KNOWN_URL: ENTRA,
  },
  ours: {
    FULLMAKT_LOGIN_COOKIE_SAME_SITE: 'None',
    FULLMAKT_LOGIN_SESSION_KEYS: SESSION_KEY,
    FULLMAKT_LOGIN_INGRESS: 'https://login.example.test',
    FULLMAKT_LOGIN_PROVIDER: 'entra',
    FULLMAKT_LOGIN_STORE: 'rediss://valkey.example.test:6380',
    FULLMAKT_LOGIN_ROLE: 'sso-server',
    FULLMAKT_LOGIN_SSO_DOMAIN: 'example.test',
    FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'example-session',
    FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: 'https://www.example.test',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client',
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: CLIENT_JWK,
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: ENTRA,
  },
};

const FORWARD_AUTH: Environments = {
  theirs: {
    ...SERVER.theirs,
    WONDERWALL_SESSION_FORWARD_AUTH: 'true',
    WONDERWALL_SESSION_FORWARD_AUTH_SET_HEADERS: 'true',
  },
  ours: {
    ...SERVER.ours,
    FULLMAKT_LOGIN_ROLE: 'forward-auth',
    FULLMAKT_LOGIN_FORWARD_AUTH: 'true',
    FULLMAKT_LOGIN_FORWARD_AUTH_HEADERS: 'id-token',
  },
};

const PROXY: Environments = {
  theirs: {
    WONDERWALL_ENCRYPTION_KEY: SESSION_KEY,
    WONDERWALL_INGRESS: 'https://app.inner.example.test',
    WONDERWALL_OPENID_PROVIDER: 'azure',
    WONDERWALL_REDIS_URI: 'rediss://valkey.example.test:6380',
    WONDERWALL_SSO_ENABLED: 'true',
    WONDERWALL_SSO_MODE: 'proxy',
    WONDERWALL_SSO_SESSION_COOKIE_NAME: 'example-session',
    WONDERWALL_SSO_SERVER_URL: 'https://login.example.test',
  },
  ours: {
    FULLMAKT_LOGIN_SESSION_KEYS: SESSION_KEY,
    FULLMAKT_LOGIN_INGRESS: 'https://app.inner.example.test',
    FULLMAKT_LOGIN_PROVIDER: 'entra',
    FULLMAKT_LOGIN_STORE: 'rediss://valkey.example.test:6380',
    FULLMAKT_LOGIN_ROLE: 'sso-proxy',
    FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'example-session',
    FULLMAKT_LOGIN_SSO_SERVER_URL: 'https://login.example.test',
  },
};

for (const [name, { theirs, ours }] of Object.entries({ SIDECAR, SERVER, FORWARD_AUTH, PROXY })) {
  test(`A22 a whole environment of Wonderwall starts with the settings that ours has: ${name}`, () => {
    const [one, other] = [readLoginConfig(theirs), readLoginConfig(ours)];
    assert.ok(one.ok, one.ok ? '' : one.problems.join('\n'));
    assert.ok(other.ok, other.ok ? '' : other.problems.join('\n'));
    assert.deepEqual(one.effective, other.effective);
    assert.deepEqual(one.config, other.config);
    assert.deepEqual(one.server, other.server);
    assert.deepEqual(one.warnings, other.warnings);
  });
}

test('a proxy of single sign-on without sso.domain goes by what its hosts have in common, and says so', () => {
  const read = readLoginConfig(PROXY.theirs);
  assert.ok(read.ok);
  assert.equal(read.config.sso?.domain, 'example.test');
  assert.match(read.warnings.join(), /SSO_DOMAIN is not set: example.test/);
  const strangers = readLoginConfig({ ...PROXY.theirs, WONDERWALL_INGRESS: 'https://app.other.test' });
  assert.match(strangers.ok ? '' : strangers.problems.join(), /SSO_DOMAIN is not set, and ingress and server/);
});

test('the settings in force are shown by name, with every secret and the credentials of URLs masked (OP-5)', () => {
  const read = readLoginConfig(SIDECAR.theirs);
  assert.ok(read.ok);
  assert.equal(read.effective['store'], 'rediss://[redacted]@valkey.example.test:6380');
  assert.equal(read.effective['openid.client-jwk'], '[redacted]');
  assert.equal(read.effective['session-keys'], '[redacted]');
  const shown = JSON.stringify(read.effective);
  for (const secret of ['a secret', 'a%20secret', SESSION_KEY, '"d"'])
    assert.equal(shown.includes(secret), false, secret);
});
