import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { Registry } from '../../registry/registry.ts';
import { compatConfig } from '../testing/compat.ts';
import { CLIENTS } from '../testing/registrations.ts';
import { ISSUER, START, claimsOf, createTestKeys, createWorld, defaultData, sign } from '../testing/world.ts';
import type { Answer, World, WorldOptions } from '../testing/world.ts';

const keys = await createTestKeys();
const [jwker, web, api] = await Promise.all([
  generatePrivateJwk('RS256', 'jwker-1'),
  generatePrivateJwk('RS256', 'web-key'),
  generatePrivateJwk('RS256', 'api-key'),
]);
const WEB = 'dev-gcp:team:web';
const API = 'dev-gcp:team:api';

async function open(t: TestContext, options: Partial<WorldOptions> = {}, env: object = {}): Promise<World> {
  const config = compatConfig({
    AUTH_ACCEPTED_AUDIENCE: `${ISSUER}/registration/client`,
    AUTH_CLIENT_ID: 'jwker',
    AUTH_CLIENT_JWKS: JSON.stringify({ keys: [publicJwk(jwker)] }),
    ...env,
  });
  const world = await createWorld({ keys, ...options, config: { ...config, ...options.config } });
  t.after(() => world.close());
  return world;
}

/** As that operator makes it once, for years: no `iat`, and an `nbf` of long ago. */
function longLived(world: World): Promise<string> {
  const claims = { iss: 'jwker', sub: 'jwker', aud: `${ISSUER}/registration/client`, jti: randomUUID(), nbf: 1 };
  return sign({ ...claims, exp: Math.floor(world.clock.now) + 50_457_600 }, jwker);
}

interface Client {
  readonly app: string;
  readonly key: PrivateJwk;
  readonly inbound?: readonly string[];
  readonly claims?: object;
  readonly body?: object;
}

