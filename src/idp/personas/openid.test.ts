import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { importVerificationKey } from '../../oauth/jwk.ts';
import { parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import { answerOf, APP, basic, bearer, GOODBYE, headerOf, providerOf, SECRET } from '../testing/openid.ts';
import type { Answer } from '../testing/openid.ts';
import { claimsOf, PID, redirected, VERIFIER } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const METHODS = ['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none'] as const;
const EMPLOYEE = 'Z990001';

const world = await openWorld({ personas: ['openid'] });
after(() => world.close());
const op = await providerOf(world, 'openid');
op.register('web');
op.register('es256', { id_token_signed_response_alg: 'ES256' });
op.register('opaque', { access_token_format: 'opaque' });
op.register('job', { grant_types: ['client_credentials'], scope: 'api:read' });
op.register('no-refresh', { grant_types: ['authorization_code'] });
for (const method of METHODS) op.register(method, { token_endpoint_auth_method: method });

const said = ({ status, body }: Answer): string => `${status} ${String(body['error'])}`;

test('openid: both documents say the same, and the OpenID one the more (RFC 8414 2, Discovery 3)', async () => {
  const oauth = await answerOf(await op.fetch('/.well-known/oauth-authorization-server'));
  const openid = await answerOf(await op.fetch('/.well-known/openid-configuration'));
  for (const [name, value] of Object.entries(oauth.body)) assert.deepEqual(openid.body[name], value, name);
  const more = Object.keys(openid.body).filter((name) => !Object.hasOwn(oauth.body, name));
  assert.deepEqual(more, [
    'userinfo_endpoint',
    'end_session_endpoint',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
    'acr_values_supported',
    'claim_types_supported',
    'claims_supported',
    'claims_parameter_supported',
    'display_values_supported',
    'prompt_values_supported',
    'frontchannel_logout_supported',
    'frontchannel_logout_session_supported',
    'backchannel_logout_supported',
    'backchannel_logout_session_supported',
  ]);
});

test('openid: every endpoint that the metadata names answers, and each claim it names is told', async () => {
  const { body } = await answerOf(await op.fetch('/.well-known/openid-configuration'));
  const addresses = Object.entries(body).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
  for (const [name, address] of addresses) assert.notEqual((await world.fetch(String(address))).status, 404, name);
  const scope = 'openid profile email phone address offline_access';
  const { body: tokens } = await op.redeem((await op.signIn({ scope })).get('code'));
  const told = await answerOf(await op.fetch('/userinfo', bearer(tokens['access_token'])));
  const names = new Set([...Object.keys(told.body), ...Object.keys(claimsOf(tokens['id_token']))]);
  assert.ok(Array.isArray(body['claims_supported']));
  for (const claim of body['claims_supported']) assert.ok(names.has(claim), claim);
});

test('openid: a key of the document verifies each token, RS256 unless the client registered ES256', async () => {
  const { body } = await answerOf(await op.fetch('/jwks'));
  assert.ok(Array.isArray(body['keys']));
  const keys = body['keys'].map((key) => importVerificationKey(key));
  for (const [client, alg] of [
    ['web', 'RS256'],
    ['es256', 'ES256'],
  ] as const) {
    const { body: tokens } = await op.redeem((await op.signIn({ client_id: client })).get('code'), {}, client);
    for (const name of ['id_token', 'access_token']) {
      assert.equal(headerOf(tokens[name])['alg'], alg);
      verifyJwtSignature(parseJwt(tokens[name]), keys, { algorithms: [alg], kidRequired: true });
    }
  }
});

test('openid: client_credentials with an ES256 assertion gives an ES256 at+jwt without a user', async () => {
  op.register('es-job', {
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    access_token_signed_response_alg: 'ES256',
    scope: 'api:read',
  });
  const { status, body } = await op.post('/token', {
    grant_type: 'client_credentials',
    ...(await op.proof('es-job', { aud: `${op.issuer}/token` })),
  });
  assert.equal(status, 200);
  assert.deepEqual(headerOf(body['access_token'])['alg'], 'ES256');
  assert.equal(claimsOf(body['access_token'])['sub'], 'es-job');
  assert.equal(body['refresh_token'], undefined);
  assert.equal(body['id_token'], undefined);
  const told = await op.fetch('/userinfo', bearer(body['access_token']));
  assert.equal(told.status, 403);
  assert.equal(told.headers.get('www-authenticate'), 'Bearer error="insufficient_scope", scope="openid"');
});

test('openid: a machine gets no scope of people, and a client only the grants that it registered', async () => {
  const machine = (client: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    op.post('/token', { grant_type: 'client_credentials', ...fields }, basic(client));
  assert.equal((await machine('job')).body['scope'], 'api:read');
  assert.equal(said(await machine('job', { scope: 'openid' })), '400 invalid_scope');
  assert.equal(said(await machine('web')), '400 unauthorized_client');
  const { body } = await op.redeem((await op.signIn({ client_id: 'no-refresh' })).get('code'), {}, 'no-refresh');
  assert.equal(body['refresh_token'], undefined);
});

for (const method of METHODS) {
  test(`openid: a client registered for ${method} is known by that and by nothing else (RFC 7591 2)`, async () => {
    for (const way of METHODS) {
      const { body, headers } = await credential(method, way);
      const code = (await op.signIn({ client_id: method })).get('code') ?? '';
      const answer = await op.post('/token', { ...redemption(code), ...body }, headers);
      assert.equal(answer.status, way === method ? 200 : 401, way);
      if (way !== method) assert.equal(answer.body['error'], 'invalid_client');
    }
  });
}

test('openid: a client without a secret needs S256, and its refresh tokens are used once (RFC 9700 2.1.1, 4.14)', async () => {
  const bare = await op.signIn({ client_id: 'none', code_challenge: '', code_challenge_method: '' });
  assert.equal(bare.get('error'), 'invalid_request');
  const code = (await op.signIn({ client_id: 'none' })).get('code') ?? '';
  const first = await op.post('/token', { ...redemption(code), client_id: 'none' });
  const refresh = (token: unknown): Promise<Answer> =>
    op.post('/token', { grant_type: 'refresh_token', refresh_token: String(token), client_id: 'none' });
  assert.equal((await refresh(first.body['refresh_token'])).status, 200);
  assert.equal(said(await refresh(first.body['refresh_token'])), '400 invalid_grant');
});

test('openid: a pushed request is offered and not demanded (RFC 9126 2)', async () => {
  const sent = Object.fromEntries(new URL(op.authorizeUrl({ login_hint: `testid:${PID}` })).searchParams);
  const { status, body } = await op.post('/par', sent, basic('web'));
  assert.equal(status, 201);
  const query = new URLSearchParams({ client_id: 'web', request_uri: String(body['request_uri']) });
  assert.ok(redirected(await op.fetch(`/authorize?${query.toString()}`)).get('code'));
  assert.ok((await op.signIn()).get('code'));
});

test('openid: an opaque access token says nothing by itself and works at UserInfo and introspection', async () => {
  const code = (await op.signIn({ client_id: 'opaque', scope: 'openid email' })).get('code');
  const { body } = await op.redeem(code, {}, 'opaque');
  const token = String(body['access_token']);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  const told = await answerOf(await op.fetch('/userinfo', bearer(token)));
  assert.equal(told.body['sub'], claimsOf(body['id_token'])['sub']);
  assert.ok(told.body['email']);
  const asked = await op.post('/introspect', { token }, basic('web'));
  assert.equal(asked.body['active'], true);
  assert.equal(asked.body['client_id'], 'opaque');
});

test('openid: introspection tells nothing to clients without a credential, and of refresh tokens to their client alone', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const asked = async (token: unknown, client: string): Promise<unknown> => {
    const answer = await op.post('/introspect', { token: String(token) }, basic(client));
    return answer.body['active'];
  };
  assert.equal(await asked(body['access_token'], 'opaque'), true);
  assert.equal(await asked(body['id_token'], 'opaque'), false);
  assert.equal(await asked(body['refresh_token'], 'web'), true);
  assert.equal(await asked(body['refresh_token'], 'opaque'), false);
  const bare = await op.post('/introspect', { token: String(body['access_token']), client_id: 'none' });
  assert.deepEqual(bare.body, { active: false });
});

test('openid: testid takes a pid, a NAVident or a user name, and none that is unknown or real', async () => {
  assert.equal(await subject(EMPLOYEE), await subject(PID));
  assert.equal(await subject('rolig.fjord@example.test'), await subject(PID));
  for (const hint of ['nobody', '01010190285']) {
    assert.equal((await op.signIn({ login_hint: `testid:${hint}` })).get('error'), 'invalid_request');
  }
});

test('openid: issuer and addresses stay what they are whatever Host says', async () => {
  const { origin } = world.listener('OpenID');
  const response = await fetch(`${origin}/.well-known/openid-configuration`);
  assert.equal((await answerOf(response)).body['issuer'], op.issuer);
  assert.equal(response.headers.get('x-fullmakt-local'), 'openid');
});

test('openid: a client that was changed or removed counts from the next request on', async () => {
  op.register('moving');
  assert.ok((await op.signIn({ client_id: 'moving' })).get('code'));
  op.register('moving', { redirect_uris: [GOODBYE] });
  assert.equal((await op.visit(new Map(), { client_id: 'moving' })).status, 400);
  world.idp.clients.remove('openid', 'moving');
  const gone = await op.visit(new Map(), { client_id: 'moving', redirect_uri: GOODBYE });
  assert.match(await gone.text(), /<code id="fm-error">invalid_client</);
});

test('openid: signing out ends the session, tells where to go, and forgets nothing of other browsers', async () => {
  const [jar, other]: [Jar, Jar] = [new Map(), new Map()];
  const { body } = await op.redeem((await op.signIn({}, jar)).get('code'));
  await op.signIn({}, other);
  const query = new URLSearchParams({ id_token_hint: String(body['id_token']), post_logout_redirect_uri: GOODBYE });
  const answer = await op.fetch(`/logout?${query.toString()}`);
  assert.equal(answer.headers.get('location'), GOODBYE);
  assert.equal(redirected(await op.visit(jar, { prompt: 'none' })).get('error'), 'login_required');
  assert.ok(redirected(await op.visit(other, { prompt: 'none' })).get('code'));
});

function redemption(code: string): Record<string, string> {
  return { grant_type: 'authorization_code', code, redirect_uri: APP, code_verifier: VERIFIER };
}

async function credential(
  client: string,
  method: (typeof METHODS)[number],
): Promise<{ readonly body: Readonly<Record<string, string>>; readonly headers: Readonly<Record<string, string>> }> {
  if (method === 'private_key_jwt') return { body: await op.proof(client), headers: {} };
  if (method === 'client_secret_basic') return { body: {}, headers: basic(client) };
  const body = method === 'none' ? { client_id: client } : { client_id: client, client_secret: SECRET };
  return { body, headers: {} };
}

async function subject(hint: string): Promise<unknown> {
  const { body } = await op.redeem((await op.signIn({ login_hint: `testid:${hint}` })).get('code'));
  return claimsOf(body['id_token'])['sub'];
}
