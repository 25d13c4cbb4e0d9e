import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { World } from './01-36-world.ts';
import { HOST, SESSION, startWorld } from './01-36-world.ts';
import { noCorpus } from '../../src/login/testing/redirect-corpus.ts';
import { OWN_TARGETS, redirectTargets } from './06-redirects.ts';

const ORIGIN = `https://${HOST}`;
const NO_REPETITION = { FULLMAKT_LOGIN_RATELIMIT_ENABLED: 'false' };

/** That a browser which follows this header stays on the origin, and is not sent to a route that does something. */
function assertStays(location: string | null, given: string): void {
  const said = `${JSON.stringify(given)} became ${JSON.stringify(location)}`;
  assert.ok(location !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(location), said);
  assert.ok(!location.includes('\\'), said);
  const url = new URL(location, `${ORIGIN}/oauth2/callback`);
  assert.equal(url.origin, ORIGIN, said);
  assert.ok(!decodeURIComponent(url.pathname).startsWith('/oauth2'), said);
  assert.ok(location.length <= 2048 * 9, said);
}

/** Logs in with each target, to the end. */
async function throughLogin(world: World, targets: readonly string[]): Promise<void> {
  const person = world.person();
  for (const target of targets) {
    const browser = world.browser();
    const landed = await world.signIn(browser, person, target);
    assert.ok(browser.jar.has(SESSION), `no login with ${JSON.stringify(target)}: ${landed.status} ${landed.body}`);
    assertStays(landed.location, target);
  }
}

/** Logs out with each target, to the end. */
async function throughLogout(world: World, targets: readonly string[]): Promise<void> {
  const browser = world.browser();
  for (const target of targets) {
    const page = await browser.visit(`/oauth2/logout?redirect=${encodeURIComponent(target)}`);
    const [, state] = /name="state" value="([^"]+)"/.exec(page.body) ?? [];
    assert.ok(state, `no logout with ${JSON.stringify(target)}: ${page.status}`);
    assertStays((await browser.visit(`/oauth2/logout/callback?state=${state}`)).location, target);
  }
}

test('T06 every line of the corpus, raw, decoded once and twice: the login ends on our origin', {
  skip: noCorpus,
}, async (t) => {
  const targets = redirectTargets();
  assert.ok(targets.length >= 559);
  await throughLogin(await startWorld(t), targets);
});

test('T06 every line of the corpus, raw, decoded once and twice: the logout ends on our origin', {
  skip: noCorpus,
}, async (t) => {
  await throughLogout(await startWorld(t), redirectTargets());
});

test('T06 every line of the corpus as a late callback finds it: a signed-in browser goes on within our origin', {
  skip: noCorpus,
}, async (t) => {
  const world = await startWorld(t, { env: NO_REPETITION });
  const person = world.person();
  const browser = world.browser();
  await world.signIn(browser, person);
  for (const target of redirectTargets().filter((_, index) => index % 4 === 0)) {
    const callback = await world.attempt(world.browser(), person, target);
    assertStays((await browser.visit(callback)).location, target);
  }
});

test('T06 controls, long targets, user information, look-alike hosts and routes of ours end on our origin', async (t) => {
  const world = await startWorld(t);
  await throughLogin(world, OWN_TARGETS);
  await throughLogout(world, OWN_TARGETS);
});

test('T06 a path that looks like another host, asked for without a session, comes back as one of ours or not at all', async (t) => {
  const world = await startWorld(t);
  for (const path of [
    '//evil.test/x',
    '/\\evil.test',
    '/%09/evil.test',
    '/.//evil.test',
    '/https://evil.test',
    '/@evil.test',
  ]) {
    const denied = await world.browser().visit(path);
    if (denied.status === 400) continue;
    const browser = world.browser();
    const start = await browser.visit(denied.location ?? '');
    assertStays((await browser.visit(await world.provider.authorize(start.location, world.person()))).location, path);
  }
});

test('T06 a repeated redirect parameter counts as absent, and a Referer of another site chooses nothing', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  const start = await browser.visit('/oauth2/login?redirect=/a&redirect=//evil.test');
  assert.equal((await browser.visit(await world.provider.authorize(start.location, world.person()))).location, '/');
  for (const referer of [
    'https://evil.test/x',
    `https://${HOST}@evil.test/`,
    `https://${HOST}.evil.test/`,
    '//evil.test',
  ]) {
    const { status, location } = await world.browser().ask('/api', { headers: { referer } });
    assert.equal(status, 401);
    assert.equal(location, '/oauth2/login', referer);
  }
});

test('T06 a login under an ingress path ends below that path or at it', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_INGRESS: `${ORIGIN}/app` } });
  const person = world.person();
  for (const target of [
    '//evil.test',
    '/app/../..//evil.test',
    '/app/oauth2/logout',
    'https://evil.test//x',
    '\\evil.test',
  ]) {
    const browser = world.browser();
    const start = await browser.visit(`/app/oauth2/login?redirect=${encodeURIComponent(target)}`);
    const landed = await browser.visit(await world.provider.authorize(start.location, person));
    assert.equal(landed.location, '/app', target);
  }
});
