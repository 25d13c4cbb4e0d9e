import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { after, test } from 'node:test';
import { foreignKey } from '../testing/keys.ts';
import type { Answer } from '../testing/openid.ts';
import { answerOf, bearer, headerOf, providerOf } from '../testing/openid.ts';
import { claimsOf } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['oidf-cc'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-cc');
op.register('job', machine({ scope: 'api:read api:write' }));
op.register('bare', machine());
op.register('opaque', machine({ access_token_format: 'opaque', scope: 'api:read' }));

function machine(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'], ...change };
}

async function ask(client: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return await op.post('/token', { grant_type: 'client_credentials', ...(await op.proof(client)), ...fields });
}

const said = ({ status, body }: Answer): string => `${status} ${String(body['error'])}`;

test('oidf-plans: client credentials have OAuth metadata only, and nothing for people', async () => {
  const { body } = await answerOf(await op.fetch('/.well-known/oauth-authorization-server'));
  assert.deepEqual(Object.keys(body).toSorted(), [
    'grant_types_supported',
    'introspection_endpoint',
    'introspection_endpoint_auth_methods_supported',
    'introspection_endpoint_auth_signing_alg_values_supported',
    'issuer',
    'jwks_uri',
    'response_types_supported',
    'revocation_endpoint',
    'revocation_endpoint_auth_methods_supported',
    'revocation_endpoint_auth_signing_alg_values_supported',
    'token_endpoint',
    'token_endpoint_auth_methods_supported',
    'token_endpoint_auth_signing_alg_values_supported',
  ]);
  assert.deepEqual(body['grant_types_supported'], ['client_credentials']);
  for (const path of ['/.well-known/openid-configuration', '/authorize', '/par', '/userinfo', '/logout']) {
    assert.equal((await op.fetch(path)).status, 404, path);
  }
});

test('oidf-plans: a machine gets an at+jwt whose sub is its own id (RFC 9068 2.2)', async () => {
  const { status, body } = await ask('job');
  assert.equal(status, 200);
  const claims = claimsOf(body['access_token']);
  assert.deepEqual(headerOf(body['access_token'])['typ'], 'at+jwt');
  assert.equal(headerOf(body['access_token'])['alg'], 'PS256');
  assert.equal(claims['sub'], 'job');
  assert.equal(claims['client_id'], 'job');
  assert.equal(claims['aud'], op.issuer);
  assert.equal(claims['scope'], 'api:read api:write');
  assert.deepEqual(Object.keys(body).toSorted(), ['access_token', 'expires_in', 'scope', 'token_type']);
});

test('oidf-plans: a machine may ask for some of its scopes, for no other, and for an audience', async () => {
  const less = await ask('job', { scope: 'api:read', resource: 'https://api.example.test/v1' });
  assert.equal(less.body['scope'], 'api:read');
  assert.equal(claimsOf(less.body['access_token'])['aud'], 'https://api.example.test/v1');
  assert.equal(said(await ask('job', { scope: 'api:read openid' })), '400 invalid_scope');
  assert.equal(said(await ask('bare', { scope: 'api:read' })), '400 invalid_scope');
  assert.equal(said(await ask('job', { resource: 'no address' })), '400 invalid_target');
});

test('oidf-plans: no other grant is served', async () => {
  assert.equal(said(await ask('job', { grant_type: 'authorization_code' })), '400 unsupported_grant_type');
  assert.equal(said(await ask('job', { grant_type: 'password' })), '400 unsupported_grant_type');
});

test('oidf-plans: a machine proves itself with the issuer as one string, with PS256 and not with RS256', async () => {
  assert.equal(said(await ask('job', await op.proof('job', { aud: [op.issuer] }))), '401 invalid_client');
  assert.equal(said(await ask('job', await op.proof('job', { aud: `${op.issuer}/token` }))), '401 invalid_client');
  const rsa = await foreignKey('RS256-key');
  const open = Object.fromEntries(Object.entries(rsa.publicJwk).filter(([name]) => name !== 'alg'));
  op.register('rsa', machine({ jwks: { keys: [open] } }));
  assert.equal((await ask('rsa', await op.proof('rsa', {}, { ...rsa, alg: 'PS256' }))).status, 200);
  assert.equal(said(await ask('rsa', await op.proof('rsa', {}, rsa))), '401 invalid_client');
});

test('oidf-plans: the protected resource answers a machine until its token is revoked (RFC 7009 2.1)', async () => {
  for (const client of ['job', 'opaque']) {
    const token = String((await ask(client)).body['access_token']);
    assert.equal((await answerOf(await op.fetch('/resource', bearer(token)))).body['client_id'], client);
    await op.post('/revoke', { token, ...(await op.proof('bare')) });
    assert.equal((await op.fetch('/resource', bearer(token))).status, 200);
    await op.post('/revoke', { token, ...(await op.proof(client)) });
    assert.equal((await op.fetch('/resource', bearer(token))).status, 401);
  }
});

test('oidf-plans: introspection tells a client that proved itself what a token stands for, signed or opaque (RFC 7662 2.2)', async () => {
  for (const client of ['job', 'opaque']) {
    const token = String((await ask(client, { scope: 'api:read' })).body['access_token']);
    assert.equal(token.split('.').length, client === 'opaque' ? 1 : 3);
    const { body } = await op.post('/introspect', { token, ...(await op.proof('bare')) });
    assert.equal(body['active'], true);
    assert.equal(body['client_id'], client);
    assert.equal(body['scope'], 'api:read');
    world.clock.now += 3600;
    const late = await op.post('/introspect', { token, ...(await op.proof('bare')) });
    assert.deepEqual(late.body, { active: false });
  }
  assert.equal(said(await op.post('/introspect', { token: 'x' })), '401 invalid_client');
});

test('oidf-plans: TLS 1.1 is not spoken', async () => {
  const { hostname, port } = new URL(world.listener('OIDF client credentials').origin);
  const code = await new Promise<unknown>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' });
    socket.once('secureConnect', () => socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once('close', () => resolve('closed without a failure'));
  });
  assert.match(String(code), /^ERR_SSL/);
});
