import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk } from '../oauth/jwk.ts';
import { describeSettings } from '../settings.ts';
import { loginSettings, readLoginConfig } from './config.ts';
import type { LoginConfig } from './config.ts';

const JWK = JSON.stringify(await generatePrivateJwk('ES256', 'k'));
const KEY = Buffer.alloc(32, 1).toString('base64');
const OPENID = {
  FULLMAKT_LOGIN_INGRESS: 'https://app.example.test',
  FULLMAKT_LOGIN_SESSION_KEYS: KEY,
  FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'c',
  FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JWK,
  FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: 'https://idp.example.test/.well-known/openid-configuration',
};

function accepted(env: Record<string, string>): { config: LoginConfig; warnings: readonly string[] } {
  const read = readLoginConfig(env);
  assert.ok(read.ok, read.ok ? '' : read.problems.join('\n'));
  return read;
}

function problemsOf(env: Record<string, string>): string {
  const read = readLoginConfig(env);
  return read.ok ? '' : read.problems.join('\n');
}

function problemsWith(more: Record<string, string>): string {
  return problemsOf({ ...OPENID, ...more });
}

test('lists every missing setting at once, each with its variable (OP-3)', () => {
  const problems = problemsOf({});
  for (const name of ['INGRESS', 'OPENID_CLIENT_ID', 'OPENID_WELL_KNOWN_URL'])
    assert.ok(problems.includes(`FULLMAKT_LOGIN_${name}`), name);
});

