import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { GRANT } from '../oauth/client-assertion.ts';
import { publicJwk } from '../oauth/jwk.ts';
import { parseJwt, verifyJwtSignature } from '../oauth/jwt.ts';
import { parseJwks } from '../oauth/jwks.ts';
import { createKeyWrapper } from '../registry/key-wrapper.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import { createMemorySigningKeyStore } from '../registry/signing-keys.ts';
import type { SigningKeyStore } from '../registry/signing-keys.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { createMemoryReplay } from '../store/replay-memory.ts';
import type { TokenAlgorithm } from './config.ts';
import { openSigningKeys } from './signing-keys.ts';
import type { SigningKeys } from './signing-keys.ts';
import {
  createTestKeys,
  createWorld,
  defaultData,
  ISSUER,
  START,
  testApp,
  testClient,
  testGrant,
} from './testing/world.ts';
import type { Answer } from './testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys });
after(() => world.close());
const rules = { maxAgeSeconds: 300, stagedForSeconds: 3600, activeForSeconds: 86_400, retiredForSeconds: 86_400 };

interface Bench {
  readonly clock: { now: number };
  readonly algorithms: Set<TokenAlgorithm>;
  readonly store: SigningKeyStore;
  readonly open: (store?: SigningKeyStore, wrapper?: ReturnType<typeof createKeyWrapper>) => Promise<SigningKeys>;
}

/** Key sets with EdDSA beside RS256 where a test needs many keys: Ed25519 costs nothing to make. */
function bench(t: { after: (end: () => Promise<void>) => void }): Bench {
  const clock = { now: START };
  const algorithms = new Set<TokenAlgorithm>();
  const registry = createMemoryRegistry({ now: () => clock.now });
  const store = registry.signingKeys;
  const ownWrapper = createKeyWrapper(randomBytes(32));
  const open: Bench['open'] = async (from = store, wrapper = ownWrapper) => {
    const opened = await openSigningKeys({
      store: from,
      wrapper,
      registry,
      now: () => clock.now,
      rules,
      algorithmsInUse: () => algorithms,
      emit: () => {},
    });
    t.after(() => opened.close());
    return opened;
  };
  return { clock, algorithms, store, open };
}
const states = async (store: SigningKeyStore, alg: string): Promise<readonly string[]> => {
  const set = await store.load('tokenx');
  return set.keys.filter((key) => key.alg === alg).map((key) => key.state);
};

test('K5, K7: the first start makes one active RS256 key, sealed; a restart loads it; another key-encryption key does not start', async (t) => {
  const { open, store } = bench(t);
  const first = (await open()).signer('RS256');
  const again = (await open()).signer('RS256');
  assert.equal(again.kid, first.kid);
  assert.deepEqual(await states(store, 'RS256'), ['active']);
  const [row] = (await store.load('tokenx')).keys;
  assert.doesNotMatch(row?.sealedPrivate.toString('latin1') ?? '', /"d"|RSA/);
  await assert.rejects(open(store, createKeyWrapper(randomBytes(32))), /another key-encryption key/);
});

test('K5: replicas that start at once on an empty store end with one set', async (t) => {
  const { open } = bench(t);
  const replicas = await Promise.all([open(), open(), open()]);
  assert.equal(new Set(replicas.map((each) => each.signer('RS256').kid)).size, 1);
});

test('K1, K3: a key of a new algorithm is published an hour before it signs; until then RS256 does (O1)', async (t) => {
  const { open, algorithms, clock, store } = bench(t);
  const opened = await open();
  assert.deepEqual(
    opened.published().map(({ kty }) => kty),
    ['RSA'],
  );
  algorithms.add('EdDSA').add('ES256');
  await opened.rotate();
  assert.deepEqual(
    opened.published().map(({ kty }) => kty),
    ['RSA', 'EC', 'OKP'],
  );
  assert.deepEqual(await states(store, 'EdDSA'), ['staged']);
  assert.equal(opened.signer('EdDSA').alg, 'RS256');
  clock.now += 3599;
  await opened.rotate();
  assert.equal(opened.signer('EdDSA').alg, 'RS256');
  clock.now += 1;
  await opened.rotate();
  assert.equal(opened.signer('EdDSA').alg, 'EdDSA');
  assert.equal(opened.signer('ES256').alg, 'ES256');
});

test('K2: a key signs for a day, its successor is published an hour ahead, it stays published for a day more', async (t) => {
  const { open, algorithms, clock, store } = bench(t);
  algorithms.add('EdDSA');
  const opened = await open();
  const first = opened.signer('EdDSA').kid;
  const statesAfter = async (seconds: number): Promise<readonly string[]> => {
    clock.now = START + seconds;
    await opened.rotate();
    return states(store, 'EdDSA');
  };
  assert.deepEqual(await statesAfter(82_799), ['active']);
  assert.deepEqual(await statesAfter(82_800), ['active', 'staged']);
  assert.deepEqual(await statesAfter(86_399), ['active', 'staged']);
  assert.deepEqual(await statesAfter(86_400), ['retired', 'active']);
  assert.notEqual(opened.signer('EdDSA').kid, first);
  assert.ok(opened.published().some(({ kid }) => kid === first));
  assert.deepEqual(await statesAfter(86_400 + 82_800), ['retired', 'active', 'staged']);
  assert.deepEqual(await statesAfter(2 * 86_400), ['retired', 'active']);
  assert.ok(!opened.published().some(({ kid }) => kid === first));
});

test('N17: through a week of rotation no validator with a set of ten minutes ago ever meets an unknown key', async (t) => {
  const { open, algorithms, clock } = bench(t);
  algorithms.add('EdDSA');
  const opened = await open();
  let cached = new Set(opened.published().map(({ kid }) => kid));
  for (let step = 0; step < 7 * 144; step += 1) {
    const fresh = new Set(opened.published().map(({ kid }) => kid));
    clock.now += 600;
    await opened.rotate();
    assert.ok(cached.has(opened.signer('EdDSA').kid), `step ${step}`);
    cached = fresh;
  }
});

test('K9: with the store out of reach the keys go on signing', async (t) => {
  const { open, store, clock } = bench(t);
  let broken = false;
  const fragile: SigningKeyStore = {
    load: (use) => {
      if (broken) throw new Error('out of reach');
      return store.load(use);
    },
    save: (use, version, rows) => store.save(use, version, rows),
    version: (use) => store.version(use),
  };
  const opened = await open(fragile);
  broken = true;
  clock.now += 90_000;
  await assert.rejects(opened.rotate());
  assert.equal(opened.signer('RS256').alg, 'RS256');
});

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
