import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Client } from '../../registry/model.ts';
import { codes, entraUrl, machine, onBehalfOf, redeemAt, tokensFor, visitEntra } from '../testing/entra.ts';
import { CLIENTS, guid } from '../testing/rows.ts';
import { askEntra, claimsOf, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const { registry } = world.deps;
const MIDDLE = `openid offline_access ${CLIENTS.middle}/.default`;

function rowOf(clientId: string): Client {
  const row = registry.snapshot().client('azure', clientId);
  assert.ok(row);
  return row;
}

async function put(row: Client): Promise<void> {
  assert.equal(await registry.commit(registry.snapshot().version, { putClients: [row] }), 'ok');
}

/** Changes a client for as long as the steps take. */
async function during(row: Client, steps: () => Promise<void>): Promise<void> {
  const before = rowOf(row.clientId);
  await put(row);
  try {
    await steps();
  } finally {
    await put(before);
  }
}

const refresh = (token: unknown): ReturnType<typeof askEntra> =>
  askEntra(world, {
    grant_type: 'refresh_token',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    refresh_token: String(token),
  });

test('entra policy: a disabled application is unknown at once, wherever it is met: 700016 as a caller, 500011 as an API', async () => {
  const jar: Jar = new Map();
  const waiting = await visit(world, jar, entraUrl({ scope: MIDDLE }));
  const { body } = await redeemAt(world, await visit(world, jar, entraUrl({ scope: MIDDLE, login_hint: '' })));
  await during({ ...rowOf(CLIENTS.desk), state: 'disabled' }, async () => {
    const unknown = [400, 'unauthorized_client', 700016];
    assert.deepEqual(codes(await redeemAt(world, waiting)), unknown);
    assert.deepEqual(codes(await refresh(body['refresh_token'])), unknown);
    assert.deepEqual(codes(await machine(world, `${CLIENTS.api}/.default`)), unknown);
    assert.match(await (await visit(world, jar, entraUrl({ login_hint: '' }))).text(), /AADSTS700016</);
  });
  await during({ ...rowOf(CLIENTS.middle), state: 'disabled' }, async () => {
    const unknown = [400, 'invalid_resource', 500011];
    assert.deepEqual(codes(await redeemAt(world, waiting)), unknown);
    assert.deepEqual(codes(await refresh(body['refresh_token'])), unknown);
    assert.deepEqual(codes(await machine(world, `${CLIENTS.middle}/.default`)), unknown);
    const asked = await visit(world, jar, entraUrl({ scope: MIDDLE, login_hint: '' }));
    assert.equal(redirected(asked).get('error'), 'invalid_resource');
  });
  assert.equal((await redeemAt(world, waiting)).status, 200);
});

test('entra policy: groups are read anew by each refresh and exchange: 50105 once the last one is gone', async () => {
  const { body } = await tokensFor(world, MIDDLE);
  const row = rowOf(CLIENTS.middle);
  assert.ok(row.registration.provider === 'azure');
  const { registration } = row;
  const outside = [400, 'invalid_grant', 50105];
  await during({ ...row, registration: { ...registration, groups: [guid(0xee)] } }, async () => {
    assert.deepEqual(codes(await refresh(body['refresh_token'])), outside);
  });
  await during({ ...row, registration: { ...registration, groups: [], allowAllUsers: true } }, async () => {
    const { body: open } = await refresh(body['refresh_token']);
    assert.equal('groups' in claimsOf(open['access_token']), false);
  });
  const api = rowOf(CLIENTS.api);
  assert.ok(api.registration.provider === 'azure');
  await during({ ...api, registration: { ...api.registration, groups: [guid(0xee)] } }, async () => {
    assert.deepEqual(codes(await onBehalfOf(world, body['access_token'], `${CLIENTS.api}/.default`)), outside);
  });
  const person = world.idp.people.all().find(({ employee }) => employee?.NAVident === 'Z990001');
  assert.ok(person?.employee);
  world.idp.people.put({ ...person, employee: { ...person.employee, groups: [] } });
  assert.deepEqual(codes(await refresh(body['refresh_token'])), outside);
  assert.match(await (await visitEntra(world, {})).text(), /AADSTS50105</);
  world.idp.people.reset();
  assert.equal((await refresh(body['refresh_token'])).status, 200);
});

test('entra policy: an application may always call itself; what it redeems names its address', async () => {
  const own = await machine(world, `${CLIENTS.desk}/.default`);
  assert.deepEqual(claimsOf(own.body['access_token'])['roles'], ['access_as_application']);
  const answer = await visitEntra(world, {});
  const code = redirected(answer).get('code') ?? '';
  const fields = { grant_type: 'authorization_code', client_id: CLIENTS.desk, client_secret: 's3cret', code };
  const missing = await askEntra(world, fields);
  assert.deepEqual(codes(missing), [400, 'invalid_request', 900144]);
  assert.match(String(missing.body['error_description']), /'redirect_uri'/);
});
