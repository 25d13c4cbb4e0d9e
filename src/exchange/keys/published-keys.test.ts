import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GRANT } from '../../oauth/client-assertion.ts';
import { parseJwks } from '../../oauth/jwks.ts';
import { parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryReplay } from '../../store/replay-memory.ts';
import { createTestKeys, createWorld, ISSUER, START } from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys });
after(() => world.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  world.send('GET', path, { headers });

test('K8: the key set is public members only, RSA, with ETag, max-age and 304', async () => {
  const answer = await get('/jwks');
  assert.equal(answer.headers['cache-control'], 'public, max-age=300');
  assert.deepEqual(Object.keys(answer.body), ['keys']);
  const set = parseJwks(answer.body);
  assert.deepEqual(set.skipped, []);
  for (const jwk of Array.isArray(answer.body['keys']) ? answer.body['keys'] : []) {
    assert.deepEqual(Object.keys(jwk).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
    assert.match(jwk.kid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  }
  const etag = String(answer.headers['etag']);
  for (const condition of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const same = await get('/jwks', { 'If-None-Match': condition });
    assert.deepEqual([same.status, same.text, same.headers['etag']], [304, '', etag]);
  }
  assert.equal((await get('/jwks', { 'If-None-Match': '"other"' })).status, 200);
  const token = parseJwt((await world.exchange()).body['access_token']);
  assert.deepEqual(Object.keys(token.header).toSorted(), ['alg', 'kid', 'typ']);
  verifyJwtSignature(token, set.keys, { algorithms: ['RS256'], kidRequired: true });
});

test('D1, D3: both metadata documents name what there is and nothing else', async () => {
  const oauth = await get('/.well-known/oauth-authorization-server');
  assert.deepEqual(oauth.body, {
    issuer: ISSUER,
    token_endpoint: `${ISSUER}/token`,
    jwks_uri: `${ISSUER}/jwks`,
    response_types_supported: [],
    grant_types_supported: [GRANT.tokenExchange, GRANT.clientCredentials],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    introspection_endpoint: `${ISSUER}/introspect`,
    introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
    introspection_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    revocation_endpoint: `${ISSUER}/revoke`,
    revocation_endpoint_auth_methods_supported: ['private_key_jwt'],
    revocation_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    subject_types_supported: ['public'],
  });
  const openid = await get('/.well-known/openid-configuration', { Host: 'evil.example.test' });
  assert.deepEqual(openid.body, { ...oauth.body, id_token_signing_alg_values_supported: ['RS256'] });
  const etag = String(oauth.headers['etag']);
  assert.equal((await get('/.well-known/oauth-authorization-server', { 'If-None-Match': etag })).status, 304);
});

test('D2, D4: an issuer with a path is found both ways, and stays as it was written in tokens', async (t) => {
  const issuer = 'https://tx.example.test/p/';
  const own = await createWorld({ keys, config: { issuer } });
  t.after(() => own.close());
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    for (const path of [`/.well-known/${name}/p`, `/p/.well-known/${name}`]) {
      const { body } = await own.send('GET', path);
      assert.deepEqual([body['issuer'], body['jwks_uri']], [issuer, 'https://tx.example.test/p/jwks'], path);
    }
  }
  assert.equal((await own.send('GET', '/p/jwks')).status, 200);
  assert.equal((await own.send('GET', '/jwks')).status, 404);
  const client_assertion = await own.assertion({ claims: { aud: issuer } });
  const body = await own.form({ client_assertion });
  const answer = await own.send('POST', '/p/token', {
    body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(parseJwt(answer.body['access_token']).claims['iss'], issuer);
});

test('L7: alive and ready, in both spellings, with figures', async () => {
  const [alive, healthy, ready, listed] = await Promise.all(
    ['/internal/isalive', '/healthz', '/internal/isready', '/readyz'].map((path) => get(path)),
  );
  assert.deepEqual([alive?.text, healthy?.text, ready?.text, ready?.status], ['ALIVE', 'ok', '', 200]);
  assert.deepEqual(listed?.body, { ready: true });
  for (const path of ['/metrics', '/internal/metrics']) assert.equal((await get(path)).text, '# figures\n');
});

test('L7: not ready once the replay store does not answer', async (t) => {
  const memory = createMemoryReplay({ now: () => START });
  const own = await createWorld({
    keys,
    store: { ...memory, check: () => Promise.reject(new StoreUnavailable('gone')) },
  });
  t.after(() => own.close());
  assert.equal((await own.send('GET', '/internal/isready')).status, 503);
  assert.deepEqual((await own.send('GET', '/readyz')).body, { ready: false, missing: ['replayStore'] });
});
