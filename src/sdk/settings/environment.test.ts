import assert from 'node:assert/strict';
import test from 'node:test';
import { ENV } from '../testing/fixtures.ts';
import { ConfigError, fromEnv, inspectEnv } from '../index.ts';
import type { Options } from '../index.ts';

const SCOPE = { maskinporten: { requiredScope: 'fleet:read' } } as const;

function findingsOf(env: Record<string, string | undefined>, options: Options = SCOPE): string {
  try {
    fromEnv({ env, ...options }).close();
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.findings.join('\n');
  }
}

test('starts with the whole contract', () => {
  assert.equal(findingsOf(ENV), '');
});

for (const name of [
  'AZURE_APP_CLIENT_ID',
  'TOKEN_X_CLIENT_ID',
  'IDPORTEN_AUDIENCE',
  ...Object.keys(ENV).filter((each) => each.endsWith('JWKS_URI')),
]) {
  test(`names ${name} when it is missing or empty (4)`, () => {
    assert.match(findingsOf({ ...ENV, [name]: undefined }), new RegExp(name));
    assert.match(findingsOf({ ...ENV, [name]: '' }), new RegExp(name));
  });
}

for (const name of ['AZURE_APP_PRE_AUTHORIZED_APPS', 'FULLMAKT_INBOUND_APPS', 'FULLMAKT_ISSUERS']) {
  test(`names ${name} when it is garbled (4)`, () => {
    for (const garbled of ['{', '1', '[1]', '{"x":1}']) {
      assert.match(findingsOf({ ...ENV, [name]: garbled }), new RegExp(name), garbled);
    }
  });
}

test('a well-known URL stands for issuer and keys; for Maskinporten the issuer ends in a slash', () => {
  const env = {
    TOKEN_X_CLIENT_ID: 'me',
    TOKEN_X_WELL_KNOWN_URL: 'https://tokenx.example/.well-known/oauth-authorization-server',
  };
  assert.equal(findingsOf(env), '');
  assert.match(findingsOf({ ...env, TOKEN_X_WELL_KNOWN_URL: 'https://tokenx.example/else' }), /TOKEN_X_ISSUER/);
});

test('an issuer with both an audience list and no_audience, or of no known kind, does not start (2.2, 2.4)', () => {
  const mine = { issuer: 'https://op.example', jwks_uri: 'https://op.example/jwks' };
  const found = (entry: object): string =>
    findingsOf({ FULLMAKT_ISSUERS: JSON.stringify({ mine: { ...mine, ...entry } }) });
  assert.equal(found({ audience: ['me'], no_audience: false }), '');
  assert.equal(found({ no_audience: true, required_scope: 'a' }), '');
  assert.match(found({ audience: ['me'], no_audience: true, required_scope: 'a' }), /mine has no audience list/);
  assert.match(found({ no_audience: 'true', required_scope: 'a' }), /mine has no audience list/);
  assert.match(found({ audience: ['me'], kind: 'User' }), /mine.kind has to be/);
});

test('all findings come at once, and an empty environment says what could be set', () => {
  const several = findingsOf({ ...ENV, AZURE_APP_CLIENT_ID: '', TOKEN_X_JWKS_URI: '', FULLMAKT_INBOUND_APPS: '{' });
  assert.equal(several.split('\n').length, 3);
  assert.match(findingsOf({}), /TOKEN_X_ISSUER/);
});

test('local providers and http need FULLMAKT_ALLOW_LOCAL_PROVIDERS (2.4)', () => {
  const local = { ...ENV, TOKEN_X_ISSUER: 'http://localhost:7440' };
  assert.match(findingsOf(local), /FULLMAKT_ALLOW_LOCAL_PROVIDERS/);
  assert.equal(findingsOf({ ...local, FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }), '');
  const remote = { ...ENV, TOKEN_X_JWKS_URI: 'http://tokenx.example/jwks', FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' };
  assert.match(findingsOf(remote), /https/);
});

test('inspectEnv tells what is on and what it lacks, and never throws', () => {
  assert.deepEqual(inspectEnv({}), []);
  const found = inspectEnv({ TOKEN_X_ISSUER: 'x', TOKEN_X_CLIENT_ID: 'me', NAIS_TOKEN_ENDPOINT: 'http://localhost' });
  assert.deepEqual(found, [
    { provider: 'tokenx', use: 'validate', missing: ['TOKEN_X_JWKS_URI or TOKEN_X_WELL_KNOWN_URL'] },
    { provider: 'tokenx', use: 'acquire', missing: ['NAIS_TOKEN_EXCHANGE_ENDPOINT'] },
  ]);
  const mine = { issuer: 'https://op.example', jwks_uri: 'https://op.example/k' };
  assert.deepEqual(
    inspectEnv({ FULLMAKT_ISSUERS: JSON.stringify({ half: mine, mine: { ...mine, audience: ['me'] } }) }),
    [
      { provider: 'oidc:mine', use: 'validate', missing: [] },
      {
        provider: 'oidc:half',
        use: 'validate',
        missing: ['FULLMAKT_ISSUERS: half has no audience list (or, instead of it, no_audience with required_scope)'],
      },
    ],
  );
});