/** The request as that operator sends it: keys with `use` and `alg`, a statement without any date. */
async function post(world: World, { app, key, inbound = [], claims, body }: Client): Promise<Answer> {
  const statement = { appId: app, accessPolicyInbound: inbound, accessPolicyOutbound: [], ...claims };
  const { kty, kid, n, e } = publicJwk(key);
  return world.send('POST', CLIENTS, {
    headers: { Authorization: `Bearer ${await longLived(world)}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      client_name: app,
      jwks: { keys: [{ use: 'sig', kty, kid, alg: 'RS256', n, e }] },
      software_statement: await sign(statement, jwker),
      ...body,
    }),
  });
}

async function exchange(world: World): Promise<Answer> {
  const iat = Math.floor(world.clock.now);
  const claims = { sub: WEB, iss: WEB, aud: `${ISSUER}/token`, jti: randomUUID(), nbf: iat, iat, exp: iat + 30 };
  return world.exchange({ client_assertion: await sign(claims, web), audience: API });
}

test('I04: the way of an operator built for tokendings: bearer, undated statements, two registrations, an exchange, DELETE', async (t) => {
  const world = await open(t);
  const made = await post(world, { app: API, key: api, inbound: [WEB] });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(
    [
      made.body['client_id'],
      made.body['grant_types'],
      made.body['token_endpoint_auth_method'],
      made.body['allowedScopes'],
    ],
    [API, ['urn:ietf:params:oauth:grant-type:token-exchange'], 'private_key_jwt', []],
  );
  assert.equal((await post(world, { app: WEB, key: web, body: { scopes: [], grant_types: [] } })).status, 201);
  const answer = await exchange(world);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([claimsOf(answer)['aud'], claimsOf(answer)['client_id']], [API, WEB]);
  // Sent again, as at every reconciliation.
  const { version } = world.registry.snapshot();
  assert.equal((await post(world, { app: API, key: api, inbound: [WEB] })).status, 201);
  assert.equal(world.registry.snapshot().version, version);
  const headers = { Authorization: `Bearer ${await longLived(world)}` };
  const gone = await world.send('DELETE', `${CLIENTS}/${encodeURIComponent(API)}`, { headers });
  assert.deepEqual([gone.status, gone.text], [204, '']);
  assert.deepEqual([(await exchange(world)).status, (await exchange(world)).body['error']], [400, 'invalid_request']);
  const again = await world.send('DELETE', `${CLIENTS}/${encodeURIComponent(API)}`, { headers });
  assert.equal(again.status, 204);
});

test('T7: in place of tokendings faults are told with its status and codes, without fm_reason', async (t) => {
  const world = await open(t);
  const cases: readonly (readonly [Client, readonly [number, string], RegExp])[] = [
    [{ app: API, key: api, body: { jwks: { keys: [] } } }, [400, 'invalid_request'], /keys/],
    [{ app: API, key: api, claims: { appId: undefined } }, [400, 'invalid_request'], /appId/],
    [
      { app: API, key: api, claims: { accessPolicyInbound: undefined } },
      [400, 'invalid_request'],
      /accessPolicyInbound/,
    ],
    [{ app: API, key: api, inbound: ['web'] }, [400, 'invalid_request'], /accessPolicyInbound\[0\]/],
    [{ app: API, key: api, claims: { exp: START - 100 } }, [400, 'invalid_request'], /expired.*server time/],
    [{ app: API, key: api, body: { software_statement: 'abc' } }, [400, 'invalid_request'], /statement/],
    [{ app: API, key: api, body: { client_name: undefined } }, [400, 'invalid_client_metadata'], /client_name/],
    [
      { app: API, key: api, body: { jwks: { keys: [{ kty: 'oct', k: 'AA', kid: 'x' }] } } },
      [400, 'invalid_client_metadata'],
      /keys\[0\]/,
    ],
  ];
  for (const [client, [status, error], says] of cases) {
    const answer = await post(world, client);
    assert.deepEqual([answer.status, answer.body['error']], [status, error], answer.text);
    assert.match(String(answer.body['error_description']), says);
    assert.equal(answer.body['fm_reason'], undefined);
  }
  assert.equal(world.registry.snapshot().version, 1);
});

test('T7: in place of tokendings a body that cannot be read is answered in plain text', async (t) => {
  const world = await open(t);
  const headers = { Authorization: `Bearer ${await longLived(world)}` };
  for (const body of ['', '{"client_name":', '<xml/>']) {
    const answer = await world.send('POST', CLIENTS, { headers, body });
    assert.equal(answer.status, 400);
    assert.match(String(answer.headers['content-type']), /^text\/plain/);
    assert.match(answer.text, /body/);
  }
  const large = await world.send('POST', CLIENTS, { headers, body: ' '.repeat(64 * 1024 + 1) });
  assert.deepEqual([large.status, large.body['error'], large.body['fm_reason']], [413, 'invalid_request', undefined]);
});

test('T7: in place of tokendings an app of another cluster is 401 invalid_client, which names the app and the cluster', async (t) => {
  const world = await open(t);
  const [operator] =
    compatConfig({
      AUTH_ACCEPTED_AUDIENCE: `${ISSUER}/registration/client`,
      AUTH_CLIENT_ID: 'jwker',
      AUTH_CLIENT_JWKS: JSON.stringify({ keys: [publicJwk(jwker)] }),
    }).operators ?? [];
  assert.ok(operator);
  const bound = await open(t, { config: { operators: [{ ...operator, clients: ['dev-gcp:*'] }] } });
  const foreign: Client = { app: 'prod-gcp:team:api', key: api };
  const answer = await post(bound, foreign);
  assert.deepEqual([answer.status, answer.body['error']], [401, 'invalid_client'], answer.text);
  assert.match(String(answer.body['error_description']), /prod-gcp:team:api.*dev-gcp/);
  assert.equal((await post(world, foreign)).status, 201);
  // At the other verbs there is no such legacy.
  const headers = { Authorization: `Bearer ${await longLived(bound)}` };
  const gone = await bound.send('DELETE', `${CLIENTS}/prod-gcp%3Ateam%3Aapi`, { headers });
  assert.deepEqual([gone.status, gone.text], [403, '']);
});

test('T57 a registration whose answer is lost leaves the old client or the new one, and sent again the new one', async (t) => {
  for (const dies of ['before', 'after']) {
    const rows = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
    let [commits, fatal] = [0, -1];
    const registry: Registry = {
      ...rows,
      async commit(version, change) {
        commits += 1;
        const isFatal = commits === fatal;
        const lost = new RegistryUnavailable('gone', { outcome: 'unknown' });
        if (isFatal && dies === 'before') throw lost;
        const result = await rows.commit(version, change);
        if (isFatal) throw lost;
        return result;
      },
    };
    const world = await open(t, { registry });
    const state = (): unknown => [
      rows
        .snapshot()
        .clientOf(API, 'tokenx')
        ?.keys.map(({ kid }) => kid),
      rows
        .snapshot()
        .grantsFor(API)
        .map(({ consumer }) => consumer.name),
      rows
        .snapshot()
        .app(API)
        ?.spec.inbound.map(({ application }) => application),
    ];
    const [old, fresh] = [
      [['api-key'], ['web'], ['web']],
      [['web-key'], ['other'], ['other']],
    ];
    assert.equal((await post(world, { app: API, key: api, inbound: [WEB] })).status, 201);
    assert.deepEqual(state(), old);
    fatal = commits + 1;
    const next: Client = { app: API, key: web, inbound: ['dev-gcp:team:other'] };
    assert.equal((await post(world, next)).status, 503);
    assert.deepEqual(state(), dies === 'before' ? old : fresh);
    assert.equal((await post(world, next)).status, 201);
    assert.deepEqual(state(), fresh);
  }
});
