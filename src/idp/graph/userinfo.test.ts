import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { machine, tokensFor } from '../testing/entra.ts';
import { CLIENTS } from '../testing/rows.ts';
import { claimsOf } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const USERINFO = `${ISSUERS.graph}/oidc/userinfo`;

function ask(
  token: unknown,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> {
  return world.fetch(USERINFO, { ...init, headers: { ...init.headers, authorization: `Bearer ${String(token)}` } });
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  return ((await response.json()) as { error: Record<string, unknown> }).error;
}

test('graph: UserInfo by GET and POST tells who the token is about, with the sub of the ID token (OpenID Connect Core 5.3.2)', async () => {
  const { body } = await tokensFor(world, 'openid profile email');
  assert.match(String(body['access_token']), /^fmgraph\.[\w-]{43}$/);
  const expected = {
    sub: claimsOf(body['id_token'])['sub'],
    name: 'Rolig Fjord',
    family_name: 'Fjord',
    given_name: 'Rolig',
    email: 'rolig.fjord@example.test',
  };
  for (const method of ['GET', 'POST']) {
    const response = await ask(body['access_token'], { method });
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('x-fullmakt-local'), 'entra');
    assert.deepEqual(await response.json(), expected);
  }
});

test('graph: without a good token 401 with a challenge (RFC 6750 3) and an error in the shape of Graph', async () => {
  const none = await world.fetch(USERINFO);
  assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer']);
  const id = '7e0a9b3c-1111-4222-8333-944445555666';
  const { body } = await tokensFor(world, `openid ${CLIENTS.middle}/.default`);
  for (const token of ['x', `fmgraph.${'x'.repeat(43)}`, body['access_token']]) {
    const response = await ask(token, { headers: { 'client-request-id': id } });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    const error = await errorOf(response);
    assert.deepEqual(Object.keys(error), ['code', 'message', 'innerError']);
    assert.equal(error['code'], 'InvalidAuthenticationToken');
    const inner = error['innerError'] as Record<string, unknown>;
    assert.deepEqual(Object.keys(inner), ['date', 'request-id', 'client-request-id']);
    assert.deepEqual([inner['client-request-id'], inner['date']], [id, '2027-01-15T08:00:00']);
  }
});

test('malformed-30 a token in the query, at Graph: 401', async () => {
  const { body } = await tokensFor(world, 'openid');
  const response = await world.fetch(`${USERINFO}?access_token=${String(body['access_token'])}`);
  assert.deepEqual([response.status, response.headers.get('www-authenticate')], [401, 'Bearer']);
});

test('graph: an application has no UserInfo, and neither has a user without openid', async () => {
  const app = await machine(world, 'https://graph.microsoft.com/.default');
  const user = await tokensFor(world, 'User.Read');
  for (const { body } of [app, user]) {
    const response = await ask(body['access_token']);
    assert.equal(response.status, 403);
    assert.equal((await errorOf(response))['code'], 'Authorization_RequestDenied');
  }
});

test('graph: a token ends when it says, and a path of nobody is 404', async () => {
  const { body } = await tokensFor(world, 'openid');
  world.clock.now += Number(body['expires_in']) - 1;
  assert.equal((await ask(body['access_token'])).status, 200);
  world.clock.now += 1;
  assert.equal((await ask(body['access_token'])).status, 401);
  assert.equal((await world.fetch(`${ISSUERS.graph}/v1.0/nothing`)).status, 404);
});
