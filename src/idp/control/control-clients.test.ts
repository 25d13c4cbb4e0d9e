import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { listOf, openControlOf } from '../testing/control.ts';
import { foreignKey } from '../testing/keys.ts';
import { CLIENTS, guid } from '../testing/rows.ts';
import { authorizeUrl, CALLBACK, claimsOf, codeAt, PID, redeem } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten', 'openid'] });
after(() => world.close());
const control = await openControlOf(world);
const rsa = await foreignKey('new-rsa');

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

const NEW_CLIENT = {
  client_id: 'added',
  client_name: 'Added by hand',
  token_endpoint_auth_method: 'client_secret_basic',
  redirect_uris: [CALLBACK],
};

async function tokens(clientId: string, secret: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const code = await codeAt(world, { client_id: clientId });
  const response = await world.fetch(
    `${ISSUERS.idporten}/token`,
    form(redeem(code), { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` }),
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('control: an ID-porten client can be added with the names of its registration; its secret is told once and kept as a hash', async () => {
  await startAgain();
  const made = await control('POST', '/v1/idporten/clients', NEW_CLIENT);
  assert.equal(made.status, 201);
  const secret = String(made.body['client_secret']);
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
  const answer = await tokens('added', secret);
  assert.equal(answer.status, 200);
  assert.equal(claimsOf(answer.body['id_token'])['aud'], 'added');

  const read = await control('GET', '/v1/idporten/clients/added');
  assert.deepEqual([read.body['source'], read.body['client_secret']], ['api', undefined]);
  const hash = createHash('sha256').update(secret).digest('hex');
  const everything = JSON.stringify([read.body, (await control('GET', '/v1/idporten/clients')).body]);
  assert.ok(!everything.includes(secret) && !everything.includes(hash));
});

test('control: a native program may be sent back to by a scheme of its own, a web application may not', async () => {
  await startAgain();
  await control('POST', '/v1/idporten/clients', NEW_CLIENT);
  const redirect_uri = 'no.example.app:/callback';
  for (const [application_type, status] of [
    ['native', 302],
    ['web', 400],
  ] as const) {
    await control('PUT', '/v1/idporten/clients/added', {
      ...NEW_CLIENT,
      application_type,
      redirect_uris: [redirect_uri],
    });
    assert.equal((await control('GET', '/v1/idporten/clients/added')).body['application_type'], application_type);
    const hint = { login_hint: `testid:${PID}_idporten-loa-high` };
    assert.equal((await world.fetch(authorizeUrl({ client_id: 'added', redirect_uri, ...hint }))).status, status);
  }
});

test('control: replacing a client keeps its secret unless a new one is given; removing it ends it', async () => {
  await startAgain();
  const secret = String((await control('POST', '/v1/idporten/clients', NEW_CLIENT)).body['client_secret']);
  const replaced = await control('PUT', '/v1/idporten/clients/added', { ...NEW_CLIENT, access_token_lifetime: 77 });
  assert.deepEqual([replaced.status, replaced.body['client_secret']], [200, undefined]);
  const answer = await tokens('added', secret);
  assert.deepEqual([answer.status, answer.body['expires_in']], [200, 77]);
  await control('PUT', '/v1/idporten/clients/added', { ...NEW_CLIENT, client_secret: 'chosen' });
  assert.equal((await tokens('added', secret)).status, 401);
  assert.equal((await tokens('added', 'chosen')).status, 200);
  assert.equal((await control('DELETE', '/v1/idporten/clients/added')).status, 204);
  assert.equal((await control('GET', '/v1/idporten/clients/added')).status, 404);
  assert.match(await codeAt(world, { client_id: 'added' }), /^no code: 400/);
});

test('control: what one shows can be sent back as it is', async () => {
  await startAgain();
  const jwks = { keys: [rsa.publicJwk] };
  const bodies = {
    idporten: { ...NEW_CLIENT, token_endpoint_auth_method: 'private_key_jwt', jwks },
    maskinporten: { client_id: 'added', scopes: ['new:scope'], jwks },
    entra: { appId: guid(0x99), groups: [guid(0xe1)], preAuthorizedApplications: [{ appId: CLIENTS.desk }], jwks },
    openid: { client_id: 'added', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' },
  };
  for (const [persona, body] of Object.entries(bodies)) {
    const made = await control('POST', `/v1/${persona}/clients`, body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const id = String(made.body[persona === 'entra' ? 'appId' : 'client_id']);
    const again = await control('PUT', `/v1/${persona}/clients/${id}`, made.body);
    assert.deepEqual(again, { ...made, status: 200 });
  }
});

test('control: a client of a manifest is shown with its source, and changing it is 409 that says where it is declared', async () => {
  await startAgain();
  const clients = listOf(await control('GET', '/v1/idporten/clients'), 'clients');
  assert.ok(clients.some((client) => client['client_id'] === CLIENTS.portal && client['source'] === 'manifest'));
  const attempts = [
    control('PUT', `/v1/idporten/clients/${CLIENTS.portal}`, NEW_CLIENT),
    control('DELETE', `/v1/idporten/clients/${CLIENTS.portal}`),
    control('POST', '/v1/idporten/clients', { ...NEW_CLIENT, client_id: CLIENTS.portal }),
    control('POST', '/v1/idporten/clients', { ...NEW_CLIENT, client_name: 'local:demo:portal' }),
  ];
  for (const attempt of attempts) {
    const { status, body } = await attempt;
    assert.equal(status, 409);
    assert.match(String(body['message']), /local:demo:portal.* is declared in portal\.yaml:18/);
  }
  await control('POST', '/v1/idporten/clients', NEW_CLIENT);
  assert.equal((await control('POST', '/v1/idporten/clients', NEW_CLIENT)).status, 409);
});

test('control: a bad member of a client is 422 with its path, whatever the persona', async () => {
  await startAgain();
  const rows: readonly (readonly [string, object, string])[] = [
    ['idporten', { ...NEW_CLIENT, redirect_uris: ['http://a.example.test/', '/relative'] }, 'redirect_uris.1'],
    ['idporten', { ...NEW_CLIENT, token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
    ['idporten', { ...NEW_CLIENT, client_orgno: '12' }, 'client_orgno'],
    ['idporten', { ...NEW_CLIENT, redirect_url: CALLBACK }, 'redirect_url'],
    ['idporten', { ...NEW_CLIENT, jwks: { keys: [{ kty: 'RSA', kid: 'x', n: 'AQAB', e: 'AQAB' }] } }, 'jwks.keys.0'],
    ['maskinporten', { client_id: 'x' }, 'scopes'],
    ['entra', { appId: 'not-a-guid' }, 'appId'],
    ['entra', { web: { redirectUris: ['nope'] } }, 'web.redirectUris.0'],
    ['entra', { certificates: ['AAAA'] }, 'certificates.0'],
    ['openid', { redirect_uris: ['nope'] }, 'redirect_uris.0'],
  ];
  for (const [persona, body, path] of rows) {
    const answer = await control('POST', `/v1/${persona}/clients`, body);
    assert.deepEqual([answer.status, answer.body['path']], [422, path], JSON.stringify(answer.body));
  }
});
