import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { registerIdporten, registerScopes } from '../testing/idporten-clients.ts';
import { signInByPage } from '../testing/page.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, authorizeUrl, claimsOf, codeAt, PID, redeem, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

test('idporten-07-id-token: 120 s, string aud, sid, no at_hash, and a signature that jose accepts', async () => {
  const answer = await askToken(world, redeem(await codeAt(world, { acr_values: 'idporten-loa-substantial' })));
  const jwks = (await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).json()) as Parameters<
    typeof createLocalJWKSet
  >[0];
  const verified = await jwtVerify(String(answer.body['id_token']), createLocalJWKSet(jwks), {
    issuer: ISSUERS.idporten,
    audience: CLIENTS.portal,
    algorithms: ['RS256'],
    currentDate: new Date(world.clock.now * 1000),
  });
  const { payload } = verified;
  assert.deepEqual(Object.keys(payload).toSorted(), [
    'acr',
    'amr',
    'aud',
    'auth_time',
    'exp',
    'iat',
    'iss',
    'jti',
    'locale',
    'nonce',
    'pid',
    'sid',
    'sub',
  ]);
  assert.equal(payload.aud, CLIENTS.portal);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 120);
  assert.deepEqual([payload['pid'], payload['acr'], payload['nonce']], [PID, 'idporten-loa-high', 'no']);
  assert.deepEqual([payload.sub?.length, payload.jti?.length], [43, 11]);
  assert.deepEqual(Object.keys(verified.protectedHeader).toSorted(), ['alg', 'kid']);
});

test("idporten-07-id-token: auth_time is the SSO login's; prompt=none without a fitting session is login_required", async () => {
  const jar: Jar = new Map();
  const start = world.clock.now;
  await codeAt(world, { login_hint: `testid:${PID}_idporten-loa-substantial` }, jar);
  world.clock.now += 60;
  const again = await visit(world, jar, authorizeUrl({ prompt: 'none' }));
  const answer = await askToken(world, redeem(redirected(again).get('code') ?? ''));
  assert.equal(claimsOf(answer.body['id_token'])['auth_time'], start);
  const higher = await visit(world, jar, authorizeUrl({ prompt: 'none', acr_values: 'idporten-loa-high' }));
  assert.equal(redirected(higher).get('error'), 'login_required');
  const older = await visit(world, jar, authorizeUrl({ prompt: 'none', max_age: '30' }));
  assert.equal(redirected(older).get('error'), 'login_required');
  assert.equal((await visit(world, jar, authorizeUrl({ prompt: 'login' }))).status, 200);
});

test('idporten-08-access-token: no aud unless a resource was asked for; consumer names the organisation', async () => {
  const bare = claimsOf((await askToken(world, redeem(await codeAt(world)))).body['access_token']);
  const names = 'acr client_amr client_id consumer exp iat iss jti pid scope sub token_type';
  assert.deepEqual(Object.keys(bare).toSorted(), names.split(' '));
  assert.deepEqual(bare['consumer'], { authority: 'iso6523-actorid-upis', ID: '0192:310000019' });
  assert.deepEqual(
    [bare['client_amr'], bare['token_type'], bare['scope']],
    ['private_key_jwt', 'Bearer', 'openid profile'],
  );
  const code = await codeAt(world, { resource: 'http://127.0.0.1:7500' });
  assert.equal(claimsOf((await askToken(world, redeem(code))).body['access_token'])['aud'], 'http://127.0.0.1:7500');
});

test('idporten-07-id-token: a client that asks for no session id gets none', async () => {
  const quiet = registerIdporten(world, 'quiet', { frontchannelLogoutUri: 'http://127.0.0.1:7500/logout' });
  const { body } = await askToken(world, redeem(await codeAt(world, { client_id: quiet })), quiet);
  assert.equal(claimsOf(body['id_token'])['sid'], undefined);
  const backed = registerIdporten(world, 'backed', { backchannelLogoutSessionRequired: true });
  const other = await askToken(world, redeem(await codeAt(world, { client_id: backed })), backed);
  assert.equal(typeof claimsOf(other.body['id_token'])['sid'], 'string');
});

