import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pushingClient, HINT } from '../testing/fapi2.ts';
import { answerOf, APP, providerOf } from '../testing/openid.ts';
import type { Answer } from '../testing/openid.ts';
import { outcome } from '../testing/outcome.ts';
import { PID, redirected, VERIFIER, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['oidf-fapi2'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-fapi2');
for (const id of ['web', 'other']) op.register(id, { token_endpoint_auth_method: 'private_key_jwt' });
const { push, requestUri, open, answer, redeem } = pushingClient(op);

const code = async (): Promise<string | null> => (await answer()).get('code');
const said = ({ status, body }: Answer): string => `${status} ${String(body['error'])}`;

test('oidf-plans: a FAPI 2.0 code is bound to its client, its address and its verifier (FAPI 2.0 5.3.2.2)', async () => {
  const wrong = [
    await redeem(await code(), await op.proof('other')),
    await redeem(await code(), { redirect_uri: `${APP}/` }),
    await redeem(await code(), { redirect_uri: '' }),
    await redeem(await code(), { code_verifier: '' }),
    await redeem(await code(), { code_verifier: `${VERIFIER.slice(0, -1)}~` }),
  ];
  for (const each of wrong) assert.equal(said(each), '400 invalid_grant');
  assert.equal(said(await redeem(await code(), { code: '' })), '400 invalid_request');
});

test('oidf-plans: a FAPI 2.0 code lives for 60 seconds at most (FAPI 2.0 5.3.2.2)', async () => {
  const [early, late] = [await answer(), await answer()];
  world.clock.now += 59;
  assert.equal((await redeem(early.get('code'))).status, 200);
  world.clock.now += 1;
  assert.equal(said(await redeem(late.get('code'))), '400 invalid_grant');
});

test('oidf-plans: client_id beside an assertion is that of the assertion, at PAR and at the token endpoint', async () => {
  assert.equal(said(await push({ client_id: 'other' }, await op.proof('web'))), '401 invalid_client');
  const one = await code();
  assert.equal(said(await redeem(one, { client_id: 'other' })), '401 invalid_client');
  assert.equal((await redeem(one, { client_id: 'web' })).status, 200);
});

test('oidf-plans: a pushed request has to name its address, though only one is registered (FAPI 2.0 5.3.2.2)', async () => {
  for (const scope of ['openid', 'email']) {
    assert.equal(said(await push({ scope, redirect_uri: '' })), '400 invalid_request');
  }
});

test('oidf-plans: what is wrong with a pushed request is told when it is pushed (RFC 9126 2.3)', async () => {
  assert.equal(said(await push({ response_type: 'code id_token' })), '400 unsupported_response_type');
  assert.equal(said(await push({ response_type: '' })), '400 invalid_request');
  assert.equal(said(await push({ scope: 'openid secrets' })), '400 invalid_scope');
  assert.equal(said(await push({ prompt: 'create' })), '400 invalid_request');
  assert.equal(said(await push({ code_challenge: 'short' })), '400 invalid_request');
  const query = new URL(op.authorizeUrl()).searchParams;
  for (const [name, value] of Object.entries(await op.proof('web'))) query.append(name, value);
  query.append('scope', 'openid');
  assert.equal(
    said(await answerOf(await op.fetch('/par', { ...form({}), body: query.toString() }))),
    '400 invalid_request',
  );
});

test('oidf-plans: errors by redirect name issuer and state (RFC 9207 2)', async () => {
  const told = redirected(await open(await requestUri({ prompt: 'none', state: 'kept' })));
  assert.deepEqual(Object.fromEntries(told), {
    error: 'login_required',
    error_description: told.get('error_description'),
    state: 'kept',
    iss: op.issuer,
  });
});

test('oidf-plans: a reference may come by POST, and the code after the page by 303 (RFC 9700 4.12)', async () => {
  const jar: Jar = new Map();
  const fields = form({ client_id: 'web', request_uri: await requestUri() });
  const page = await (await visit(world, jar, `${op.issuer}/authorize`, fields)).text();
  const [, transaction = ''] = /name="transaction" value="([^"]+)"/.exec(page) ?? [];
  const pressed = form({ transaction, person: PID, acr: 'high', continue: '1' });
  const response = await visit(world, jar, `${op.issuer}/authorize`, pressed);
  assert.equal(response.status, 303);
  assert.equal((await redeem(redirected(response).get('code'))).status, 200);
});

test('oidf-plans: a reference without its client, or one that nobody made, is a page without redirect', async () => {
  const uri = await requestUri(HINT);
  assert.equal(
    await outcome(await op.fetch(`/authorize?request_uri=${encodeURIComponent(uri)}`)),
    '400 page invalid_request_uri',
  );
  assert.equal(await outcome(await open(`${uri}x`)), '400 page invalid_request_uri');
  assert.ok(redirected(await open(uri)).get('code'));
});

test('oidf-plans: nobody is signed in by a foreign reference, nor by a request object beside none', async () => {
  for (const change of [{ request_uri: 'https://app.example.test/request.jwt' }, { request: 'e30.e30.' }]) {
    const told = redirected(await op.visit(new Map(), { ...HINT, ...change }));
    assert.equal(told.get('error'), 'invalid_request');
    assert.equal(told.get('code'), null);
  }
});

test('oidf-plans: the keys are for signing, with alg and kid, at least 2048 bits of RSA, and nothing private (FAPI 2.0 5.4)', async () => {
  const { body } = await answerOf(await op.fetch('/jwks'));
  assert.ok(Array.isArray(body['keys']));
  assert.deepEqual(new Set(body['keys'].map(({ alg, use }) => `${alg} ${use}`)), new Set(['PS256 sig', 'ES256 sig']));
  for (const { d, p, k, kid, n } of body['keys']) {
    assert.deepEqual([d, p, k], [undefined, undefined, undefined]);
    assert.ok(kid);
    if (n !== undefined) assert.ok(Buffer.from(n, 'base64url').length >= 256);
  }
});
