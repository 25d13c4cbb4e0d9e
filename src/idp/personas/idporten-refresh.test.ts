import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { registerIdporten } from '../testing/idporten-clients.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, codeAt, redeem } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

test('idporten-09-refresh: one-time; REUSE goes on; nothing outlives the authorization', async () => {
  const refresh = (token: unknown, client?: string): ReturnType<typeof askToken> =>
    askToken(world, { grant_type: 'refresh_token', refresh_token: String(token) }, client);
  const first = await askToken(world, redeem(await codeAt(world)));
  assert.equal(String(first.body['refresh_token']).split('.').length, 5);
  const second = await refresh(first.body['refresh_token']);
  assert.equal(second.status, 200);
  assert.notEqual(second.body['refresh_token'], first.body['refresh_token']);
  assert.equal((await refresh(first.body['refresh_token'])).body['error'], 'invalid_grant');
  assert.equal((await refresh(second.body['refresh_token'], CLIENTS.reuse)).body['error'], 'invalid_grant');
  const reuse = await askToken(world, redeem(await codeAt(world, { client_id: CLIENTS.reuse })), CLIENTS.reuse);
  assert.equal(
    (await refresh(reuse.body['refresh_token'], CLIENTS.reuse)).body['refresh_token'],
    reuse.body['refresh_token'],
  );
  world.clock.now += 7000;
  const late = await refresh(second.body['refresh_token']);
  assert.equal(late.body['expires_in'], 200);
  world.clock.now += 300;
  assert.equal((await refresh(late.body['refresh_token'])).body['error'], 'invalid_grant');
});

test('idporten-09-refresh: a scope of blanks narrows nothing (RFC 6749 6)', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']), scope: ' ' };
  assert.equal((await askToken(world, fields)).body['scope'], 'openid profile');
});

test('idporten-09-refresh: of ten simultaneous uses of one token exactly one wins', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  const answers = await Promise.all(Array.from({ length: 10 }, () => askToken(world, fields)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test('idporten-09-refresh: a client without a credential gets none and may not ask (RFC 6749 5.2 unauthorized_client)', async () => {
  const client = registerIdporten(world, 'bare', { tokenEndpointAuthMethod: 'none' });
  const ask = async (fields: Record<string, string>): Promise<Record<string, unknown>> =>
    (await (await world.fetch(`${ISSUERS.idporten}/token`, form({ client_id: client, ...fields }))).json()) as Record<
      string,
      unknown
    >;
  const first = await ask(redeem(await codeAt(world, { client_id: client })));
  assert.deepEqual([typeof first['access_token'], first['refresh_token']], ['string', undefined]);
  assert.equal((await ask({ grant_type: 'refresh_token', refresh_token: 'x' }))['error'], 'unauthorized_client');
});

test('idporten-09-refresh: no access token outlives the authorization either', async () => {
  const client = registerIdporten(world, 'brief', { authorizationLifetime: 90, accessTokenLifetime: 120 });
  const first = await askToken(world, redeem(await codeAt(world, { client_id: client })), client);
  assert.equal(first.body['expires_in'], 90);
  world.clock.now += 90;
  const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
  assert.equal((await askToken(world, refresh, client)).body['error'], 'invalid_grant');
});

test('idporten-09-refresh: the answer has a new ID token unless the setting says otherwise', async (t) => {
  const refreshed = async (at: typeof world): Promise<unknown> => {
    const { body } = await askToken(at, redeem(await codeAt(at)));
    assert.equal(typeof body['id_token'], 'string', 'a code always gives one');
    const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
    return (await askToken(at, refresh)).body['id_token'];
  };
  assert.equal(typeof (await refreshed(world)), 'string');
  const other = await openWorld({ personas: world.config.personas, idportenRefreshedIdToken: false });
  t.after(() => other.close());
  assert.equal(await refreshed(other), undefined);
});
