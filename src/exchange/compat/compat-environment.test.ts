import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import { readSettings } from '../../settings.ts';
import type { Environment } from '../../settings.ts';
import { CompatProblem, compatEnvironment } from './compat-environment.ts';
import { exchangeSettingsFor, TOKENDINGS_PRESET } from './compat-preset.ts';
import { exchangeSettings } from '../config.ts';
import type { ExchangeConfig } from '../config.ts';

const COMPAT = { FULLMAKT_EXCHANGE_COMPAT: 'tokendings' };
const WELL_KNOWN = 'https://idp.example.test/.well-known/openid-configuration';

function settingsOf(env: Environment): ExchangeConfig {
  const all = { ISSUER_URL: 'https://tx.example.test', ...env };
  const read = readSettings(exchangeSettingsFor(all), compatEnvironment(all), { prefix: 'FULLMAKT_EXCHANGE_' });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.settings;
}

test('every setting of the preset is one, and each is what its column says', () => {
  const known = new Set(Object.values(exchangeSettings).map(({ env }) => env));
  assert.deepEqual(
    Object.keys(TOKENDINGS_PRESET).filter((name) => !known.has(name)),
    [],
  );
  const config = settingsOf(COMPAT);
  const { errors, skewSeconds, replay, subjectTokenTypes, tokenTtlSeconds, tokenCapBySubject, tokenClaims } = config;
  assert.deepEqual(
    { errors, skewSeconds, replay, subjectTokenTypes, tokenTtlSeconds, tokenCapBySubject, tokenClaims },
    {
      errors: 'tokendings',
      skewSeconds: 60,
      replay: 'on',
      subjectTokenTypes: ['jwt'],
      tokenTtlSeconds: 900,
      tokenCapBySubject: false,
      tokenClaims: 'all-legacy',
    },
  );
  const { assertionMaxLifetimeSeconds, assertionLifetimeRule, assertionRequireIat, assertionRequireNbf } = config;
  assert.deepEqual(
    [assertionMaxLifetimeSeconds, assertionLifetimeRule, assertionRequireIat, assertionRequireNbf],
    [120, 'remaining', true, true],
  );
  assert.deepEqual(
    [config.tokenAct, config.tokenAzp, config.tokenScope, config.tokenLimitScopeBySubject, config.tokenTyp],
    [false, false, 'echo', true, 'JWT'],
  );
});

test('whatever a variable of ours says wins over the preset and over the legacy variable; an empty one says nothing', () => {
  const own = { FULLMAKT_EXCHANGE_SKEW: '5', FULLMAKT_EXCHANGE_TOKEN_TTL: '300', FULLMAKT_EXCHANGE_ERRORS: ' ' };
  const config = settingsOf({ ...COMPAT, ...own, TOKEN_EXPIRY_SECONDS: '600' });
  assert.deepEqual([config.skewSeconds, config.tokenTtlSeconds, config.errors], [5, 300, 'tokendings']);
  assert.equal(settingsOf({ ...COMPAT, TOKEN_EXPIRY_SECONDS: '600' }).tokenTtlSeconds, 600);
});

test('without compat nothing is read, whatever stands there', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (env) => {
      const { FULLMAKT_EXCHANGE_COMPAT: _, ...rest } = env;
      assert.deepEqual(compatEnvironment(rest), rest);
    }),
  );
});

test('any text in a legacy variable gives an environment or a problem that names the variable', () => {
  const names = ['SUBJECT_TOKEN_MAPPINGS', 'AUTH_PROVIDER_CONFIGS', 'AUTH_CLIENT_JWKS'] as const;
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.oneof(fc.json(), fc.string()), fc.string(), (name, value, list) => {
      try {
        const env = compatEnvironment({ ...COMPAT, SUBJECT_TOKEN_ISSUERS: list, AUTH_CLIENT_ID: 'a', [name]: value });
        assert.ok(Object.values(env).every((text) => typeof text === 'string'));
      } catch (error) {
        assert.ok(error instanceof CompatProblem && error.message.startsWith(name), String(error));
      }
    }),
  );
});

test('issuer, port and database keep their meaning', () => {
  const env = compatEnvironment({
    ...COMPAT,
    APPLICATION_PORT: '8080',
    DB_JDBC_URL: 'jdbc:postgresql://db:5432/tokendings?user=u&password=p',
    APPLICATION_PROFILE: 'NON_PROD',
  });
  assert.equal(env['FULLMAKT_EXCHANGE_BIND'], ':8080');
  assert.equal(env['FULLMAKT_EXCHANGE_STORE'], 'postgresql://db:5432/tokendings?user=u&password=p');
  assert.deepEqual(settingsOf({ ...COMPAT, APPLICATION_PORT: '8080' }).bind, { host: '0.0.0.0', port: 8080 });
});

