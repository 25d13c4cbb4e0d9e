import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  addPeople,
  codes,
  employee,
  machine,
  onBehalfOf,
  registerEntra,
  tokensFor,
  visitEntra,
} from '../testing/entra.ts';
import type { Answer } from '../testing/entra.ts';
import { CASE_WORKERS, CLIENTS, guid } from '../testing/rows.ts';
import { askEntra, claimsOf, redirected } from '../testing/sign-in.ts';
import { ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const ISSUER = `${ISSUERS.entra}/${TENANT}/v2.0`;
const API = 'api://local.demo.api/.default';
const SHARED = 'aio exp iat iss nbf oid rh sub tid uti ver';
const PERSONAL = 'NAVident groups name preferred_username sid';

function assertNames(claims: Record<string, unknown>, expected: string): void {
  assert.deepEqual(Object.keys(claims).toSorted(), expected.split(' ').toSorted());
}

async function number(answer: Promise<Answer>): Promise<unknown> {
  return codes(await answer).at(-1);
}

const refresh = (token: unknown, change: Record<string, string> = {}): Promise<Answer> =>
  askEntra(world, {
    grant_type: 'refresh_token',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    refresh_token: String(token),
    ...change,
  });

test('entra-16-obo: a chain of two keeps the oid, names the caller, and gives a refresh token with offline_access only', async () => {
  const { body: user } = await tokensFor(world, `openid ${CLIENTS.middle}/.default`);
  const next = await onBehalfOf(world, user['access_token'], API);
  const claims = claimsOf(next.body['access_token']);
  assert.deepEqual([claims['aud'], claims['azp'], claims['scp']], [CLIENTS.api, CLIENTS.middle, 'defaultaccess']);
  assert.equal(claims['oid'], claimsOf(user['access_token'])['oid']);
  assert.equal(next.body['refresh_token'], undefined);
  const own = await onBehalfOf(world, next.body['access_token'], API, { client_id: CLIENTS.api });
  assert.deepEqual([own.status, claimsOf(own.body['access_token'])['azp']], [200, CLIENTS.api]);
  const lasting = await onBehalfOf(world, user['access_token'], `openid offline_access ${API}`);
  assert.match(String(lasting.body['refresh_token']), /^1\.A/);
  assert.ok(lasting.body['id_token']);
});

test('entra-16-obo: the audience must be the caller, the subject a user, and both policies allow it', async () => {
  const { body: user } = await tokensFor(world, `openid ${CLIENTS.middle}/.default`);
  const access = user['access_token'];
  const app = (await machine(world, `${CLIENTS.middle}/.default`)).body['access_token'];
  assert.equal(await number(onBehalfOf(world, access, 'api://local.demo.closed/.default')), 65_001);
  assert.equal(await number(onBehalfOf(world, access, API, { client_id: CLIENTS.api })), 50_013);
  assert.equal(await number(onBehalfOf(world, app, API)), 7_000_114);
  assert.equal(await number(onBehalfOf(world, access, API, { requested_token_use: '' })), 900_144);
  assert.equal(await number(onBehalfOf(world, user['id_token'], API, { client_id: CLIENTS.desk })), 240_002);
  assert.equal(await number(machine(world, 'api://local.demo.closed/.default')), 501_051);
  const picky = await visitEntra(world, { scope: 'openid api://local.demo.picky/.default' });
  assert.match(await picky.text(), /AADSTS50105/);
  assert.match(await (await visitEntra(world, { login_hint: 'testid:Z990005' })).text(), /AADSTS50105/);
  const closed = await visitEntra(world, { scope: 'openid api://local.demo.closed/.default' });
  assert.equal(redirected(closed).get('error'), 'consent_required');
});

test('entra-17-claims: pairwise sub, one oid, groups the API lists, dates back 300 s', async () => {
  const { body } = await tokensFor(world, `openid profile ${CLIENTS.middle}/.default`, {
    login_hint: 'testid:Z990002',
    nonce: 'no',
  });
  const [id, access] = [claimsOf(body['id_token']), claimsOf(body['access_token'])];
  assert.deepEqual([id['aud'], access['aud'], access['iss']], [CLIENTS.desk, CLIENTS.middle, ISSUER]);
  assertNames(id, `${SHARED} ${PERSONAL} aud nonce`);
  assertNames(access, `${SHARED} ${PERSONAL} aud azp azp_name azpacr scp`);
  assert.deepEqual([String(access['sub']).length, String(access['uti']).length, access['ver']], [43, 22, '2.0']);
  assert.notEqual(id['sub'], access['sub']);
  assert.equal(id['oid'], access['oid']);
  assert.deepEqual(access['groups'], [CASE_WORKERS]);
  assert.deepEqual([access['NAVident'], id['nonce'], access['azpacr'], access['tid']], ['Z990002', 'no', '1', TENANT]);
  assert.deepEqual([access['iat'], access['nbf']], [world.clock.now - 300, world.clock.now - 300]);
  assert.equal(Number(access['exp']) - Number(access['iat']), Number(body['expires_in']) + 300);
  assert.ok(Number(body['expires_in']) >= 3600 && Number(body['expires_in']) <= 5400);
  assert.equal(body['ext_expires_in'], body['expires_in']);
  assert.equal(Number(id['exp']) - world.clock.now, 3600);
  const onward = claimsOf((await onBehalfOf(world, body['access_token'], API)).body['access_token']);
  assert.equal(new Set([id['sub'], access['sub'], onward['sub']]).size, 3);
  const answer = await world.fetch(`${ISSUERS.entra}/${TENANT}/discovery/v2.0/keys`);
  const jwks = (await answer.json()) as Parameters<typeof createLocalJWKSet>[0];
  const currentDate = new Date(world.clock.now * 1000);
  const options = { issuer: ISSUER, audience: CLIENTS.middle, algorithms: ['RS256'], currentDate };
  await jwtVerify(String(body['access_token']), createLocalJWKSet(jwks), options);
});

test('entra-17-claims: an application has roles and idtyp, and nothing of a person', async () => {
  const { body } = await machine(world, API);
  const app = claimsOf(body['access_token']);
  assertNames(app, `${SHARED} aud azp azp_name azpacr idtyp roles`);
  assert.deepEqual([app['idtyp'], app['roles']], ['app', ['access_as_application', 'admin']]);
  assert.deepEqual([app['sub'], app['oid']], [guid(0x20), guid(0x20)]);
  assertNames(body, 'token_type expires_in ext_expires_in access_token');
});

test('entra-17-claims: 200 groups stand in the token, of one more it says where to ask (OpenID Connect Core 5.6.2)', async () => {
  const groups = Array.from({ length: 201 }, (_, index) => guid(0xa000 + index));
  const few = groups.slice(1).join(', ');
  await addPeople(
    world,
    employee('01817010055', 'Z990021', `tenant: example.test, groups: [${groups.join(', ')}]`) +
      employee('01817025176', 'Z990022', `tenant: example.test, groups: [${few}]`),
  );
  const crowd = registerEntra(world, 'crowd', { groups });
  const signedIn = async (ident: string): Promise<Record<string, unknown>> => {
    const change = { client_id: crowd, login_hint: `testid:${ident}` };
    const code = redirected(await visitEntra(world, change)).get('code') ?? '';
    const { body } = await refreshlessCode(code, crowd);
    return claimsOf(body['id_token']);
  };
  assert.equal(((await signedIn('Z990022'))['groups'] as unknown[]).length, 200);
  const over = await signedIn('Z990021');
  assert.equal(over['groups'], undefined);
  assert.deepEqual(over['_claim_names'], { groups: 'src1' });
  const endpoint = `${ISSUERS.graph}/v1.0/users/${String(over['oid'])}/getMemberObjects`;
  assert.deepEqual(over['_claim_sources'], { src1: { endpoint } });
});

function refreshlessCode(code: string, clientId: string): Promise<Answer> {
  const fields = { grant_type: 'authorization_code', client_id: clientId, client_secret: 's3cret', code };
  return askEntra(world, { ...fields, redirect_uri: 'http://localhost:7502/oauth2/callback' });
}

test('entra-18-refresh: the old token stays valid, another API may be named, another client may not use it', async () => {
  const { body } = await tokensFor(world, `openid offline_access ${CLIENTS.middle}/.default`);
  const first = await refresh(body['refresh_token']);
  assert.equal(first.status, 200);
  assert.notEqual(first.body['refresh_token'], body['refresh_token']);
  assert.equal((await refresh(body['refresh_token'])).status, 200);
  const other = await refresh(body['refresh_token'], { scope: API });
  assert.equal(claimsOf(other.body['access_token'])['aud'], CLIENTS.api);
  const foreign = await refresh(body['refresh_token'], { client_id: CLIENTS.middle });
  assert.deepEqual(codes(foreign), [400, 'invalid_grant', 70_008]);
  assert.deepEqual(codes(await refresh('x')), [400, 'invalid_grant', 9_002_313]);
});

test('entra-18-refresh: ninety days without use end a token, each use begins them anew', async () => {
  const { body } = await tokensFor(world, `openid offline_access ${CLIENTS.middle}/.default`);
  world.clock.now += 89 * 86_400;
  const next = await refresh(body['refresh_token']);
  world.clock.now += 89 * 86_400;
  assert.deepEqual(codes(await refresh(body['refresh_token'])), [400, 'invalid_grant', 700_082]);
  assert.equal((await refresh(next.body['refresh_token'])).status, 200);
});

test('entra-18-refresh: no refresh token without offline_access', async () => {
  const { body } = await tokensFor(world, `openid ${CLIENTS.middle}/.default`);
  assert.equal(body['refresh_token'], undefined);
});

test('entra-18-refresh: a claims challenge is met by a sign-in that brings the claims', async () => {
  const more = `tenant: example.test, groups: [${CASE_WORKERS}], requires: mfa`;
  await addPeople(world, employee('01817040205', 'Z990023', more));
  const scope = `openid offline_access ${CLIENTS.middle}/.default`;
  const { body } = await tokensFor(world, scope, { login_hint: 'testid:Z990023' });
  const refused = await refresh(body['refresh_token']);
  assert.deepEqual(codes(refused), [400, 'interaction_required', 50_076]);
  const claims = String(refused.body['claims']);
  const again = await tokensFor(world, scope, { login_hint: 'testid:Z990023', claims });
  assert.equal((await refresh(again.body['refresh_token'])).status, 200);
  assert.equal((await onBehalfOf(world, again.body['access_token'], API)).status, 200);
});
