import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import { grantTypesOf } from './registration-body.ts';
import { createRegistrarBench, API } from '../testing/registrar-bench.ts';
import { CLIENTS, registrationBody } from '../testing/registrations.ts';
import type { Answer } from '../testing/world.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const { keys, open, tokenOf, wish, registerAs, ask } = await createRegistrarBench();

test('T3: members nobody knows are ignored; grant types are told as they are on the wire', async (t) => {
  const world = await open(t);
  const both = [TOKEN_EXCHANGE, 'client_credentials'];
  const body = { redirect_uris: ['https://x.example.test'], scopes: ['a'], grant_types: both, nested: { a: [1] } };
  const made = await registerAs(world, 'chief', { body });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.body['grant_types'], both);
  assert.deepEqual(made.body['allowedScopes'], []);
  assert.deepEqual((await ask(world, API)).body['allowedGrantTypes'], both);
  await registerAs(world, 'chief', { body: { scopes: null, grant_types: null } });
  assert.deepEqual((await ask(world, API)).body['allowedGrantTypes'], grantTypesOf(undefined));
});

const privateJwk = { ...publicJwk(keys.client), d: keys.client.d };
const many = (count: number): object[] =>
  Array.from({ length: count }, (_, place) => ({ ...publicJwk(keys.client), kid: `k-${place}` }));
const WEAK = {
  kty: 'RSA',
  kid: 'weak',
  e: 'AQAB',
  n: Buffer.alloc(128, 0xfb).toString('base64url'),
};
const BAD_BODIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no client_name': { client_name: undefined },
  'an empty client_name': { client_name: '' },
  'a client_name that is no text': { client_name: 5 },
  'no jwks': { jwks: undefined },
  'jwks as a list': { jwks: [publicJwk(keys.client)] },
  'no keys': { jwks: { keys: [] } },
  'twenty-one keys': { jwks: { keys: many(21) } },
  'no statement': { software_statement: undefined },
  'scopes as text': { scopes: 'a b' },
  'a grant nobody gives': { grant_types: ['authorization_code'] },
  'a private key': { jwks: { keys: [privateJwk] } },
  'a private key beside a good one': { jwks: { keys: [publicJwk(keys.stranger), privateJwk] } },
  'a symmetric key': { jwks: { keys: [{ kty: 'oct', kid: 'o', k: 'AAAA' }] } },
  'a weak RSA key': { jwks: { keys: [WEAK] } },
  'a key without kid': { jwks: { keys: [{ ...publicJwk(keys.client), kid: undefined }] } },
  'two keys of one kid': { jwks: { keys: [publicJwk(keys.client), publicJwk(keys.client)] } },
  'a key type nobody knows': { jwks: { keys: [{ kty: 'XYZ', kid: 'x' }] } },
  'a key for encryption': { jwks: { keys: [{ ...publicJwk(keys.client), use: 'enc' }] } },
  'a key that is for no accepted algorithm': { jwks: { keys: [{ ...publicJwk(keys.client), alg: 'RS512' }] } },
  'a key that is none': { jwks: { keys: [null] } },
};

test('T3, T4, T7, N20: a body that is not as it must be is refused as a whole, and the description names the member', async (t) => {
  const world = await open(t);
  for (const [what, body] of Object.entries(BAD_BODIES)) {
    const answer = await registerAs(world, 'chief', { body });
    assert.equal(answer.status, 400, what);
    assert.equal(answer.body['error'], 'invalid_client_metadata', what);
    const [member = ''] = Object.keys(body);
    assert.ok(String(answer.body['error_description']).startsWith(member), `${what}: ${answer.text}`);
    assert.doesNotMatch(answer.text, new RegExp(keys.client.d.slice(0, 20)));
  }
  assert.equal(world.registry.snapshot().version, 1);
  assert.deepEqual(world.remembered, []);
  assert.equal((await registerAs(world, 'chief', { body: { jwks: { keys: many(20) } } })).status, 201);
});

test('T4: of a key only what makes it a public key is kept', async (t) => {
  const world = await open(t);
  const jwk = { ...publicJwk(keys.client), x5c: ['AAAA'], 'x-note': 'keep me', key_ops: ['verify'] };
  const answer = await registerAs(world, 'chief', { body: { jwks: { keys: [jwk] } } });
  assert.equal(answer.status, 201, answer.text);
  const { kty, n, e, kid, alg } = publicJwk(keys.client);
  assert.deepEqual(answer.body['jwks'], { keys: [{ kty, n, e, kid, use: 'sig', alg }] });
});

test('T3: a body over 64 KiB is 413; what is not strict JSON is refused', async (t) => {
  const world = await open(t);
  const token = await tokenOf(world);
  const send = (body: string): Promise<Answer> =>
    world.send('POST', CLIENTS, { headers: { Authorization: `Bearer ${token}` }, body });
  const good = JSON.stringify(await registrationBody(world, wish()));
  assert.equal((await send(good.padEnd(64 * 1024 + 1))).status, 413);
  for (const body of ['', '{', '[]', '"x"', good.replace('{', '{"client_name":"twice",'), `${good}x`]) {
    const answer = await send(body);
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_client_metadata'], body.slice(0, 20));
  }
  assert.equal((await send(good.padEnd(64 * 1024))).status, 201);
});