test('refuses misspelt settings, http providers, local providers and insecure cookies on https (17, 2.2, SE-1)', () => {
  assert.match(problemsWith({ FULLMAKT_LOGIN_AUTOLOGIN: 'true' }), /FULLMAKT_LOGIN_AUTOLOGIN is not a setting/);
  assert.match(problemsWith({ FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: 'http://idp.example.test/x' }), /https/);
  assert.match(
    problemsWith({ FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: 'http://localhost:1/x' }),
    /FULLMAKT_ALLOW_LOCAL_PROVIDERS/,
  );
  assert.match(problemsWith({ FULLMAKT_LOGIN_COOKIE_SECURE: 'false' }), /COOKIE_SECURE/);
  assert.match(problemsWith({ FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/a[b]' }), /\/a\[b\]/);
  assert.match(problemsWith({ FULLMAKT_LOGIN_INGRESS: 'http://app.example.test' }), /https/);
  assert.match(problemsWith({ FULLMAKT_LOGIN_SESSION_KEYS: 'short' }), /SESSION_KEYS/);
  assert.equal(problemsWith({ FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '{"d":"x"}' }).includes('"d"'), false);
});

test('idporten-default-acr-high, and its platform variables are read (W15)', () => {
  const { config, warnings } = accepted({
    WONDERWALL_OPENID_PROVIDER: 'idporten',
    WONDERWALL_INGRESS: 'https://app.example.test',
    WONDERWALL_ENCRYPTION_KEY: KEY,
    IDPORTEN_CLIENT_ID: 'id',
    IDPORTEN_CLIENT_JWK: JWK,
    IDPORTEN_WELL_KNOWN_URL: 'https://idporten.example.test/.well-known/openid-configuration',
    IDPORTEN_AUDIENCE: 'https://api.example.test',
    IDPORTEN_ISSUER: 'https://idporten.example.test',
    IDPORTEN_JWKS_URI: 'https://keys.example.test/jwks.json',
    IDPORTEN_TOKEN_ENDPOINT: 'https://inside.example.test/token',
  });
  assert.deepEqual(
    [config.providers[0].issuer, config.providers[0].endpoints],
    [
      'https://idporten.example.test',
      { jwksUri: 'https://keys.example.test/jwks.json', tokenEndpoint: 'https://inside.example.test/token' },
    ],
  );
  assert.equal(config.providers[0].level, 'idporten-loa-high');
  assert.equal(config.providers[0].locale, 'nb');
  assert.equal(config.providers[0].resource, 'https://api.example.test');
  assert.deepEqual(config.providers[0].scopes, ['openid', 'profile']);
  assert.deepEqual(warnings, []);
});

test('azure-app-jwk-read: Entra under its old name, never mixed with ID-porten’s variables (W15)', () => {
  const { config } = accepted({
    FULLMAKT_LOGIN_PROVIDER: 'azure',
    FULLMAKT_LOGIN_SESSION_KEYS: KEY,
    FULLMAKT_LOGIN_INGRESS: 'https://app.example.test',
    AZURE_APP_CLIENT_ID: 'guid',
    AZURE_APP_JWK: JWK,
    AZURE_APP_WELL_KNOWN_URL: 'https://login.example.test/t/v2.0/.well-known/openid-configuration',
    IDPORTEN_CLIENT_ID: 'other',
    IDPORTEN_AUDIENCE: 'other',
  });
  assert.equal(config.providers[0].kind.name, 'entra');
  assert.equal(config.providers[0].clientId, 'guid');
  assert.equal(config.providers[0].resource, undefined);
  assert.deepEqual(config.providers[0].scopes, ['openid', 'offline_access', 'guid/.default']);
  assert.equal(config.providers[0].credential.kind, 'key');
});

test('Entra’s platform variables: a secret where there is no key, and explicit endpoints (providers.md 2.1)', () => {
  const { config } = accepted({
    FULLMAKT_LOGIN_PROVIDER: 'entra',
    FULLMAKT_LOGIN_SESSION_KEYS: KEY,
    FULLMAKT_LOGIN_INGRESS: 'https://app.example.test',
    AZURE_APP_CLIENT_ID: 'guid',
    AZURE_APP_CLIENT_SECRET: 'a secret',
    AZURE_APP_WELL_KNOWN_URL: 'https://login.example.test/name/v2.0/.well-known/openid-configuration',
    AZURE_OPENID_CONFIG_ISSUER: 'https://login.example.test/t/v2.0',
    AZURE_OPENID_CONFIG_JWKS_URI: 'https://login.example.test/t/keys',
    AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: 'https://login.example.test/t/token',
  });
  assert.deepEqual(config.providers[0].credential, { kind: 'secret', secret: 'a secret', method: 'auto' });
  assert.deepEqual(
    [config.providers[0].issuer, config.providers[0].endpoints.jwksUri, config.providers[0].endpoints.tokenEndpoint],
    ['https://login.example.test/t/v2.0', 'https://login.example.test/t/keys', 'https://login.example.test/t/token'],
  );
});

test('no address of a provider may be local or http unless that is allowed (providers.md 2.2)', () => {
  for (const name of ['ISSUER', 'JWKS_URI', 'TOKEN_ENDPOINT']) {
    for (const address of ['http://idp.example.test/x', 'https://localhost/x', 'https://fullmakt-local.test/x']) {
      assert.match(problemsWith({ [`FULLMAKT_LOGIN_OPENID_${name}`]: address }), new RegExp(name), address);
    }
  }
});

test('Wonderwall’s names work, unknown ones are named, its address parts make a URL (17, A22)', () => {
  const { config, warnings } = accepted({
    ...OPENID,
    WONDERWALL_UPSTREAM_HOST: 'ignored:1',
    WONDERWALL_UPSTREAM_IP: '10.0.0.1',
    WONDERWALL_UPSTREAM_PORT: '8080',
    WONDERWALL_OPENID_PROVIDER: 'strange',
    WONDERWALL_AUTO_LOGIN: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: '',
    WONDERWALL_ENCRYPTION_KEY: KEY,
    WONDERWALL_OPENID_LOCALE: 'nb',
    WONDERWALL_SESSION_MAX_LIFETIME: '1h30m',
    WONDERWALL_UPSTREAM_INCLUDE_ID_TOKEN: 'true',
  });
  assert.equal(config.upstream, 'http://10.0.0.1:8080');
  assert.equal(config.providers[0].kind.name, 'openid');
  assert.equal(config.autoLogin, true);
  assert.equal(config.sessionKeys.length, 1);
  assert.equal(config.lifetimes.maxLifetime, 5_400_000);
  assert.equal(config.upstreamIdToken, true);
  assert.equal(warnings.length, 2);
  assert.match(warnings.join('\n'), /strange[^]*WONDERWALL_OPENID_LOCALE/);
});

test('without resource ID-porten’s access tokens have no audience, which is said at start (LG-1)', () => {
  const { warnings } = accepted({ ...OPENID, FULLMAKT_LOGIN_PROVIDER: 'idporten' });
  assert.match(warnings.join('\n'), /RESOURCE_INDICATOR/);
});

test('the table shown in the documentation names every alias and no secret value', () => {
  const rows = describeSettings(loginSettings);
  const jwk = rows.find((row) => row.env === 'FULLMAKT_LOGIN_OPENID_CLIENT_JWK');
  assert.deepEqual(jwk?.aliases, ['WONDERWALL_OPENID_CLIENT_JWK', 'IDPORTEN_CLIENT_JWK', 'AZURE_APP_JWK']);
  assert.equal(jwk?.secret, true);
});
