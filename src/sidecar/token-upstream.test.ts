import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../oauth/jwt.ts';
import { json, plain } from '../web/http.ts';
import { makeKeys, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();

async function setup(t: test.TestContext): Promise<{ provider: FakeProvider; sidecar: TestSidecar }> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  return { provider, sidecar };
}

const ENTRA = { identity_provider: 'entra_id', target: 'local:fleet:register' };

test('passes the error of a provider on with its own status, code and text (3.4)', async (t) => {
  const { provider, sidecar } = await setup(t);
  provider.answer = () => json(403, { error: 'forbidden', error_description: 'no access', error_uri: 'x/MP-250' });
  const response = await sidecar.post('/token', { identity_provider: 'maskinporten', target: 'a:b' });
  assert.equal(response.status, 403);
  assert.deepEqual(await response.json(), { error: 'forbidden', error_description: 'no access' });
  assert.equal(response.headers.get('fullmakt-refusal'), 'policy');
});

test('tells an event when a provider refuses by policy, with the target and without a token', async (t) => {
  const { provider, sidecar } = await setup(t);
  provider.answer = () =>
    json(400, { error: 'invalid_grant', error_description: 'AADSTS501051: x', error_codes: [501051] });
  await sidecar.post('/token', ENTRA);
  const told = sidecar.events.find((event) => event.event === 'sidecar.refused_by_policy');
  assert.equal(told?.event === 'sidecar.refused_by_policy' && told.target, 'local:fleet:register');
  assert.doesNotMatch(JSON.stringify(sidecar.events), /eyJ/);
});

test('L15: an upstream error without description keeps code and status, one that is no OAuth error becomes server_error', async (t) => {
  const { provider, sidecar } = await setup(t);
  provider.answer = () => json(401, { error: 'made_up' });
  const first = await sidecar.post('/token', ENTRA);
  assert.equal(first.status, 401);
  assert.deepEqual(await first.json(), { error: 'made_up', error_description: '' });
  provider.answer = () => plain(404, '<html>');
  const second = await sidecar.post('/token', ENTRA);
  assert.equal(second.status, 404);
  assert.equal(((await second.json()) as Record<string, string>)['error'], 'server_error');
});

test('L11: retries once with another jti, and not after Retry-After, which is passed on', async (t) => {
  const { provider, sidecar } = await setup(t);
  provider.answer = (call) =>
    call === 1 ? plain(503, 'busy') : json(200, { access_token: 'x', token_type: 'Bearer', expires_in: 60 });
  assert.equal((await sidecar.post('/token', ENTRA)).status, 200);
  const ids = provider.forms.map((form) => parseJwt(form.get('client_assertion')).claims['jti']);
  assert.equal(new Set(ids).size, 2);
  provider.answer = () => ({ ...json(429, { error: 'slow_down' }), headers: { 'Retry-After': '7' } });
  const refused = await sidecar.post('/token', { ...ENTRA, target: 'other' });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '7');
  assert.equal(provider.forms.length, 3);
});

test('does not retry redirects and answers that are no token, and begins their text alike (3.4)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const answers = [
    { status: 302, headers: { Location: 'http://127.0.0.1:1/' } },
    plain(200, 'not json'),
    json(200, { access_token: 'x', token_type: 'DPoP', expires_in: 1 }),
    json(200, { access_token: 'x', token_type: 'Bearer', expires_in: '1' }),
    plain(200, `"${'x'.repeat(1024 * 1024)}"`),
  ];
  for (const [at, answer] of answers.entries()) {
    provider.answer = () => answer;
    const response = await sidecar.post('/token', ENTRA);
    assert.equal(response.status, 500);
    const body = (await response.json()) as Record<string, string>;
    assert.equal(body['error'], 'server_error');
    assert.match(body['error_description'] ?? '', /^Identity provider request failed:/);
    assert.equal(provider.forms.length, at + 1);
  }
});

test('the breaker opens after five failures in a row and tells when to come back (3.3)', async (t) => {
  const { provider, sidecar } = await setup(t);
  provider.answer = () => plain(500, '');
  for (let round = 0; round < 3; round += 1) await sidecar.post('/token', ENTRA);
  const calls = provider.forms.length;
  assert.equal(calls, 5);
  const refused = await sidecar.post('/token', ENTRA);
  assert.equal(refused.status, 500);
  assert.equal(refused.headers.get('retry-after'), '2');
  assert.equal(provider.forms.length, calls);
  provider.answer = () => json(200, { access_token: 'x', token_type: 'Bearer', expires_in: 60 });
  sidecar.clock.now += 2;
  assert.equal((await sidecar.post('/token', ENTRA)).status, 200);
});
