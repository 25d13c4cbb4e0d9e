import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { APP, basic, providerOf } from '../testing/openid.ts';
import { claimsOf, PID, redirected } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const WITH_QUERY = `${APP}?tenant=a%20b`;

const world = await openWorld({ personas: ['oidf-basic'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-basic');
op.register('web');
op.register('queried', { redirect_uris: [WITH_QUERY] });

for (const [name, value] of [
  ['display', 'page'],
  ['display', 'popup'],
  ['display', 'hologram'],
  ['ui_locales', 'se'],
  ['ui_locales', 'fr-CA xx'],
  ['claims_locales', 'se'],
  ['acr_values', 'urn:mace:incommon:iap:silver 1 2'],
  ['login_hint', 'bob@example.com'],
  ['extra', 'foobar'],
] as const) {
  test(`oidf-plans: ${name}=${value} changes nothing about the outcome (Core 3.1.2.1)`, async () => {
    const page = await op.visit(new Map(), { [name]: value });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /id="fm-login"/);
    if (name === 'login_hint') return;
    const { status, body } = await op.redeem((await op.signIn({ [name]: value })).get('code'));
    assert.equal(status, 200);
    assert.equal(claimsOf(body['id_token'])['nonce'], 'no');
    assert.equal(claimsOf(body['id_token'])['aud'], 'web');
  });
}

test('oidf-plans: a registered address keeps its query, and nothing may be added to it (Core 3.1.2.1)', async () => {
  const location = (await op.visit(new Map(), { client_id: 'queried', redirect_uri: WITH_QUERY, prompt: 'none' }))
    .headers;
  assert.ok(location.get('location')?.startsWith(`${WITH_QUERY}&error=login_required`));
  const answer = await op.signIn({ client_id: 'queried', redirect_uri: WITH_QUERY });
  assert.equal(answer.get('tenant'), 'a b');
  const { status } = await op.redeem(answer.get('code'), { redirect_uri: WITH_QUERY }, 'queried');
  assert.equal(status, 200);
  for (const address of [APP, `${WITH_QUERY}&x=1`]) {
    assert.equal((await op.visit(new Map(), { client_id: 'queried', redirect_uri: address })).status, 400);
  }
});

test('oidf-plans: every answer by redirect names its issuer, errors included (RFC 9207 2)', async () => {
  for (const change of [
    {},
    { response_type: 'token' },
    { prompt: 'none login' },
    { request: 'e30.e30.' },
    { scope: 'secrets' },
    { response_mode: 'carrier-pigeon' },
    { code_challenge_method: 'plain' },
    { max_age: '-1' },
    { resource: 'nothing' },
    { id_token_hint: 'x' },
  ]) {
    const answer = await op.signIn(change);
    assert.equal(answer.get('iss'), op.issuer, JSON.stringify(change));
    assert.equal(answer.get('state'), 'st');
    assert.equal(answer.has('code'), Object.keys(change).length === 0);
  }
  assert.equal(redirected(await op.visit(new Map(), { prompt: 'none' })).get('iss'), op.issuer);
});

test('oidf-plans: claims of the basic plan are told beside those of scopes, each once (Core 5.5)', async () => {
  const claims = JSON.stringify({
    id_token: { auth_time: { essential: true }, acr: null },
    userinfo: { zoneinfo: null },
  });
  const { body } = await op.redeem((await op.signIn({ claims, login_hint: `testid:${PID}` })).get('code'));
  const id = claimsOf(body['id_token']);
  assert.equal(id['auth_time'], Math.floor(world.clock.now));
  assert.ok(id['acr']);
});

test('oidf-plans: error_description has no character that RFC 6749 5.2 forbids, whatever was sent', async () => {
  const { body } = await op.post('/token', { grant_type: 'é"\\\n' }, basic('web'));
  assert.equal(body['error'], 'unsupported_grant_type');
  const answer = await op.signIn({ scope: 'openid é"\\' });
  assert.equal(answer.get('error'), 'invalid_scope');
  for (const text of [body['error_description'], answer.get('error_description')]) {
    assert.match(String(text), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  }
});

test('oidf-plans: a client that did not register the code grant is told unauthorized_client (RFC 6749 4.1.2.1)', async () => {
  op.register('refresher', { grant_types: ['refresh_token'] });
  assert.equal((await op.signIn({ client_id: 'refresher' })).get('error'), 'unauthorized_client');
});
