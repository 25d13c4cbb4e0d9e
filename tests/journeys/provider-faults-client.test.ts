import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { arrive, assertRefused, heading, isSignedIn, tokenAt, tryAgain } from './fault-pages.ts';
import { openFaultWorld } from './fault-world.ts';
import type { FaultWorld, FaultWorldOptions } from './fault-world.ts';

/* Faults that depend on how the client is set up or registered. */

async function openFor(t: TestContext, options: Omit<FaultWorldOptions, 'persona'>): Promise<FaultWorld> {
  const world = await openFaultWorld({ persona: 'idporten', ...options });
  t.after(() => world.close());
  return world;
}

test('userinfo-sub: a UserInfo answer about somebody else signs nobody in (OpenID Connect Core 5.3.2)', async (t) => {
  const world = await openFor(t, { settings: { FULLMAKT_LOGIN_OPENID_USERINFO: 'true' } });
  const browser = world.browser();
  await world.switchOn({ fault: 'userinfo-sub' });
  const page = await arrive(world, browser);
  assert.equal(await world.hits(), 1);
  await assertRefused(world, browser, page, { status: 500, heading: 'Innloggingen mislyktes' });
  tokenAt(await tryAgain(world, browser, page));
});

for (const fault of ['html-500', 'reset', 'half-body']) {
  test(`${fault} at UserInfo: 500, for nothing proves the user, and in at the next attempt`, async (t) => {
    const world = await openFor(t, { settings: { FULLMAKT_LOGIN_OPENID_USERINFO: 'true' } });
    const browser = world.browser();
    await world.switchOn({ fault, endpoint: 'userinfo' });
    const page = await arrive(world, browser);
    await assertRefused(world, browser, page, { status: 500, heading: 'Innloggingen mislyktes' });
    tokenAt(await tryAgain(world, browser, page));
  });
}

test('userinfo-sub: nobody notices where UserInfo is not asked', async (t) => {
  const world = await openFor(t, {});
  await world.switchOn({ fault: 'userinfo-sub' });
  tokenAt(await arrive(world, world.browser()));
  assert.equal(await world.hits(), 0);
});

test('a client that is registered without sessions named gets no sid, and signs nobody in: metadata promises one', async (t) => {
  const world = await openFor(t, { registration: { frontchannelLogoutSessionRequired: false } });
  const browser = world.browser();
  await assertRefused(world, browser, await arrive(world, browser), { status: 500, heading: 'Innloggingen mislyktes' });
  const reasons = world.events.flatMap((each) => (each.event === 'login.failed' ? [each.reason] : []));
  assert.deepEqual(reasons, ['claim_missing sid']);
});

test('propagation: a key that is registered but not known yet is refused at the door, and lets people in a minute later', async (t) => {
  const before = publicJwk(await generatePrivateJwk('RS256', 'key-of-before'));
  const world = await openFor(t, { registeredKey: before });
  await world.switchOn({ fault: 'propagation:60' });
  const { registry } = world.providers;
  const snapshot = registry.snapshot();
  const row = snapshot.client('idporten', 'portal-id');
  assert.ok(row);
  assert.equal(
    await registry.commit(snapshot.version, { putClients: [{ ...row, keys: [publicJwk(world.clientKey)] }] }),
    'ok',
  );
  const browser = world.browser();
  const page = await browser.open(`${world.ingress}/soknad?steg=2`);
  assert.equal(page.status, 500);
  assert.equal(heading(page), 'Innloggingen mislyktes');
  assert.equal(await isSignedIn(world, browser), false);
  assert.equal(world.asked.filter((path) => path === '/par').length, 1, 'a refusal is not tried again');
  world.clock.now += 61;
  tokenAt(await tryAgain(world, browser, page));
});

test('reuse of refresh tokens, half-body: the second try brings what the first lost', async (t) => {
  const world = await openFor(t, { registration: { refreshTokenUsage: 'REUSE' } });
  const browser = world.browser();
  const old = tokenAt(await arrive(world, browser));
  world.clock.now += 3575;
  await world.switchOn({ fault: 'half-body', endpoint: 'token' });
  assert.notEqual(tokenAt(await arrive(world, browser)), old);
});

test('front channel: a person signed in at 127.0.0.1 is signed out by the provider at localhost, which sends no cookie along', async (t) => {
  const world = await openFor(t, { host: '127.0.0.1' });
  const [ours, other] = [world.browser(), world.browser()];
  tokenAt(await arrive(world, ours));
  tokenAt(await arrive(world, other));
  const [sid = ''] = world.events.flatMap((each) => (each.event === 'login.succeeded' ? [each.sid ?? ''] : []));
  const answer = await world.providers.control('DELETE', `/v1/idporten/sessions/${sid}?notify=1`);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), {
    ended: [sid],
    frontchannel: [{ uri: `${world.ingress}/oauth2/logout/frontchannel`, status: 200 }],
  });
  assert.equal(await isSignedIn(world, ours), false);
  assert.equal(await isSignedIn(world, other), true, 'only that one session');
});
