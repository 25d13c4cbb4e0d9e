import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { registerIdporten } from '../testing/idporten-clients.ts';
import { askToken, authorizeUrl, claimsOf, codeAt, PID, redeem, redirected } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

const HINT = `testid:${PID}_idporten-loa-high`;
const FULLMAKT = [{ type: 'idporten:fullmakt', resource: 'urn:altinn:resource:demo', from: { ID: '0192:310000027' } }];
const agent = registerIdporten(world, 'agent', { onBehalfOf: ['one', 'two'] });

async function pushed(fields: Record<string, string>): Promise<Response> {
  const client_assertion = await world.assertion(agent, ISSUERS.idporten);
  const request = Object.fromEntries(new URL(authorizeUrl({ client_id: agent, login_hint: HINT })).searchParams);
  const proof = { client_assertion, client_assertion_type: ASSERTION_TYPE };
  return await world.fetch(`${ISSUERS.idporten}/par`, form({ ...request, ...proof, ...fields }));
}

async function refused(change: Record<string, string>): Promise<string | null> {
  return redirected(await world.fetch(authorizeUrl({ client_id: agent, login_hint: HINT, ...change }))).get('error');
}

test("idporten-08-access-token: onbehalfof is one of the client's ids, and both tokens repeat it, refreshed ones too", async () => {
  const first = await askToken(world, redeem(await codeAt(world, { client_id: agent, onbehalfof: 'two' })), agent);
  const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
  for (const { body } of [first, await askToken(world, refresh, agent)]) {
    for (const token of [body['id_token'], body['access_token']])
      assert.equal(claimsOf(token)['client_onbehalfof'], 'two');
  }
  assert.equal(await refused({ onbehalfof: 'three' }), 'invalid_request');
  const none = await codeAt(world, { onbehalfof: 'one' });
  assert.match(none, /error=invalid_request/, 'a client without a list');
});

test('idporten-08-access-token: details of type idporten:fullmakt come back in both tokens, pushed or not (RFC 9396 2, 9)', async () => {
  const authorization_details = JSON.stringify(FULLMAKT);
  const { request_uri } = (await (await pushed({ authorization_details })).json()) as { request_uri: string };
  const query = new URLSearchParams({ client_id: agent, request_uri });
  const answer = await world.fetch(`${ISSUERS.login}/authorize?${query.toString()}`);
  const codes = [
    redirected(answer).get('code') ?? '',
    await codeAt(world, { client_id: agent, authorization_details }),
  ];
  for (const code of codes) {
    const { body } = await askToken(world, redeem(code), agent);
    for (const token of [body['id_token'], body['access_token']]) {
      assert.deepEqual(claimsOf(token)['authorization_details'], FULLMAKT);
    }
  }
});

test('idporten-02-par: details of another type, or no details at all, are refused at once (RFC 9396 5)', async () => {
  const asked = async (authorization_details: string): Promise<unknown[]> => {
    const response = await pushed({ authorization_details });
    const told = [response.status, ((await response.json()) as Record<string, unknown>)['error']];
    assert.equal(await refused({ authorization_details }), told[1]);
    return told;
  };
  assert.deepEqual(await asked(JSON.stringify([...FULLMAKT, { type: 'other' }])), [
    400,
    'invalid_authorization_details',
  ]);
  for (const malformed of [
    '{',
    '{}',
    '[]',
    '[1]',
    '[{}]',
    '[{"type":1}]',
    '[{"type":"idporten:fullmakt","type":"x"}]',
  ]) {
    assert.deepEqual(await asked(malformed), [400, 'invalid_request'], malformed);
  }
  const long = JSON.stringify([{ type: 'idporten:fullmakt', filler: 'f'.repeat(4096) }]);
  assert.deepEqual([(await pushed({ authorization_details: long })).status], [400]);
});

test('idporten-02-par: a request object is refused by value, and by any reference that was not pushed', async () => {
  assert.equal(await refused({ request: 'eyJhbGciOiJub25lIn0.e30.' }), 'invalid_request');
  const query = new URLSearchParams({ client_id: agent, request_uri: 'http://127.0.0.1:7500/request.jwt' });
  assert.equal((await world.fetch(`${ISSUERS.login}/authorize?${query.toString()}`)).status, 400);
  assert.equal((await pushed({ request: 'eyJhbGciOiJub25lIn0.e30.' })).status, 400);
});

test('idporten authorize: http goes to this machine only, other schemes to native programs only, as registered as they may be', async () => {
  const [far, own] = ['http://app.example.test/callback', 'no.example.app:/callback'];
  const near = 'http://portal.localhost:7500/callback';
  const redirectUris = [far, own, near, 'https://app.example.test/callback'];
  const web = registerIdporten(world, 'web', { redirectUris });
  const native = registerIdporten(world, 'native', { redirectUris, applicationType: 'native' });
  const goesTo = async (client_id: string, redirect_uri: string): Promise<boolean> => {
    const answer = await world.fetch(authorizeUrl({ client_id, redirect_uri, login_hint: HINT }));
    const location = answer.headers.get('location') ?? '';
    if (location === '') assert.match(await answer.text(), /<code id="fm-error">invalid_request</);
    return location.startsWith(`${redirect_uri}?code=`);
  };
  const all = async (client: string): Promise<readonly boolean[]> =>
    await Promise.all(redirectUris.map((uri) => goesTo(client, uri)));
  assert.deepEqual(await all(web), [false, false, true, true]);
  assert.deepEqual(await all(native), [false, true, true, true]);
});

test('idporten authorize: a client that may not have codes is told so by redirect: unauthorized_client (RFC 6749 4.1.2.1)', async () => {
  const client_id = registerIdporten(world, 'codeless', { grantTypes: ['refresh_token'] });
  const answer = redirected(await world.fetch(authorizeUrl({ client_id, login_hint: HINT })));
  assert.deepEqual(
    [answer.get('error'), answer.get('state'), answer.get('iss'), answer.get('code')],
    ['unauthorized_client', 'st', ISSUERS.idporten, null],
  );
});