test('the issuer may be any http URL in the place of a tokendings server, and nowhere else', () => {
  assert.equal(settingsOf({ ...COMPAT, ISSUER_URL: 'http://tokendings' }).issuer, 'http://tokendings');
  assert.throws(() => settingsOf({ FULLMAKT_EXCHANGE_ISSUER: 'http://tokendings' }), /https URL/);
  assert.throws(() => settingsOf({ ...COMPAT, ISSUER_URL: 'ftp://tokendings' }), /a URL such as/);
});

test('each subject issuer is bound to nothing and needs no marker; its mappings come with it', () => {
  const other = 'https://two.example.test/t/v2.0/.well-known/openid-configuration';
  const map = { acr: { 'idporten-loa-high': 'Level4' } };
  const { issuers } = settingsOf({
    ...COMPAT,
    SUBJECT_TOKEN_ISSUERS: `${WELL_KNOWN}, ${other},${WELL_KNOWN}`,
    SUBJECT_TOKEN_MAPPINGS: JSON.stringify({ [WELL_KNOWN]: map, 'https://unknown': {} }),
  });
  assert.deepEqual(issuers, [
    { name: 'idp.example.test', wellKnown: WELL_KNOWN, bind: 'any', accessTokenMarkers: [], map },
    { name: 'two.example.test/t/v2.0', wellKnown: other, bind: 'any', accessTokenMarkers: [] },
  ]);
  const reserved = JSON.stringify({ [WELL_KNOWN]: { sub: { a: 'b' } } });
  assert.throws(
    () => settingsOf({ ...COMPAT, SUBJECT_TOKEN_ISSUERS: WELL_KNOWN, SUBJECT_TOKEN_MAPPINGS: reserved }),
    /FULLMAKT_EXCHANGE_ISSUERS is not usable/,
  );
});

test('issuers with tenants behind one well-known path, and two documents of one issuer, each have a name of their own', () => {
  const addresses = ['oauth-authorization-server/one', 'oauth-authorization-server/two', 'openid-configuration'].map(
    (path) => `https://idp.example.test/.well-known/${path}`,
  );
  const SUBJECT_TOKEN_ISSUERS = [
    ...addresses,
    'https://idp.example.test/.well-known/oauth-authorization-server',
  ].join();
  assert.deepEqual(
    settingsOf({ ...COMPAT, SUBJECT_TOKEN_ISSUERS }).issuers.map(({ name }) => name),
    ['idp.example.test/one', 'idp.example.test/two', 'idp.example.test', 'idp.example.test 4'],
  );
});

test('registrars come from their issuers, each for its cluster, or sign for themselves; private members stay outside', async () => {
  const jwk = await generatePrivateJwk('RS256', 'jwker-1');
  const AUTH_CLIENT_JWKS = JSON.stringify({ keys: [jwk] });
  const common = { ...COMPAT, AUTH_ACCEPTED_AUDIENCE: 'one,two', AUTH_CLIENT_ID: 'jwker', AUTH_CLIENT_JWKS };
  const [own, ...none] = settingsOf(common).operators;
  assert.deepEqual(none, []);
  assert.deepEqual(
    [own?.name, own?.audience, own?.subjects, own?.rights, own?.clients, own?.undatedStatements],
    ['jwker', ['one', 'two'], ['jwker'], ['register'], ['*'], true],
  );
  assert.ok(own?.jwks?.keys[0] !== undefined && !Object.hasOwn(own.jwks.keys[0], 'd'));
  const listed = [{ wellKnownUrl: WELL_KNOWN, allowedClusterName: 'dev-gcp', allowedSubjects: ['s'] }];
  const { operators } = settingsOf({
    ...common,
    AUTH_PROVIDER_CONFIGS: JSON.stringify(listed),
    AUTH_WELL_KNOWN_URL: 'https://two.example.test/.well-known/openid-configuration',
  });
  assert.deepEqual(
    operators.map(({ name, subjects, clients, undatedStatements }) => [name, subjects, clients, undatedStatements]),
    [
      ['idp.example.test', ['s'], ['dev-gcp:*'], undefined],
      ['two.example.test', 'any', ['*'], undefined],
    ],
  );
});

test('T1: a token of an operator may live longer than an hour in the place of a tokendings server alone', () => {
  const operator = { name: 'o', wellKnown: WELL_KNOWN, audience: ['a'], subjects: 'any', rights: ['register'] };
  const given = (maxLifetime: number): Environment => ({
    FULLMAKT_EXCHANGE_ISSUER: 'https://tx.example.test',
    FULLMAKT_EXCHANGE_OPERATORS: JSON.stringify([{ ...operator, maxLifetime }]),
  });
  assert.equal(settingsOf(given(3600)).operators[0]?.maxLifetime, 3600);
  assert.throws(() => settingsOf(given(3601)), /maxLifetime/);
  assert.equal(settingsOf({ ...COMPAT, ...given(3601) }).operators[0]?.maxLifetime, 3601);
});
