import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseJwt } from '../../src/oauth/jwt.ts';
import { recordCalls } from './foreign-calls.ts';
import type { SeenCall } from './foreign-calls.ts';
import {
  ask,
  COOLDOWN_SECONDS,
  echoed,
  foreignWorldFor,
  keyCredential,
  secretCredential,
  sessionStatus,
  signedIn,
  userinfo,
} from './foreign-world.ts';
import type { Credential, ForeignWorld } from './foreign-world.ts';

/* How the proxy proves itself at oidc-provider, and what becomes of tokens that are rotated, copied and signed with new keys. */

interface Recorded extends ForeignWorld {
  readonly calls: SeenCall[];
}

async function start(t: TestContext, credential: Credential): Promise<Recorded> {
  const recorder = recordCalls();
  t.after(() => recorder.close());
  const world = await foreignWorldFor(t, credential, { fetch: recorder.fetch });
  return { ...world, calls: recorder.calls };
}

function tokenCalls({ calls }: Recorded): readonly SeenCall[] {
  return calls.filter(({ path }) => path === '/token');
}

function tokensOf(call: SeenCall | undefined): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what oidc-provider answered
  return JSON.parse(call?.answer ?? '{}') as Readonly<Record<string, unknown>>;
}

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  test(`A6 private_key_jwt with ${alg}: a new assertion for the pushed request and for the code, and ID tokens of the same kind`, async (t) => {
    const world = await start(t, await keyCredential(alg));
    const { page } = await signedIn(world);
    assert.deepEqual(await userinfo(world, echoed(page).authorization), { sub: 'kari' });
    const proven = world.calls.filter(({ form }) => form.has('client_assertion'));
    assert.deepEqual(
      proven.map(({ path }) => path),
      ['/request', '/token'],
    );
    const assertions = proven.map(({ form }) => parseJwt(form.get('client_assertion')));
    for (const { header, claims } of assertions) {
      assert.deepEqual([header.alg, header.kid], [alg, 'login-key']);
      assert.deepEqual([claims['iss'], claims['sub'], claims['aud']], ['login', 'login', world.provider.issuer]);
    }
    assert.equal(new Set(assertions.map(({ claims }) => claims['jti'])).size, 2);
    assert.equal(parseJwt(tokensOf(tokenCalls(world)[0])['id_token']).header.alg, alg);
    assert.equal(world.calls.filter(({ path }) => path === '/me').length, 1, 'UserInfo is asked once, at the sign-in');
  });
}

for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
  test(`A6 ${method}: a secret with reserved characters arrives as it is (RFC 6749 2.3.1)`, async (t) => {
    const world = await start(t, secretCredential(method));
    await signedIn(world);
    const [call] = tokenCalls(world);
    assert.equal(call?.form.has('client_secret'), method === 'client_secret_post');
    assert.equal(call?.authorization?.startsWith('Basic '), method === 'client_secret_basic' ? true : undefined);
  });
}

test('A10 a refresh token that somebody else used as well ends the grant there, and the session here at its next refresh', async (t) => {
  const world = await start(t, secretCredential('client_secret_post'));
  const { browser } = await signedIn(world);
  const spent = String(tokensOf(tokenCalls(world)[0])['refresh_token']);
  world.proxy.clock.ahead += COOLDOWN_SECONDS;
  assert.equal((await ask(world, browser, ['POST', '/oauth2/session/refresh'])).status, 200);
  const [, refreshed] = tokenCalls(world);
  assert.equal(refreshed?.form.get('refresh_token'), spent);
  assert.notEqual(tokensOf(refreshed)['refresh_token'], spent, 'it was rotated');
  const revoked = world.provider.next('grant.revoked');
  const copy = await fetch(`${world.provider.issuer}/token`, { method: 'POST', body: refreshed?.form ?? null });
  await revoked;
  assert.equal(copy.status, 400);
  assert.match(await copy.text(), /"error":"invalid_grant"/);
  world.proxy.clock.ahead += COOLDOWN_SECONDS;
  assert.equal((await ask(world, browser, ['POST', '/oauth2/session/refresh'])).status, 401);
  assert.equal(await sessionStatus(world, browser), 401);
  assert.equal(world.provider.failures.length, 2, 'the copy, and the refresh after it');
  world.provider.failures.length = 0;
});

test('A8 keys that change under one issuer: sign-ins, refreshes and logouts go on without a restart', async (t) => {
  const world = await start(t, await keyCredential('RS256'));
  const before = await signedIn(world);
  await world.provider.rotateKeys();
  world.proxy.clock.ahead += COOLDOWN_SECONDS;
  const after = await signedIn(world, 'ola');
  assert.deepEqual(await userinfo(world, echoed(after.page).authorization), { sub: 'ola' });
  await world.provider.rotateKeys();
  world.proxy.clock.ahead += COOLDOWN_SECONDS;
  for (const { browser } of [before, after])
    assert.equal((await ask(world, browser, ['POST', '/oauth2/session/refresh'])).status, 200);
  const kids = tokenCalls(world).map((call) => parseJwt(tokensOf(call)['id_token']).header.kid);
  assert.deepEqual(kids, ['rsa-0', 'rsa-1', 'rsa-2', 'rsa-2']);
  const confirm = await before.browser.open(`${world.app}/oauth2/logout`, { 'sec-fetch-site': 'same-origin' });
  assert.match(confirm.html, /op\.logoutForm/);
  assert.equal(await sessionStatus(world, before.browser), 401);
});
