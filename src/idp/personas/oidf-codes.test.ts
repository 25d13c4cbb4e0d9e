import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { APP, basic, bearer, providerOf } from '../testing/openid.ts';
import { claimsOf, VERIFIER } from '../testing/sign-in.ts';
import { outcome } from '../testing/outcome.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['oidf-basic'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-basic');
op.register('web', { scope: 'openid profile offline_access api:read' });
op.register('other');
op.register('two', { redirect_uris: [APP, `${APP}/two`, 'http://127.0.0.1/native'] });

const refresh = (token: unknown, client = 'web', fields: Readonly<Record<string, string>> = {}) =>
  op.post('/token', { grant_type: 'refresh_token', refresh_token: String(token), ...fields }, basic(client));

for (const seconds of [0, 30]) {
  test(`oidf-plans: a code used again ${seconds} s later is refused, and every token of the first use ends at once (RFC 6749 4.1.2)`, async () => {
    const code = (await op.signIn()).get('code');
    const first = await op.redeem(code);
    assert.equal((await op.fetch('/userinfo', bearer(first.body['access_token']))).status, 200);
    world.clock.now += seconds;
    const second = await op.redeem(code);
    assert.equal(`${second.status} ${String(second.body['error'])}`, '400 invalid_grant');
    assert.equal((await op.fetch('/userinfo', bearer(first.body['access_token']))).status, 401);
    assert.equal((await refresh(first.body['refresh_token'])).body['error'], 'invalid_grant');
    const asked = await op.post('/introspect', { token: String(first.body['access_token']) }, basic('web'));
    assert.deepEqual(asked.body, { active: false });
  });
}

test('oidf-plans: a code lives for 60 seconds', async () => {
  const [early, late] = [(await op.signIn()).get('code'), (await op.signIn()).get('code')];
  world.clock.now += 59;
  assert.equal((await op.redeem(early)).status, 200);
  world.clock.now += 1;
  assert.equal((await op.redeem(late)).body['error'], 'invalid_grant');
});

test('oidf-plans: of twenty requests at once with one code exactly one gets tokens', async () => {
  const code = (await op.signIn()).get('code');
  const answers = await Promise.all(Array.from({ length: 20 }, () => op.redeem(code)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test('oidf-plans: a code is bound to its client, its redirect address and its verifier', async () => {
  const code = async (): Promise<string | null> => (await op.signIn()).get('code');
  const wrong = [
    await op.redeem(await code(), {}, 'other'),
    await op.redeem(await code(), { redirect_uri: `${APP}/` }),
    await op.redeem(await code(), { redirect_uri: '' }),
    await op.redeem(await code(), { code_verifier: '' }),
    await op.redeem(await code(), { code_verifier: `${VERIFIER.slice(0, -1)}~` }),
    await op.redeem('unknown'),
  ];
  for (const { status, body } of wrong) assert.equal(`${status} ${String(body['error'])}`, '400 invalid_grant');
});

test('oidf-plans: a verifier without a challenge is refused (RFC 9700 4.8.2)', async () => {
  const answer = await op.signIn({ code_challenge: '', code_challenge_method: '' });
  assert.equal((await op.redeem(answer.get('code'))).body['error'], 'invalid_grant');
});

test('oidf-plans: the method plain is refused', async () => {
  assert.equal((await op.signIn({ code_challenge_method: 'plain' })).get('error'), 'invalid_request');
  assert.equal((await op.signIn({ code_challenge_method: '' })).get('error'), 'invalid_request');
});

test('oidf-plans: a refresh token is used once, by its client, for the same person and no new nonce', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const foreign = await refresh(body['refresh_token'], 'other');
  assert.equal(`${foreign.status} ${String(foreign.body['error'])}`, '400 invalid_grant');
  const next = await refresh(body['refresh_token']);
  assert.equal(next.status, 200);
  assert.notEqual(next.body['refresh_token'], body['refresh_token']);
  assert.notEqual(next.body['access_token'], body['access_token']);
  assert.equal(claimsOf(next.body['id_token'])['sub'], claimsOf(body['id_token'])['sub']);
  assert.equal(claimsOf(next.body['id_token'])['nonce'], undefined);
  assert.equal((await refresh(next.body['refresh_token'])).status, 200);
});

test('oidf-plans: a refresh token used again ends its grant, newest tokens included (RFC 9700 4.14.2)', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const next = await refresh(body['refresh_token']);
  const again = await refresh(body['refresh_token']);
  assert.equal(`${again.status} ${String(again.body['error'])}`, '400 invalid_grant');
  assert.equal((await refresh(next.body['refresh_token'])).body['error'], 'invalid_grant');
  for (const token of [body['access_token'], next.body['access_token']]) {
    assert.equal((await op.fetch('/userinfo', bearer(token))).status, 401);
  }
});

test('oidf-plans: a used refresh token in the hands of another client ends nothing (RFC 9700 4.14.2)', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const next = await refresh(body['refresh_token']);
  assert.equal((await refresh(body['refresh_token'], 'other')).body['error'], 'invalid_grant');
  assert.equal((await refresh(next.body['refresh_token'])).status, 200);
});

test('oidf-plans: of ten requests at once with one refresh token at most one gets tokens', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(body['refresh_token'])));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

