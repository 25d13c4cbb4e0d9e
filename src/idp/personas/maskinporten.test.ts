import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CLIENTS } from '../testing/rows.ts';
import { createCaller } from '../testing/maskinporten.ts';
import { claimsOf, PID } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['maskinporten'] });
after(() => world.close());

const ISSUER = ISSUERS.maskinporten;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const { ask, refusal, sign } = createCaller(world);
const outcome = async (claims: Record<string, unknown>): Promise<string> => (await refusal(await sign(claims)))[0];

test('maskinporten-21-metadata: the whole document, OAuth only; the OpenID path is not there', async () => {
  const response = await world.fetch(`${ISSUER}.well-known/oauth-authorization-server`);
  assert.deepEqual(await response.json(), {
    issuer: ISSUER,
    token_endpoint: `${ISSUER}token`,
    jwks_uri: `${ISSUER}jwk`,
    grant_types_supported: [GRANT],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'RS512'],
    authorization_details_types_supported: ['urn:altinn:systemuser', 'urn:altinn:consent'],
  });
  for (const path of ['.well-known/openid-configuration', 'authorize', 'jwks', 'token/introspect', '']) {
    assert.equal((await world.fetch(`${ISSUER}${path}`)).status, 404, path);
  }
});

test('maskinporten-21-metadata: two keys with `alg`, named so that they can be told apart', async () => {
  const { keys } = (await (await world.fetch(`${ISSUER}jwk`)).json()) as { keys: Record<string, unknown>[] };
  assert.deepEqual(
    keys.map(({ alg, kty, use }) => [kty, alg, use]),
    [
      ['RSA', 'RS256', 'sig'],
      ['RSA', 'RS256', 'sig'],
    ],
  );
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, 2);
});

test('maskinporten-23-assertion: aud is the issuer with its slash', async () => {
  const wrong = [ISSUER.slice(0, -1), `${ISSUER}token`, [ISSUER, 'https://other.example/'], [], ISSUER.toUpperCase()];
  assert.equal((await ask(await sign({ aud: ISSUER }))).status, 200);
  for (const aud of wrong) assert.equal(await outcome({ aud }), '400 invalid_grant MP-110');
});

test('maskinporten-23-assertion: aud may be a list of one', async () => {
  assert.equal((await ask(await sign({ aud: [ISSUER] }))).status, 200);
});

test('maskinporten-23-assertion: an iat 10 s ahead and a life of 120 s pass', async () => {
  const { now } = world.clock;
  assert.equal((await ask(await sign({ iat: now + 10, exp: now + 60 }))).status, 200);
  assert.equal((await ask(await sign({ exp: now + 120 }))).status, 200);
});

test('maskinporten-23-assertion: an iat or nbf 11 s ahead, and a life of 121 s, are refused without a number (RFC 7523 3)', async () => {
  const { now } = world.clock;
  assert.equal(await outcome({ iat: now + 11, exp: now + 60 }), '400 invalid_grant -');
  assert.equal(await outcome({ nbf: now + 11 }), '400 invalid_grant -');
  assert.equal(await outcome({ exp: now + 121 }), '400 invalid_grant -');
});

test('maskinporten-23-assertion: nbf is allowed, up to 10 s ahead', async () => {
  const { now } = world.clock;
  for (const nbf of [now - 60, now, now + 10]) assert.equal((await ask(await sign({ nbf }))).status, 200);
});

test('maskinporten-23-assertion: claims outside the list are refused, sub too', async () => {
  assert.equal(await outcome({ sub: CLIENTS.feed }), '400 invalid_grant -');
  assert.equal(await outcome({ foo: 1 }), '400 invalid_grant -');
});

test('maskinporten-23-assertion: a jti is spent until its exp; without one nothing is', async () => {
  const once = await sign();
  assert.equal((await ask(once)).status, 200);
  assert.equal((await refusal(once))[0], '400 invalid_grant MP-012');
  const unnamed = await sign({ jti: undefined });
  assert.deepEqual([(await ask(unnamed)).status, (await ask(unnamed)).status], [200, 200]);
});

test('maskinporten-24-keys: kid is compulsory once a key is registered, and no certificate stands in for it', async () => {
  const { certified } = createCaller(world);
  const assertion = await certified({}, { claims: { iss: CLIENTS.feed } });
  const [outcomeOf, text] = await refusal(assertion);
  assert.equal(outcomeOf, '400 invalid_grant -');
  assert.match(text, /does not authenticate the client.*kid/);
});

test('maskinporten-25-tokens: no subject, no nbf, no audience of its own, no refresh token', async () => {
  const { body } = await ask(await sign());
  const { iat, jti, ...claims } = claimsOf(body['access_token']);
  assert.deepEqual(claims, {
    iss: ISSUER,
    client_amr: 'private_key_jwt',
    token_type: 'Bearer',
    client_id: CLIENTS.feed,
    scope: 'demo:feed/read',
    exp: Number(iat) + 120,
    consumer: { authority: 'iso6523-actorid-upis', ID: '0192:310000019' },
  });
  assert.equal(iat, world.clock.now);
  assert.ok(typeof jti === 'string');
  assert.deepEqual(Object.keys(body).toSorted(), ['access_token', 'expires_in', 'scope', 'token_type']);
});

test('maskinporten-25-tokens: resource becomes aud, one as a string and several as a list; the shortest life wins', async () => {
  const [one, two] = ['https://api.example.test', 'https://other.example.test'];
  const short = await ask(await sign({ scope: 'demo:feed/read demo:feed/short', resource: [one] }));
  assert.equal(short.body['expires_in'], 30);
  assert.equal(short.body['scope'], 'demo:feed/read demo:feed/short');
  assert.equal(claimsOf(short.body['access_token'])['aud'], one);
  const both = await ask(await sign({ resource: [one, two] }));
  assert.deepEqual(claimsOf(both.body['access_token'])['aud'], [one, two]);
});

test('maskinporten-25-tokens: resource may be one string', async () => {
  const { body } = await ask(await sign({ resource: 'https://api.example.test' }));
  assert.equal(claimsOf(body['access_token'])['aud'], 'https://api.example.test');
});

test('maskinporten-25-tokens: a person is named where every scope allows it', async () => {
  const { body } = await ask(await sign({ scope: 'demo:feed/person', pid: PID }));
  assert.equal(claimsOf(body['access_token'])['pid'], PID);
  assert.equal(await outcome({ scope: 'demo:feed/person demo:feed/read', pid: PID }), '400 invalid_request -');
  // Month 01: a number that may be somebody's.
  assert.equal(await outcome({ scope: 'demo:feed/person', pid: '01019090285' }), '400 invalid_request MP-011');
});

test('maskinporten-25-tokens: parameters beside the two are ignored', async () => {
  const assertion = await sign();
  const response = await world.fetch(`${ISSUER}token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: GRANT, assertion, client_id: 'x', scope: 'y' }).toString(),
  });
  assert.equal(response.status, 200);
});
