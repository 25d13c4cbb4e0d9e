import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { registerIdporten, registerScopes } from '../testing/idporten-clients.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, claimsOf, codeAt, PID, redeem } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

const watcher = registerIdporten(world, 'watcher', { scopes: ['openid', 'idporten:token.introspection'] });

async function prove(path: string, clientId: string, fields: Record<string, string>): Promise<Response> {
  const client_assertion = await world.assertion(clientId, ISSUERS.idporten);
  const proof = { client_id: clientId, client_assertion, client_assertion_type: ASSERTION_TYPE };
  return await world.fetch(`${ISSUERS.idporten}${path}`, form({ ...proof, ...fields }));
}

async function introspect(token: unknown, clientId: string = watcher): Promise<Record<string, unknown>> {
  const response = await prove('/token/introspect', clientId, { token: String(token) });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  return (await response.json()) as Record<string, unknown>;
}

/** Tokens with a scope whose access tokens are opaque. */
async function opaqueTokens(): Promise<Record<string, unknown>> {
  return (
    await askToken(world, redeem(await codeAt(world, { client_id: sealed, scope: 'openid demo:sealed' })), sealed)
  ).body;
}

registerScopes(world, [{ name: 'demo:sealed', tokenType: 'OPAQUE' }]);
const sealed = registerIdporten(world, 'sealed', { scopes: ['openid', 'demo:sealed'] });

test('malformed-30: userinfo wants a live token of ours in the header (RFC 6750 3)', async () => {
  const url = `${ISSUERS.idporten}/userinfo`;
  assert.equal((await world.fetch(url)).headers.get('www-authenticate'), 'Bearer');
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  const { sub, pid, locale } = (await (await world.fetch(url, { headers })).json()) as Record<string, string>;
  assert.deepEqual([sub, pid, locale], [claimsOf(body['id_token'])['sub'], PID, 'nb']);
  assert.equal((await world.fetch(`${url}?access_token=${String(body['access_token'])}`)).status, 401);
  const idToken = { authorization: `Bearer ${String(body['id_token'])}` };
  assert.equal(
    (await world.fetch(url, { headers: idToken })).headers.get('www-authenticate'),
    'Bearer error="invalid_token"',
  );
  world.clock.now += 3601;
  assert.equal((await world.fetch(url, { headers })).status, 401);
});

test('revocation ends the grant of the asking client only, and always answers 200 (RFC 7009 2.2)', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const revoke = async (token: unknown, clientId: string): Promise<number> => {
    const client_assertion = await world.assertion(clientId, ISSUERS.idporten);
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const fields = { client_id: clientId, client_assertion, client_assertion_type, token: String(token) };
    return (await world.fetch(`${ISSUERS.idporten}/token/revoke`, form(fields))).status;
  };
  const bearer = { authorization: `Bearer ${String(body['access_token'])}` };
  const userinfo = async (): Promise<number> =>
    (await world.fetch(`${ISSUERS.idporten}/userinfo`, { headers: bearer })).status;
  assert.equal(await revoke('unknown', CLIENTS.portal), 200);
  assert.equal(await revoke(body['refresh_token'], CLIENTS.reuse), 200);
  assert.equal(await userinfo(), 200);
  assert.equal(await revoke(body['refresh_token'], CLIENTS.portal), 200);
  assert.equal(await userinfo(), 401);
});

test('introspection tells a client with the scope for it what a live access token holds (RFC 7662 2.2)', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  assert.deepEqual(await introspect(body['access_token']), { active: true, ...claimsOf(body['access_token']) });
});

test('introspection says no more than inactive: to others, of ID tokens, ended, foreign and expired tokens', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const inactive = { active: false };
  assert.deepEqual(await introspect(body['access_token'], CLIENTS.portal), inactive, 'a client without the scope');
  assert.deepEqual(await introspect(body['id_token']), inactive);
  assert.deepEqual(await introspect(body['refresh_token']), inactive, "another client's refresh token");
  assert.deepEqual(await introspect('nothing'), inactive);
  await prove('/token/revoke', CLIENTS.portal, { token: String(body['refresh_token']) });
  assert.deepEqual(await introspect(body['access_token']), inactive);
  const late = (await askToken(world, redeem(await codeAt(world)))).body['access_token'];
  world.clock.now += 3600;
  assert.deepEqual(await introspect(late), inactive);
});

test('introspection wants a client that proves itself, and a token', async () => {
  const url = `${ISSUERS.idporten}/token/introspect`;
  assert.equal((await world.fetch(url, form({ token: 'x' }))).status, 401);
  assert.equal((await world.fetch(url, form({ token: 'x', client_id: watcher }))).status, 401);
  assert.equal((await prove('/token/introspect', watcher, {})).status, 400);
  const open = registerIdporten(world, 'open', {
    tokenEndpointAuthMethod: 'none',
    scopes: ['openid', 'idporten:token.introspection'],
  });
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const asked = await world.fetch(url, form({ client_id: open, token: String(body['access_token']) }));
  assert.deepEqual(await asked.json(), { active: false }, 'anyone can name a client without a credential');
});

test('introspection of its own refresh token tells a client its scope and end', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world, { client_id: watcher, scope: 'openid' })), watcher);
  assert.deepEqual(await introspect(body['refresh_token']), {
    active: true,
    iss: ISSUERS.idporten,
    client_id: watcher,
    scope: 'openid',
    exp: world.clock.now + 600,
  });
});

test('idporten-08-access-token: a scope of opaque tokens makes it opaque; userinfo and introspection know it', async () => {
  const body = await opaqueTokens();
  const token = String(body['access_token']);
  assert.match(token, /^[\w-]{43}$/);
  const headers = { authorization: `Bearer ${token}` };
  const url = `${ISSUERS.idporten}/userinfo`;
  const told = (await (await world.fetch(url, { headers })).json()) as Record<string, unknown>;
  assert.deepEqual([told['pid'], told['sub']], [PID, claimsOf(body['id_token'])['sub']]);
  const known = await introspect(token);
  assert.deepEqual([known['active'], known['client_id'], known['scope']], [true, sealed, 'openid demo:sealed']);
  world.clock.now += 120;
  assert.deepEqual(await introspect(token), { active: false });
  assert.equal((await world.fetch(url, { headers })).status, 401);
});

test('revocation takes an opaque access token as well, from its own client only (RFC 7009 2)', async () => {
  const token = String((await opaqueTokens())['access_token']);
  assert.equal((await prove('/token/revoke', CLIENTS.portal, { token })).status, 200);
  assert.equal((await introspect(token))['active'], true);
  assert.equal((await prove('/token/revoke', sealed, { token })).status, 200);
  assert.deepEqual(await introspect(token), { active: false });
});
