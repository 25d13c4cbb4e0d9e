import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import { parseJwks } from '../../oauth/jwks.ts';
import { parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import { createMemorySigningKeyStore } from '../../registry/signing-keys.ts';
import { createTestKeys, createWorld, defaultData, START, testApp, testClient, testGrant } from '../testing/world.ts';

const keys = await createTestKeys();

test('X12: an audience chooses algorithm, typ and life of its tokens; its neighbours stay as they were', async (t) => {
  const data = defaultData(keys);
  const jwks = [publicJwk(keys.client)];
  const algorithms = ['ES256', 'EdDSA', 'PS256'] as const;
  const own = await createWorld({
    keys: { ...keys, store: createMemorySigningKeyStore(() => START) },
    data: {
      apps: [...data.apps, ...algorithms.map((alg) => testApp(alg.toLowerCase()))],
      clients: [
        ...data.clients,
        ...algorithms.map((alg) => testClient(alg.toLowerCase(), jwks, { alg, typ: 'at+jwt', ttl: 60 })),
      ],
      grants: [...data.grants, ...algorithms.map((alg) => testGrant('web', alg.toLowerCase()))],
    },
  });
  t.after(() => own.close());
  const set = parseJwks((await own.send('GET', '/jwks')).body);
  for (const alg of algorithms) {
    const answer = await own.exchange({ audience: `dev:fleet:${alg.toLowerCase()}` });
    const token = parseJwt(answer.body['access_token']);
    assert.deepEqual([token.header.alg, token.header.typ, answer.body['expires_in']], [alg, 'at+jwt', 60]);
    verifyJwtSignature(token, set.keys, { algorithms: [alg] });
  }
  const neighbour = parseJwt((await own.exchange()).body['access_token']);
  assert.deepEqual([neighbour.header.alg, neighbour.header.typ], ['RS256', 'JWT']);
});

test('X12: our own token goes on whatever algorithm it was signed with', async (t) => {
  const data = defaultData(keys);
  const own = await createWorld({
    keys: { ...keys, store: createMemorySigningKeyStore(() => START) },
    data: {
      clients: data.clients.map((each) =>
        each.provider === 'tokenx' && each.app === 'dev:fleet:api'
          ? { ...each, registration: { provider: 'tokenx', token: { alg: 'EdDSA' } } }
          : each,
      ),
    },
  });
  t.after(() => own.close());
  const subject_token = String((await own.exchange()).body['access_token']);
  const id = 'dev:fleet:api';
  const client_assertion = await own.assertion({ claims: { iss: id, sub: id } });
  const next = await own.exchange({ client_assertion, subject_token, audience: 'dev:fleet:store' });
  assert.equal(next.status, 200, next.text);
});
