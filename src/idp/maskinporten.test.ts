import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { generatePrivateJwk, importSigningKey } from '../oauth/jwk.ts';
import { signJws } from '../oauth/jws.ts';
import { CLIENTS } from './testing/rows.ts';
import { claimsOf } from './testing/sign-in.ts';
import { form, ISSUERS, openWorld } from './testing/world.ts';

const world = await openWorld();
after(() => world.close());

const ISSUER = ISSUERS.maskinporten;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function ask(assertion: string, grantType: string = GRANT): Promise<Answer> {
  const response = await world.fetch(`${ISSUER}token`, form({ grant_type: grantType, assertion }));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function sign(claims: Record<string, unknown> = {}, key = world.key): Promise<string> {
  const { now } = world.clock;
  const base = {
    iss: CLIENTS.feed,
    aud: ISSUER,
    iat: now,
    exp: now + 30,
    jti: crypto.randomUUID(),
    scope: 'demo:feed/read',
  };
  return await signJws({}, { ...base, ...claims }, key);
}

/** Status, error and number of a refusal, after checking that trace and error_uri are where they belong. */
async function refusal(assertion: string): Promise<string> {
  const { status, body } = await ask(assertion);
  assert.match(String(body['error_description']), / \(trace_id: [0-9a-f]{32}\)$/);
  const uri = body['error_uri'] as string | undefined;
  if (uri !== undefined) assert.ok(uri.startsWith(`${ISSUER}errors/MP-`));
  return `${status} ${String(body['error'])} ${uri === undefined ? '-' : uri.slice(`${ISSUER}errors/`.length)}`;
}

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
  assert.equal((await world.fetch(`${ISSUER}.well-known/openid-configuration`)).status, 404);
  const { keys } = (await (await world.fetch(`${ISSUER}jwk`)).json()) as { keys: unknown[] };
  assert.equal(keys.length, 2);
});

test('maskinporten-22-errors: each fault has its status, error and number', async () => {
  const stranger = importSigningKey(await generatePrivateJwk('RS256', 'client-key'));
  const unnamed = importSigningKey(await generatePrivateJwk('RS256', 'other'));
  const { now } = world.clock;
  assert.equal(await refusal('x'), '400 invalid_request MP-011');
  assert.equal(await refusal(await sign({ exp: String(now) })), '400 invalid_request MP-011');
  assert.equal(await refusal(await sign({ iss: 'nobody' })), '400 invalid_grant MP-100');
  assert.equal(await refusal(await sign({}, unnamed)), '400 invalid_grant -');
  assert.equal(await refusal(await sign({}, stranger)), '400 invalid_grant MP-124');
  assert.equal(await refusal(await sign({ iat: now - 60, exp: now - 30 })), '400 invalid_grant MP-130');
  assert.equal(await refusal(await sign({ scope: undefined })), '400 invalid_scope MP-200');
  assert.equal(await refusal(await sign({ scope: 'demo:feed/foreign' })), '400 invalid_scope MP-200');
  assert.equal(await refusal(await sign({ scope: 'demo:feed/other' })), '403 forbidden MP-250');
  assert.equal((await ask(await sign(), 'client_credentials')).body['error'], 'unsupported_grant_type');
  assert.equal((await world.fetch(`${ISSUER}token`, form({}))).status, 400);
});

test('maskinporten-22-errors: a refusal by policy tells the manifest line, by event only', async () => {
  world.events.length = 0;
  const { body } = await ask(await sign({ scope: 'demo:feed/other' }));
  const refused = world.events.find((event) => event.event === 'idp.refused');
  assert.ok(refused?.event === 'idp.refused');
  assert.deepEqual([refused.number, refused.reason], ['MP-250', 'scope-no-access']);
  assert.match(
    refused.fix ?? '',
    /orgno: "310000019"` under spec\.maskinporten\.scopes\.exposes\.consumers in the manifest of local:demo:api/,
  );
  assert.doesNotMatch(JSON.stringify(body), /manifest|310000019/);
});

test('maskinporten-23-assertion: aud is the issuer with its slash, as a string or one-element array', async () => {
  assert.equal((await ask(await sign({ aud: [ISSUER] }))).status, 200);
  for (const aud of [
    ISSUER.slice(0, -1),
    `${ISSUER}token`,
    [ISSUER, 'https://other.example/'],
    [],
    ISSUER.toUpperCase(),
  ]) {
    assert.equal(await refusal(await sign({ aud })), '400 invalid_grant MP-110');
  }
});

test('maskinporten-23-assertion: nbf is allowed; sub, foreign claims, long lives, the future and a used jti are not', async () => {
  const { now } = world.clock;
  assert.equal((await ask(await sign({ nbf: now }))).status, 200);
  assert.equal((await ask(await sign({ iat: now + 9, exp: now + 60 }))).status, 200);
  assert.equal(await refusal(await sign({ iat: now + 11, exp: now + 60 })), '400 invalid_grant -');
  assert.equal((await ask(await sign({ exp: now + 120 }))).status, 200);
  assert.equal(await refusal(await sign({ exp: now + 121 })), '400 invalid_grant -');
  assert.equal(await refusal(await sign({ sub: CLIENTS.feed })), '400 invalid_grant -');
  assert.equal(await refusal(await sign({ foo: 1 })), '400 invalid_grant -');
  const once = await sign();
  assert.equal((await ask(once)).status, 200);
  assert.equal(await refusal(once), '400 invalid_grant MP-012');
});

test('maskinporten-24-keys: kid is compulsory once a key is registered', async () => {
  const token = await sign();
  const [, payload = '', signature = ''] = token.split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'RS256' })).toString('base64url');
  assert.equal(await refusal(`${header}.${payload}.${signature}`), '400 invalid_grant -');
});

test('maskinporten-25-tokens: resource becomes aud, the shortest life wins, no subject and no refresh token', async () => {
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
  assert.ok(typeof jti === 'string');
  assert.deepEqual(Object.keys(body).toSorted(), ['access_token', 'expires_in', 'scope', 'token_type']);
  const short = await ask(
    await sign({ scope: 'demo:feed/read demo:feed/short', resource: ['https://api.example.test'] }),
  );
  assert.equal(short.body['expires_in'], 30);
  assert.equal(claimsOf(short.body['access_token'])['aud'], 'https://api.example.test');
});
