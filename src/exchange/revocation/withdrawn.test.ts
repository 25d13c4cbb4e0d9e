import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import { CLIENT_ASSERTION_TYPE, GRANT } from '../../oauth/client-assertion.ts';
import type { RegistryChange } from '../../registry/contract.ts';
import type { Client } from '../../registry/model.ts';
import { askAs, exchangeAs, tokenFor } from '../testing/operators.ts';
import { FORM, createTestKeys, createWorld, defaultData, testApp, testClient, testGrant } from '../testing/world.ts';
import type { World } from '../testing/world.ts';

const keys = await createTestKeys();
const jwks = [publicJwk(keys.client)];

function mayCallForItself(name: string): Client {
  const client = testClient(name, jwks);
  const grantTypes = ['token-exchange', 'client_credentials'] as const;
  return { ...client, registration: { provider: 'tokenx', token: {}, grantTypes } };
}

async function open(t: TestContext): Promise<World> {
  const { clients } = defaultData(keys);
  const others = clients.filter(({ app, provider }) => app !== 'dev:fleet:web' || provider !== 'tokenx');
  const world = await createWorld({ keys, data: { clients: [...others, mayCallForItself('web')] } });
  t.after(() => world.close());
  return world;
}

/** Every way by which an edge from web to api could still be of use: the first that is refused counts. */
const WAYS: Readonly<Record<string, (world: World, tokens: Tokens) => Promise<unknown>>> = {
  exchange: async (world) => (await exchangeAs(world, ['web', 'api'])).status,
  client_credentials: async (world) => (await credentialsFor(world)).status,
  introspect: async (world, { first }) => activeness(world, 'api', first),
  'introspect of a token for itself': async (world, { itself }) => activeness(world, 'api', itself),
  'chained own token': async (world, { first }) => (await exchangeAs(world, ['api', 'store'], first)).status,
};

interface Tokens {
  readonly first: string;
  readonly itself: string;
}

async function activeness(world: World, app: string, token: string): Promise<number> {
  const answer = await askAs(world, app, { path: '/introspect', token });
  if (answer.status !== 200) return answer.status;
  return answer.body['active'] === true ? 200 : 400;
}

async function credentialsFor(world: World): ReturnType<World['send']> {
  const body = new URLSearchParams({
    grant_type: GRANT.clientCredentials,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await world.assertion(),
    audience: 'dev:fleet:api',
  });
  return world.send('POST', '/token', { headers: FORM, body: body.toString() });
}

const api = testApp('api');
const web = testApp('web');
const CHANGES: Readonly<Record<string, RegistryChange>> = {
  'client disabled': { putApps: [testApp('web', { state: 'disabled' })] },
  'client deleted': { removeApps: [web.id] },
  'client with TokenX off': { removeClients: [{ app: web.id, provider: 'tokenx' }] },
  'client of TokenX disabled': { putClients: [{ ...mayCallForItself('web'), state: 'disabled' }] },
  'target disabled': { putApps: [testApp('api', { state: 'disabled' })] },
  'target deleted': { removeApps: [api.id] },
  'target with TokenX off': { removeClients: [{ app: api.id, provider: 'tokenx' }] },
  'rule removed': { replaceGrants: [{ target: api.id, grants: [] }] },
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`N07, P2: ${what}: nothing on any path, from the commit on`, async (t) => {
    const world = await open(t);
    const tokens = {
      first: await tokenFor(world, ['web', 'api']),
      itself: String((await credentialsFor(world)).body['access_token']),
    };
    for (const [way, go] of Object.entries(WAYS)) assert.equal(await go(world, tokens), 200, `${way}, before`);
    assert.equal(await world.registry.commit(world.registry.snapshot().version, change), 'ok');
    for (const [way, go] of Object.entries(WAYS)) assert.ok([400, 401].includes(Number(await go(world, tokens))), way);
  });
}

test('N07: what was taken away and given back works again, the old tokens with it', async (t) => {
  const world = await open(t);
  const first = await tokenFor(world, ['web', 'api']);
  const put = async (change: RegistryChange): Promise<void> => {
    assert.equal(await world.registry.commit(world.registry.snapshot().version, change), 'ok');
  };
  await put({ replaceGrants: [{ target: api.id, grants: [] }] });
  assert.equal(await activeness(world, 'api', first), 400);
  await put({ replaceGrants: [{ target: api.id, grants: [testGrant('web', 'api')] }] });
  assert.equal(await activeness(world, 'api', first), 200);
});

test('N07, 6.1: an issuer that is disabled or removed: no token of its users on any path, from the commit on', async (t) => {
  for (const disable of [true, false]) {
    const world = await open(t);
    const first = await tokenFor(world, ['web', 'api']);
    const row = world.registry.snapshot().issuer('idporten');
    assert.ok(row !== undefined);
    const change: RegistryChange = disable
      ? { putIssuers: [{ ...row, state: 'disabled' }] }
      : { removeIssuers: ['idporten'] };
    assert.equal(await world.registry.commit(world.registry.snapshot().version, change), 'ok');
    assert.equal((await exchangeAs(world, ['web', 'api'])).body['fm_reason'], 'subject-issuer');
    assert.equal(await activeness(world, 'api', first), 400);
    assert.equal((await exchangeAs(world, ['api', 'store'], first)).body['fm_reason'], 'subject-revoked');
    assert.equal((await credentialsFor(world)).status, 200);
  }
});
