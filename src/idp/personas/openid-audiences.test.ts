import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answerOf, APP, basic, bearer, providerOf } from '../testing/openid.ts';
import { claimsOf, PID, redirected, VERIFIER } from '../testing/sign-in.ts';
import { form, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['openid'] });
after(() => world.close());
const op = await providerOf(world, 'openid');
op.register('web');
op.register('none', { token_endpoint_auth_method: 'none' });

test('openid: resource decides the audience of access tokens, and a refresh stays within it (RFC 8707 2.2)', async () => {
  const resource = 'https://api.example.test/';
  const { body } = await op.redeem((await op.signIn({ resource })).get('code'));
  assert.equal(claimsOf(body['access_token'])['aud'], resource);
  assert.equal(claimsOf(body['id_token'])['aud'], 'web');
  const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  const other = await op.post('/token', { ...fields, resource: 'https://other.example.test/' }, basic('web'));
  assert.deepEqual([other.status, other.body['error']], [400, 'invalid_target']);
});

test('openid: several resources are several audiences, pushed or not, and a token may be for some of them (RFC 8707 2)', async () => {
  const [one, two] = ['https://one.example.test/', 'https://two.example.test/'];
  const query = new URLSearchParams(new URL(op.authorizeUrl({ login_hint: `testid:${PID}` })).searchParams);
  for (const resource of [one, two, one]) query.append('resource', resource);
  const pushed = await answerOf(await op.fetch('/par', { ...form({}, basic('web')), body: query.toString() }));
  assert.equal(pushed.status, 201);
  const reference = new URLSearchParams({ client_id: 'web', request_uri: String(pushed.body['request_uri']) });
  for (const request of [query, reference]) {
    const code = redirected(await op.fetch(`/authorize?${request.toString()}`)).get('code');
    const { body } = await op.redeem(code);
    assert.deepEqual(claimsOf(body['access_token'])['aud'], [one, two]);
    const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
    const narrowed = await op.post('/token', { ...fields, resource: two }, basic('web'));
    assert.equal(claimsOf(narrowed.body['access_token'])['aud'], two);
  }
  query.append('state', 'another');
  assert.equal((await op.fetch(`/authorize?${query.toString()}`)).status, 400);
});

test('openid: a program in a page of another origin gets documents, tokens and UserInfo, and never what people visit (Fetch 3.2)', async () => {
  const { body: metadata } = await answerOf(await op.fetch('/.well-known/openid-configuration'));
  const inPages = ['token', 'userinfo', 'revocation', 'pushed_authorization_request'].map(
    (name) => new URL(String(metadata[`${name}_endpoint`])).pathname,
  );
  for (const path of [...inPages, '/jwks', '/.well-known/openid-configuration']) {
    const { status, headers } = await op.fetch(path, { method: 'OPTIONS' });
    assert.equal(status, 204, path);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('access-control-allow-headers'), 'Authorization, Content-Type');
    assert.match(headers.get('access-control-allow-methods') ?? '', /^(GET|POST|GET, POST)$/);
  }
  const code = (await op.signIn({ client_id: 'none' })).get('code') ?? '';
  const grant = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: APP,
    code_verifier: VERIFIER,
    client_id: 'none',
  };
  const good = await op.post('/token', grant);
  const bad = await op.post('/token', grant);
  const told = await op.fetch('/userinfo', bearer('x'));
  assert.deepEqual([good.status, bad.status, told.status], [200, 400, 401]);
  for (const { headers } of [good, bad, told]) assert.equal(headers.get('access-control-allow-origin'), '*');
  for (const path of ['/authorize', '/logout', '/introspect']) {
    assert.equal((await op.fetch(path, { method: 'OPTIONS' })).status, 405, path);
    assert.equal((await op.fetch(path)).headers.get('access-control-allow-origin'), null, path);
  }
});
