import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { listOf, openControlOf } from '../testing/control.ts';
import { CLIENTS } from '../testing/rows.ts';
import {
  askToken,
  authorizeUrl,
  CALLBACK,
  claimsOf,
  codeAt,
  PID,
  redeem,
  redirected,
  visit,
} from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten'] });
after(() => world.close());
const control = await openControlOf(world);

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

const jwks = createRemoteJWKSet(new URL(`${world.listener('ID-porten').origin}/jwks.json`), { cooldownDuration: 0 });

async function kids(): Promise<readonly string[]> {
  const keys = listOf(await control('GET', '/v1/idporten/keys'), 'keys');
  return keys.map(({ kid }) => String(kid));
}

function kidOf(token: unknown): unknown {
  return (JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;
}

/** As a client without a clock of its own: no assertion can be late. */
async function redeemWithSecret(code: string): Promise<{ status: number; error: unknown }> {
  const fields = { ...redeem(code), client_id: CLIENTS.post, client_secret: 's3cret' };
  const response = await world.fetch(`${ISSUERS.idporten}/token`, form(fields));
  const body: unknown = await response.json();
  return { status: response.status, error: (body as Record<string, unknown>)['error'] };
}

test('control: the clock can be moved and held, for one persona or all, and moves the expiry of a code', async () => {
  await startAgain();
  const code = await codeAt(world, { client_id: CLIENTS.post });
  const late = await codeAt(world, { client_id: CLIENTS.post });
  await control('PUT', '/v1/clock', { offset: 119 });
  assert.equal((await redeemWithSecret(code)).status, 200);
  const moved = await control('PUT', '/v1/clock?persona=idporten', { offset: 121 });
  assert.deepEqual(moved.body, { offset: 121, now: new Date((world.clock.now + 121) * 1000).toISOString() });
  const answer = await redeemWithSecret(late);
  assert.deepEqual([answer.status, answer.error], [400, 'invalid_grant']);
  assert.equal((await control('GET', '/v1/clock')).body['offset'], 119);
  assert.equal((await control('GET', '/v1/clock?persona=entra')).body['offset'], 119);
  assert.equal((await control('GET', '/v1/clock?persona=idporten')).body['offset'], 121);

  const frozen = await control('PUT', '/v1/clock', { frozen: '2030-01-02T03:04:05Z' });
  assert.deepEqual(frozen.body, { frozen: '2030-01-02T03:04:05.000Z', now: '2030-01-02T03:04:05.000Z' });
  for (const [body, path] of [
    [{}, 'offset'],
    [{ offset: 1, frozen: '2030-01-02T03:04:05Z' }, 'frozen'],
    [{ frozen: 'soon' }, 'frozen'],
    [{ offset: '1' }, 'offset'],
  ] as const) {
    const bad = await control('PUT', '/v1/clock', body);
    assert.deepEqual([bad.status, bad.body['path']], [422, path]);
  }
  assert.equal((await control('PUT', '/v1/clock?persona=nobody', { offset: 1 })).status, 404);
});

test('control: the clock moves the end of single sign-on', async () => {
  await startAgain();
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  const silent = authorizeUrl({ prompt: 'none' });
  assert.ok(redirected(await visit(world, jar, silent)).has('code'));
  await control('PUT', '/v1/clock?persona=idporten', { offset: 31 * 60 });
  assert.equal(redirected(await visit(world, jar, silent)).get('error'), 'login_required');
});

test('control: a key can be added, promoted, rotated and dropped; the one that signs cannot be dropped', async () => {
  await startAgain();
  const [first, second] = await kids();
  const added = await control('POST', '/v1/idporten/keys', { action: 'add' });
  const third = String(added.body['kid']);
  assert.deepEqual(await kids(), [first, second, third]);
  assert.equal(kidOf((await askToken(world, redeem(await codeAt(world)))).body['id_token']), first);
  await control('POST', '/v1/idporten/keys', { action: 'promote', kid: third });
  const token = (await askToken(world, redeem(await codeAt(world)))).body['id_token'];
  assert.equal(kidOf(token), third);
  await jwtVerify(String(token), jwks, { issuer: ISSUERS.idporten, currentDate: new Date(world.clock.now * 1000) });

  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'drop', kid: third })).status, 409);
  const rotated = await control('POST', '/v1/idporten/keys', { action: 'rotate' });
  assert.deepEqual(
    listOf(rotated, 'keys').map(({ state }) => state),
    ['published', 'published', 'published', 'current'],
  );
  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'drop', kid: third })).status, 200);
  assert.ok(!(await kids()).includes(third));

  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'promote', kid: 'none' })).status, 404);
  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'promote' })).body['path'], 'kid');
  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'lose' })).body['path'], 'action');
  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'add', alg: 'ES256' })).body['path'], 'alg');
});

