import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import { administer, exchangeAs, tokenFor } from '../testing/operators.ts';
import { createRegistrarBench, API } from '../testing/registrar-bench.ts';
import { CLIENTS, registrationBody } from '../testing/registrations.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const { keys, open, tokenOf, wish, registerAs, ask, list } = await createRegistrarBench();

test('T6: a registration is answered with what is registered, read back, listed, and taken away', async (t) => {
  const world = await open(t);
  const body = await registrationBody(world, wish({ inbound: ['dev:fleet:web', 'dev:other:*'] }));
  const made = await administer(world, CLIENTS, { token: await tokenOf(world), body });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers['cache-control'], 'no-store');
  const [jwk] = (body['jwks'] as { keys: object[] }).keys;
  assert.deepEqual(made.body, {
    client_id: API,
    jwks: { keys: [jwk] },
    software_statement: body['software_statement'],
    grant_types: [TOKEN_EXCHANGE],
    token_endpoint_auth_method: 'private_key_jwt',
    allowedScopes: [],
  });
  const view = {
    clientId: API,
    jwks: { keys: [jwk] },
    accessPolicyInbound: { clients: ['dev:fleet:web', 'dev:other:*'] },
    accessPolicyOutbound: { clients: [] },
    allowedScopes: [],
    allowedGrantTypes: [TOKEN_EXCHANGE],
  };
  assert.deepEqual((await ask(world, API)).body, view);
  assert.deepEqual(await list(world), [API]);
  assert.equal((await ask(world, API, 'DELETE')).status, 204);
  const gone = await ask(world, API);
  assert.equal(gone.status, 404);
  assert.match(String(gone.headers['content-type']), /^text\/plain/);
  assert.match(gone.text, /no client/);
  assert.deepEqual(await list(world), []);
  assert.equal((await ask(world, API, 'DELETE')).status, 204);
});

test('T6, P3: what is registered counts at once: its callers get tokens for it, its key signs for it, and after DELETE neither does', async (t) => {
  const world = await open(t);
  await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] });
  await registerAs(world, 'chief', { app: 'dev:fleet:next', inbound: [API] });
  const first = await tokenFor(world, ['web', 'new-api']);
  const allowed = world.lastDecision();
  assert.deepEqual(allowed?.rules, [`${API}#0`]);
  assert.equal((await exchangeAs(world, ['new-api', 'next'], first)).status, 200);
  assert.equal((await exchangeAs(world, ['store', 'new-api'])).body['fm_reason'], 'no-rule');
  await ask(world, API, 'DELETE');
  assert.equal((await exchangeAs(world, ['new-api', 'next'], first)).body['fm_reason'], 'client-auth-failed');
  assert.equal((await exchangeAs(world, ['web', 'new-api'])).body['fm_reason'], 'target-unknown');
  assert.deepEqual((await ask(world, 'dev:fleet:next')).body['accessPolicyInbound'], { clients: [API] });
});

test('T6, P4: an inbound entry with * is a pattern: it gives tokens only where wildcardGrants says so, never to itself', async (t) => {
  for (const wildcardGrants of ['network-only', 'tokens'] as const) {
    const world = await open(t, { data: { wildcardGrants } });
    await registerAs(world, 'chief', { inbound: ['dev:fleet:*'] });
    const answer = await exchangeAs(world, ['web', 'new-api']);
    assert.equal(answer.body['fm_reason'], wildcardGrants === 'tokens' ? undefined : 'wildcard-network-only');
    const own = await exchangeAs(world, ['new-api', 'new-api']);
    assert.equal(own.body['fm_reason'], 'no-rule');
  }
});

test('T6: outbound entries are kept and told, and decide nothing', async (t) => {
  const world = await open(t);
  const claims = { accessPolicyOutbound: ['dev:fleet:store', 'dev:*:*'] };
  await registerAs(world, 'chief', { statement: { claims } });
  assert.deepEqual((await ask(world, API)).body['accessPolicyOutbound'], { clients: claims.accessPolicyOutbound });
  assert.equal((await exchangeAs(world, ['new-api', 'store'])).body['fm_reason'], 'no-rule');
});

test('T6: POST replaces everything in one version, writes none when nothing changed, and keeps the uid', async (t) => {
  const world = await open(t);
  const state = (): readonly unknown[] => {
    const app = world.registry.snapshot().app(API);
    return [world.registry.snapshot().version, app?.generation];
  };
  await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] });
  const uid = world.registry.snapshot().app(API)?.uid;
  assert.deepEqual(state(), [2, 1]);
  assert.equal((await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] })).status, 201);
  assert.deepEqual(state(), [2, 1]);
  const stranger = publicJwk(keys.stranger);
  await registerAs(world, 'chief', { inbound: ['dev:fleet:store'], body: { jwks: { keys: [stranger] } } });
  assert.deepEqual(state(), [3, 2]);
  const { body } = await ask(world, API);
  assert.deepEqual(body['accessPolicyInbound'], { clients: ['dev:fleet:store'] });
  assert.deepEqual(body['jwks'], { keys: [stranger] });
  assert.equal(world.registry.snapshot().app(API)?.uid, uid);
  assert.equal((await exchangeAs(world, ['web', 'new-api'])).body['fm_reason'], 'no-rule');
  assert.equal((await exchangeAs(world, ['new-api', 'store'])).body['fm_reason'], 'client-auth-failed');
});

test('T6: a client that is registered anew after DELETE is another one: new uid, first generation, nothing of the old', async (t) => {
  const world = await open(t);
  await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] });
  const before = world.registry.snapshot().app(API);
  await ask(world, API, 'DELETE');
  assert.equal(world.registry.snapshot().clientOf(API, 'tokenx'), undefined);
  assert.deepEqual(world.registry.snapshot().grantsFor(API), []);
  await registerAs(world, 'chief', { body: { jwks: { keys: [publicJwk(keys.stranger)] } } });
  const after = world.registry.snapshot().app(API);
  assert.notEqual(after?.uid, before?.uid);
  assert.equal(after?.generation, 1);
  assert.equal((await exchangeAs(world, ['web', 'new-api'])).body['fm_reason'], 'no-rule');
});