/** Claims of the ID token of a person with this electronic id. */
async function signedInWith(eid: string, scope: string): Promise<Record<string, unknown>> {
  const person = world.idp.people.all().find((each) => each.eid === eid)?.pid ?? '';
  const answer = await signInByPage(world, { fields: { person }, parameters: { scope } });
  return claimsOf((await askToken(world, redeem(redirected(answer).get('code') ?? ''))).body['id_token']);
}

test('idporten-07-id-token: profile tells the names of a person whose electronic id knows them, amr which one it was', async () => {
  const bank = await signedInWith('BankID', 'openid profile');
  assert.deepEqual(
    [bank['name'], bank['amr']],
    [`${String(bank['given_name'])} ${String(bank['family_name'])}`, ['BankID']],
  );
  assert.equal((await signedInWith('BankID', 'openid'))['name'], undefined);
  const minid = await signedInWith('Minid-APP', 'openid profile');
  assert.deepEqual([minid['name'], minid['amr']], [undefined, ['Minid-APP']]);
});

test('idporten-07-id-token: the level is never below the lowest that was asked for', async () => {
  const answer = await signInByPage(world, {
    fields: { acr: 'substantial' },
    parameters: { acr_values: 'idporten-loa-high' },
  });
  assert.equal(answer.status, 200, 'the page again');
  const high = await signInByPage(world, {
    fields: { acr: 'substantial' },
    parameters: { acr_values: 'idporten-loa-high idporten-loa-substantial' },
  });
  const { body } = await askToken(world, redeem(redirected(high).get('code') ?? ''));
  assert.equal(claimsOf(body['id_token'])['acr'], 'idporten-loa-substantial');
});

test('idporten-08-access-token: a supplier is named beside the consumer, and where its delegation is known', async () => {
  registerScopes(world, [
    { name: 'demo:delegated', delegationSource: 'altinn' },
    { name: 'demo:elsewhere', delegationSource: 'https://delegations.test/' },
  ]);
  const scopes = ['openid', 'profile', 'demo:delegated', 'demo:elsewhere'];
  const client = registerIdporten(world, 'supplied', { supplierOrgno: '310000027', scopes });
  const claims = async (scope: string): Promise<Record<string, unknown>> =>
    claimsOf(
      (await askToken(world, redeem(await codeAt(world, { client_id: client, scope })), client)).body['access_token'],
    );
  const bare = await claims('openid');
  assert.deepEqual(bare['supplier'], { authority: 'iso6523-actorid-upis', ID: '0192:310000027' });
  assert.deepEqual(bare['consumer'], { authority: 'iso6523-actorid-upis', ID: '0192:310000019' });
  assert.equal(bare['delegation_source'], undefined);
  assert.equal((await claims('openid demo:delegated'))['delegation_source'], 'https://www.altinn.no/');
  assert.equal((await claims('openid demo:elsewhere'))['delegation_source'], 'https://delegations.test/');
});

test('idporten-08-access-token: a scope for pseudonymous tokens takes pid out of it, and out of userinfo', async () => {
  registerScopes(world, [{ name: 'demo:nameless', requiresPseudonymousTokens: true }]);
  const client = registerIdporten(world, 'nameless', { scopes: ['openid', 'demo:nameless'] });
  const fields = { client_id: client, scope: 'openid demo:nameless' };
  const { body } = await askToken(world, redeem(await codeAt(world, fields)), client);
  assert.equal(claimsOf(body['access_token'])['pid'], undefined);
  assert.equal(claimsOf(body['id_token'])['pid'], PID);
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  const told = await (await world.fetch(`${ISSUERS.idporten}/userinfo`, { headers })).json();
  assert.deepEqual(told, { sub: claimsOf(body['id_token'])['sub'] });
});