test('control: mint signs any claims with the key that signs now, and damages them on demand', async () => {
  await startAgain();
  const { body, status } = await control('POST', '/v1/idporten/mint', {
    kind: 'id',
    client: CLIENTS.portal,
    claims: { aud: CLIENTS.portal, sub: 'somebody', jti: null, odd: { deep: [1] } },
    header: { typ: 'odd+jwt' },
  });
  assert.equal(status, 200);
  const { payload, protectedHeader } = await jwtVerify(String(body['token']), jwks, {
    issuer: ISSUERS.idporten,
    currentDate: new Date(world.clock.now * 1000),
  });
  assert.deepEqual(payload, {
    iss: ISSUERS.idporten,
    iat: world.clock.now,
    exp: world.clock.now + 300,
    aud: CLIENTS.portal,
    sub: 'somebody',
    odd: { deep: [1] },
  });
  assert.equal(protectedHeader.typ, 'odd+jwt');
  const bad = await control('POST', '/v1/idporten/mint', { kind: 'access', fault: 'bad-sig' });
  await assert.rejects(jwtVerify(String(bad.body['token']), jwks), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  const none = await control('POST', '/v1/idporten/mint', { kind: 'logout', fault: 'alg-none' });
  assert.match(String(none.body['token']), /\.$/);
  assert.equal((await control('POST', '/v1/idporten/mint', { fault: 'slow-token' })).body['path'], 'fault');
  assert.equal((await control('POST', '/v1/idporten/mint', { kind: 'cookie' })).body['path'], 'kind');
  const tenant = await control('POST', '/v1/entra/mint', { kind: 'access' });
  assert.match(String(claimsOf(tenant.body['token'])['iss']), /^https:\/\/localhost:7421\/[0-9a-f-]{36}\/v2\.0$/);
});

test('control: reset brings back the start state: clients, people, faults, clocks, lists, sessions, codes, refresh tokens and keys', async (t) => {
  await startAgain();
  const before = (await control('GET', '/v1/status')).body;
  const jar: Jar = new Map();
  const answer = await askToken(world, redeem(await codeAt(world, {}, jar)));
  const code = await codeAt(world);
  await control('POST', '/v1/idporten/clients', {
    client_id: 'gone',
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
  });
  await control('DELETE', `/v1/people/${PID}`);
  await control('POST', '/v1/faults', { persona: 'idporten', fault: 'no-iss', times: 0 });
  await control('POST', '/v1/idporten/keys', { action: 'rotate' });
  await control('PUT', '/v1/clock', { offset: 1 });

  const start = performance.now();
  assert.equal((await control('POST', '/v1/reset')).status, 200);
  t.diagnostic(`reset took ${(performance.now() - start).toFixed(1)} ms`);

  assert.deepEqual((await control('GET', '/v1/status')).body, before);
  assert.equal((await control('GET', '/v1/idporten/clients/gone')).status, 404);
  assert.equal((await control('GET', `/v1/people/${PID}`)).status, 200);
  assert.deepEqual(listOf(await control('GET', '/v1/issued'), 'issued'), []);
  assert.deepEqual((await control('GET', '/v1/requests')).body, { requests: [], counters: [] });
  assert.deepEqual(listOf(await control('GET', '/v1/idporten/sessions'), 'sessions'), []);
  const silent = redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' })));
  assert.equal(silent.get('error'), 'login_required');
  for (const fields of [
    redeem(code),
    { grant_type: 'refresh_token', refresh_token: String(answer.body['refresh_token']) },
  ]) {
    const refused = await askToken(world, fields);
    assert.deepEqual([refused.status, refused.body['error']], [400, 'invalid_grant']);
  }
});

test('control: reset keeps the keys when told, and nothing it cannot keep', async () => {
  await startAgain();
  const { kid } = (await control('POST', '/v1/idporten/keys', { action: 'rotate' })).body;
  await control('POST', '/v1/reset', { keep: ['keys'] });
  assert.ok((await kids()).includes(String(kid)));
  await control('POST', '/v1/reset');
  assert.ok(!(await kids()).includes(String(kid)));
  const bad = await control('POST', '/v1/reset', { keep: ['clients'] });
  assert.deepEqual([bad.status, bad.body['path']], [422, 'keep.0']);
});