test('oidf-plans: a refresh may ask for less and never for more, and the next one has it all again (RFC 6749 6)', async () => {
  const { body } = await op.redeem((await op.signIn({ scope: 'openid profile api:read' })).get('code'));
  const less = await refresh(body['refresh_token'], 'web', { scope: 'api:read' });
  assert.equal(less.body['scope'], 'api:read');
  assert.equal(less.body['id_token'], undefined);
  const more = await refresh(less.body['refresh_token'], 'web', { scope: 'openid offline_access' });
  assert.equal(`${more.status} ${String(more.body['error'])}`, '400 invalid_scope');
  // What was refused spent nothing.
  assert.equal((await refresh(less.body['refresh_token'])).body['scope'], 'openid profile api:read');
});

test('oidf-plans: a scope that the client did not register answers invalid_scope', async () => {
  assert.equal((await op.signIn({ scope: 'openid email' })).get('error'), 'invalid_scope');
  assert.equal((await op.signIn({ scope: '' })).get('error'), 'invalid_scope');
});

for (const [how, address] of Object.entries({
  'another path': `${APP}/other`,
  'a slash at its end': `${APP}/`,
  'another case': APP.replace('callback', 'Callback'),
  'a query': `${APP}?x=1`,
  'a fragment': `${APP}#x`,
  'a port': APP.replace('.test/', '.test:444/'),
  'nothing at all': '',
})) {
  test(`oidf-plans: a redirect address that differs by ${how} is a page without redirect (RFC 6749 4.1.2.1)`, async () => {
    assert.equal(await outcome(await op.visit(new Map(), { redirect_uri: address })), '400 page invalid_request');
  });
}

test('oidf-plans: an unknown client is a page without redirect', async () => {
  assert.equal(await outcome(await op.visit(new Map(), { client_id: 'nobody' })), '400 page invalid_client');
});

test('oidf-plans: a loopback literal may come with any port, and with nothing else changed (RFC 8252 7.3)', async () => {
  const fits = await op.signIn({ client_id: 'two', redirect_uri: 'http://127.0.0.1:51004/native' });
  assert.ok(fits.get('code'));
  for (const redirect_uri of ['http://127.0.0.1:51004/', 'https://127.0.0.1:1/native', 'http://localhost:1/native']) {
    const page = await op.visit(new Map(), { client_id: 'two', redirect_uri });
    assert.equal(await outcome(page), '400 page invalid_request');
  }
});

test('oidf-plans: without openid a client with one address may leave it out, and gets no ID token (RFC 6749 3.1.2.3)', async () => {
  const answer = await op.signIn({ scope: 'api:read', redirect_uri: '' });
  const redeemed = await op.redeem(answer.get('code'), { redirect_uri: '' });
  assert.equal(redeemed.status, 200);
  assert.equal(redeemed.body['id_token'], undefined);
  assert.equal(
    await outcome(await op.visit(new Map(), { client_id: 'two', scope: 'x', redirect_uri: '' })),
    '400 page invalid_request',
  );
});

test('oidf-plans: an access token of a refresh ends with the grant, and revoking a refresh token ends them all (RFC 7009 2.1)', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const next = await refresh(body['refresh_token']);
  const revoked = await op.post('/revoke', { token: String(next.body['refresh_token']) }, basic('web'));
  assert.equal(revoked.status, 200);
  for (const token of [body['access_token'], next.body['access_token']]) {
    assert.equal((await op.fetch('/userinfo', bearer(token))).status, 401);
  }
});

test('oidf-plans: revoking the token of another client, or an unknown one, changes nothing and answers 200 (RFC 7009 2.2)', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  for (const token of [String(body['access_token']), String(body['refresh_token']), 'unknown']) {
    assert.equal((await op.post('/revoke', { token }, basic('other'))).status, 200);
  }
  assert.equal((await op.fetch('/userinfo', bearer(body['access_token']))).status, 200);
  assert.equal((await refresh(body['refresh_token'])).status, 200);
});

test('oidf-plans: a state of 4 KiB and one with markup come back unchanged', async () => {
  for (const state of ['s'.repeat(4096), '"<script>&+ æ']) {
    assert.equal((await op.signIn({ state })).get('state'), state);
  }
});
