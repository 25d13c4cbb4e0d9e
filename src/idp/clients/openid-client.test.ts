import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { parseOpenidClient } from './openid-client.ts';
import type { OpenidClient } from './openid-client.ts';

const APP = 'https://app.example.test/callback';
const MAKER = { id: () => 'made-id', secret: () => 'made-secret' };

function parsed(value: unknown): OpenidClient {
  const result = parseOpenidClient(value, MAKER);
  assert.ok(result.ok, JSON.stringify(result));
  return result.client;
}

function paths(value: unknown): readonly string[] {
  const result = parseOpenidClient(value, MAKER);
  return result.ok ? [] : result.problems.map(({ path }) => path);
}

test('openid: a registration has the defaults of RFC 7591 2, and what is missing is made', () => {
  const result = parseOpenidClient({ redirect_uris: [APP] }, MAKER);
  assert.ok(result.ok);
  assert.equal(result.secret, 'made-secret');
  assert.deepEqual(result.client, {
    clientId: 'made-id',
    name: 'made-id',
    authMethod: 'client_secret_basic',
    secretHashes: [createHash('sha256').update('made-secret').digest('hex')],
    keys: [],
    redirectUris: [APP],
    postLogoutRedirectUris: [],
    frontchannelLogoutSessionRequired: false,
    backchannelLogoutSessionRequired: false,
    grantTypes: ['authorization_code'],
    accessTokenFormat: 'jwt',
  });
});

test('openid: a registration says everything by its wire names, and members without effect are let through', async () => {
  const key = publicJwk(await generatePrivateJwk('ES256', 'k'));
  const client = parsed({
    client_id: 'web',
    client_name: 'The web',
    jwks: { keys: [key] },
    token_endpoint_auth_method: 'private_key_jwt',
    redirect_uris: [APP, 'com.example.app:/callback'],
    post_logout_redirect_uris: ['https://app.example.test/'],
    frontchannel_logout_uri: 'https://app.example.test/front',
    frontchannel_logout_session_required: true,
    backchannel_logout_uri: 'https://app.example.test/back',
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid  profile openid',
    id_token_signed_response_alg: 'ES256',
    access_token_format: 'opaque',
    default_max_age: 60,
    software_id: 'whatever',
  });
  assert.deepEqual(client.keys, [key]);
  assert.deepEqual(client.scopes, ['openid', 'profile']);
  assert.equal(client.idTokenAlg, 'ES256');
  assert.equal(client.accessTokenFormat, 'opaque');
  assert.equal(client.defaultMaxAge, 60);
  assert.equal(client.backchannelLogoutUri, 'https://app.example.test/back');
  assert.deepEqual(client.secretHashes, []);
});

test('openid: what a registration cannot mean is named by its path', async () => {
  const privateKey = await generatePrivateJwk('ES256', 'k');
  const keyless = { token_endpoint_auth_method: 'private_key_jwt', redirect_uris: [APP] };
  assert.deepEqual(paths({ redirect_uris: [APP, 'https://app.example.test/#x'] }), ['redirect_uris.1']);
  assert.deepEqual(paths({ redirect_uris: ['/callback'] }), ['redirect_uris.0']);
  assert.deepEqual(paths({ redirect_uris: [APP], backchannel_logout_uri: 'com.example:/x' }), [
    'backchannel_logout_uri',
  ]);
  assert.deepEqual(paths(keyless), ['jwks']);
  assert.deepEqual(paths({ ...keyless, jwks: { keys: [privateKey] } }), ['jwks.keys.0']);
  assert.deepEqual(paths({ ...keyless, jwks: { keys: [{ kty: 'RSA', kid: 'weak', n: 'AQAB', e: 'AQAB' }] } }), [
    'jwks.keys.0',
  ]);
  assert.deepEqual(paths({}), ['redirect_uris']);
  assert.deepEqual(paths({ grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' }), [
    'token_endpoint_auth_method',
  ]);
  assert.deepEqual(paths({ redirect_uris: [APP], id_token_signed_response_alg: 'none' }), [
    'id_token_signed_response_alg',
  ]);
  assert.deepEqual(paths({ redirect_uris: [APP], client_id: 'x'.repeat(43) }), ['client_id']);
  assert.deepEqual(paths({ redirect_uris: [APP], client_id: 'two words' }), ['client_id']);
  assert.deepEqual(paths({ redirect_uris: [APP], default_max_age: -1 }), ['default_max_age']);
  assert.deepEqual(paths({ redirect_uris: [APP], redirect_uri: APP }), ['redirect_uri']);
  assert.deepEqual(paths('a client'), ['']);
});

test('openid: any value is a client or has problems, and never throws', () => {
  const member = fc.oneof(fc.anything(), fc.constantFrom(APP, [APP], 'none', ['client_credentials'], { keys: [{}] }));
  const names = ['client_id', 'jwks', 'redirect_uris', 'grant_types', 'token_endpoint_auth_method', 'scope'];
  const registration = fc.record(Object.fromEntries(names.map((name) => [name, member])), { requiredKeys: [] });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), registration), (value) => {
      const result = parseOpenidClient(value, MAKER);
      assert.ok(result.ok ? result.client.clientId !== '' : result.problems.length > 0);
    }),
  );
});
