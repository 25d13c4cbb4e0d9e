import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { signClientAssertion } from '../../oauth/client-assertion.ts';
import { signJws } from '../../oauth/jws.ts';
import { listOf, openControlOf } from '../testing/control.ts';
import { foreignKey } from '../testing/keys.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askEntra, claimsOf } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra', 'maskinporten', 'openid'] });
after(() => world.close());
const control = await openControlOf(world);
const key = await foreignKey('new-key', 'ES256');
const rsa = await foreignKey('new-rsa');

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

test('control: an Entra application that was added is judged as any other: 501051 until it is pre-authorised', async () => {
  await startAgain();
  const caller = await control('POST', '/v1/entra/clients', { passwordCredentials: [{ displayName: 'test' }] });
  const [password] = listOf(caller, 'passwordCredentials');
  const clientId = String(caller.body['appId']);
  const api = await control('POST', '/v1/entra/clients', { displayName: 'An API' });
  const apiId = String(api.body['appId']);
  const ask = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: String(password?.['secretText']),
    scope: `api://${apiId}/.default`,
  };
  const before = await askEntra(world, ask);
  assert.deepEqual(before.body['error_codes'], [501051]);
  await control('PUT', `/v1/entra/clients/${apiId}`, {
    preAuthorizedApplications: [{ appId: clientId, roles: ['admin'] }],
  });
  const { status, body } = await askEntra(world, ask);
  assert.equal(status, 200);
  const claims = claimsOf(body['access_token']);
  assert.deepEqual(
    [claims['aud'], claims['azp'], claims['roles']],
    [apiId, clientId, ['access_as_application', 'admin']],
  );
  const shown = await control('GET', `/v1/entra/clients/${clientId}`);
  const [credential = {}] = shown.body['passwordCredentials'] as readonly object[];
  assert.deepEqual(Object.keys(credential), ['keyId']);
});

test('control: an added application can call one of a manifest whose rules name it, and the other way round', async () => {
  await startAgain();
  const api = await control('POST', '/v1/entra/clients', {
    displayName: 'local:demo:added-api',
    preAuthorizedApplications: [{ appId: CLIENTS.desk, scopes: ['read'] }],
  });
  const { status, body } = await askEntra(world, {
    grant_type: 'client_credentials',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    scope: 'api://local.demo.added-api/.default',
  });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(claimsOf(body['access_token'])['aud'], api.body['appId']);
});

test('control: an Entra application may prove itself with a key of jwks', async () => {
  await startAgain();
  const made = await control('POST', '/v1/entra/clients', { jwks: { keys: [rsa.publicJwk] } });
  const clientId = String(made.body['appId']);
  const { status, body } = await askEntra(world, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await signClientAssertion({
      key: rsa,
      clientId,
      audience: `${ISSUERS.entra}/${TENANT}/v2.0`,
      now: world.clock.now,
    }),
    scope: `api://${clientId}/.default`,
  });
  assert.equal(status, 200, JSON.stringify(body));
});

test('control: a Maskinporten client brings its scopes, with access or without', async () => {
  await startAgain();
  await control('POST', '/v1/maskinporten/clients', {
    client_id: 'lender',
    client_orgno: '310000019',
    scopes: ['new:read', { name: 'new:write', access: false }, { name: 'new:short', at_max_age: 7 }],
    jwks: { keys: [rsa.publicJwk] },
  });
  const ask = async (scope: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const claims = {
      iss: 'lender',
      aud: ISSUERS.maskinporten,
      scope,
      iat: world.clock.now,
      exp: world.clock.now + 60,
      jti: scope,
    };
    const response = await world.fetch(
      `${ISSUERS.maskinporten}token`,
      form({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: await signJws({}, claims, rsa) }),
    );
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  assert.equal((await ask('new:read')).status, 200);
  assert.equal((await ask('new:short')).body['expires_in'], 7);
  const refused = await ask('new:write');
  assert.deepEqual([refused.status, refused.body['error']], [403, 'forbidden']);
  assert.equal((await ask('new:other')).body['error'], 'invalid_scope');
});

test('control: a client of the generic persona has the names of RFC 7591', async () => {
  await startAgain();
  const made = await control('POST', '/v1/openid/clients', {
    client_id: 'machine',
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
    id_token_signed_response_alg: 'ES256',
    jwks: { keys: [key.publicJwk] },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const response = await fetch(
    `${world.listener('OpenID').origin}/token`,
    form({ grant_type: 'client_credentials', client_id: 'machine', client_secret: String(made.body['client_secret']) }),
  );
  assert.equal(response.status, 200);
});

test('control: authorizations of Maskinporten can be added, listed, replaced and removed', async () => {
  await startAgain();
  const all = '/v1/maskinporten/authorizations';
  const user = {
    type: 'urn:altinn:systemuser',
    systemuser_org: { authority: 'iso6523-actorid-upis', ID: '0192:310000027' },
    systemuser_id: ['a'],
    system_id: 'system',
  };
  const delegation = { type: 'delegation', scope: 'demo:feed/read', consumer: '310000027', supplier: '310000019' };
  const made = await control('POST', all, user);
  assert.equal(made.status, 201);
  assert.equal((await control('POST', all, user)).status, 409);
  assert.equal((await control('POST', all, delegation)).status, 201);
  assert.deepEqual(world.idp.clients.authorizations(), [user]);
  assert.deepEqual(world.idp.clients.delegations(), [
    { scope: 'demo:feed/read', consumer: '310000027', supplier: '310000019' },
  ]);
  const one = `${all}/${String(made.body['id'])}`;
  assert.equal((await control('PUT', one, { ...user, systemuser_id: ['b'] })).status, 200);
  assert.deepEqual((await control('GET', one)).body['systemuser_id'], ['b']);
  assert.equal((await control('DELETE', one)).status, 204);
  assert.equal(listOf(await control('GET', all), 'authorizations').length, 1);
  const bad = await control('POST', all, { ...user, systemuser_org: { authority: 'iso6523-actorid-upis', ID: '12' } });
  assert.deepEqual([bad.status, bad.body['path']], [422, 'systemuser_org.ID']);
});
