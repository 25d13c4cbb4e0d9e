import assert from 'node:assert/strict';
import test from 'node:test';
import type { World, WorldOptions } from './testing/proxy.ts';
import { HOST, startWorld } from './testing/proxy.ts';

const HIGH = 'idporten-loa-high';
const SUBSTANTIAL = 'idporten-loa-substantial';
const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
const RULES = [
  { path: '/high/**', acr: HIGH },
  { path: '/fresh/**', maxAgeSeconds: 300 },
  { path: '/both', acr: HIGH, maxAgeSeconds: 300 },
  { path: '/maybe', login: 'optional', acr: HIGH },
  { path: '/open', login: 'exempt', acr: HIGH },
];

/** Signed in at the lower level, where some paths ask for more. */
async function signedIn(t: test.TestContext, options: WorldOptions = {}): Promise<World> {
  const env = {
    FULLMAKT_LOGIN_RULES: JSON.stringify(RULES),
    FULLMAKT_LOGIN_OPENID_ACR_VALUES: SUBSTANTIAL,
    FULLMAKT_LOGIN_CORS_ORIGINS: 'https://other.example.test',
    FULLMAKT_LOGIN_SESSION_ON_TOKEN_EXPIRY: 'keep',
    ...options.env,
  };
  const world = await startWorld(t, { ...options, env });
  world.provider.bends.expiresIn = 36_000;
  await world.logIn();
  return world;
}

/** Follows a redirect to login and through the provider; answers what the callback said. */
async function follow({ browser, provider }: World, location: string | undefined): ReturnType<typeof browser.visit> {
  const start = await browser.visit(location ?? '');
  return browser.visit(await provider.authorize(start.headers.location ?? ''));
}

test('A18 a navigation goes to a login of that level and comes back; the old session works until then (SU-1, SU-2)', async (t) => {
  const world = await signedIn(t);
  const { browser, provider, seen, events } = world;
  const first = await browser.visit('/high/page?a=b');
  assert.equal(first.status, 302);
  assert.equal(first.headers.location, `/oauth2/login?redirect=${encodeURIComponent('/high/page?a=b')}&level=${HIGH}`);
  assert.equal(seen.length, 0);
  const [required] = events.flatMap((event) => (event.event === 'stepup.required' ? [event] : []));
  assert.deepEqual([required?.cause, required?.level, required?.provider], ['level', HIGH, 'idporten']);
  const start = await browser.visit(first.headers.location ?? '');
  const callback = await provider.authorize(start.headers.location ?? '');
  assert.equal(provider.lastRequest().get('acr_values'), HIGH);
  assert.equal((await browser.visit('/plain')).status, 200);
  const back = await browser.visit(callback);
  assert.equal(back.headers.location, '/high/page?a=b');
  assert.equal((await browser.visit('/high/page?a=b')).status, 200);
});

test('A18 the level of the target is asked for although the link names none, or a lower one (section 3)', async (t) => {
  const { browser, provider } = await signedIn(t);
  for (const query of ['', `&level=${SUBSTANTIAL}`, '&level=Level3', '&level=unheard-of', `&level=${HIGH}`]) {
    const start = await browser.visit(`/oauth2/login?redirect=%2Fhigh%2Fx${query}`);
    await provider.authorize(start.headers.location ?? '');
    assert.equal(provider.lastRequest().get('acr_values'), HIGH, query);
  }
});

test('A18 anything but a navigation gets 401 with the challenge of RFC 9470, and where to log in (SU-1)', async (t) => {
  const { browser, clock, seen } = await signedIn(t);
  const referer = `https://${HOST}/page`;
  const level = await browser.ask('/high/x', { headers: { ...FETCH, referer, origin: 'https://other.example.test' } });
  assert.equal(level.status, 401);
  assert.equal(
    level.headers['www-authenticate'],
    `Bearer error="insufficient_user_authentication", acr_values="${HIGH}"`,
  );
  assert.equal(level.headers.location, `/oauth2/login?redirect=%2Fpage&level=${HIGH}`);
  assert.deepEqual(JSON.parse(level.body), { error: 'insufficient_user_authentication' });
  assert.equal(level.headers['access-control-expose-headers'], 'Location, WWW-Authenticate');
  clock.seconds += 301;
  const age = await browser.ask('/fresh/x', { method: 'POST', headers: FETCH });
  assert.equal(age.headers['www-authenticate'], 'Bearer error="insufficient_user_authentication", max_age="300"');
  assert.equal(age.headers.location, '/oauth2/login?prompt=login&max_age=300');
  const both = await browser.ask('/both', { headers: FETCH });
  assert.equal(
    both.headers['www-authenticate'],
    `Bearer error="insufficient_user_authentication", acr_values="${HIGH}", max_age="300"`,
  );
  assert.equal(seen.length, 0);
});

test('A18 a sign-in that is too old is repeated, and the present session stays until the younger one is there (SU-2)', async (t) => {
  const world = await signedIn(t);
  const { browser, clock, provider } = world;
  clock.seconds += 300;
  assert.equal((await browser.visit('/fresh/x')).status, 200);
  clock.seconds += 1;
  const asked = await browser.visit('/fresh/x');
  assert.equal(asked.headers.location, '/oauth2/login?redirect=%2Ffresh%2Fx&prompt=login&max_age=300');
  const start = await browser.visit(asked.headers.location ?? '');
  assert.equal((await browser.visit('/plain')).status, 200);
  const callback = await provider.authorize(start.headers.location ?? '');
  assert.deepEqual([provider.lastRequest().get('prompt'), provider.lastRequest().get('max_age')], ['login', '0']);
  await browser.visit(callback);
  assert.equal((await browser.visit('/fresh/x')).status, 200);
});

test('A18 without auth_time the age counts from the creation of the session (SU-1)', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: JSON.stringify(RULES) } });
  world.provider.bends.idToken = { auth_time: undefined };
  await world.logIn();
  world.clock.seconds += 300;
  assert.equal((await world.browser.visit('/fresh/x')).status, 200);
  world.clock.seconds += 1;
  assert.equal((await world.browser.visit('/fresh/x')).status, 302);
});

test('A18 J6 a login that stays too weak ends on a page with a way to try again, once, and the old session works on (SU-2)', async (t) => {
  const world = await signedIn(t);
  const { browser, provider, events } = world;
  provider.bends.idToken = { acr: SUBSTANTIAL };
  const asked = await browser.visit('/high/x');
  const refused = await follow(world, asked.headers.location);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /\/oauth2\/login\?redirect=%2Fhigh%2Fx/);
  assert.equal((await browser.visit('/plain')).status, 200);
  assert.equal(events.filter((event) => event.event === 'stepup.failed').length, 1);
  const before = browser.jar.get('__Host-fullmakt.session');
  provider.bends.idToken = {};
  const [retry = ''] = /\/oauth2\/login\?[^"]*/.exec(refused.body) ?? [];
  assert.equal((await follow(world, retry.replaceAll('&amp;', '&'))).headers.location, '/high/x');
  assert.equal((await browser.visit('/high/x')).status, 200);
  assert.notEqual(browser.jar.get('__Host-fullmakt.session'), before);
  const succeeded = events.flatMap((event) => (event.event === 'stepup.succeeded' ? [event] : []));
  assert.deepEqual(
    succeeded.map(({ cause, level }) => [cause, level]),
    [['level', HIGH]],
  );
});

test('A18 a level that the provider does not offer ends on the same page, not in a loop (SU-2)', async (t) => {
  const rules = JSON.stringify([{ path: '/high/**', acr: 'unheard-of' }]);
  const world = await signedIn(t, { env: { FULLMAKT_LOGIN_RULES: rules } });
  const asked = await world.browser.visit('/high/x');
  assert.equal((await follow(world, asked.headers.location)).status, 403);
});

test('A18 two tabs that step up at once both end on their own page (SU-2)', async (t) => {
  const { browser, provider } = await signedIn(t);
  const tabs = [];
  for (const path of ['/high/one', '/high/two']) {
    const asked = await browser.visit(path);
    const start = await browser.visit(asked.headers.location ?? '');
    tabs.push({ path, callback: await provider.authorize(start.headers.location ?? '') });
  }
  for (const { path, callback } of tabs) {
    assert.equal((await browser.visit(callback)).headers.location, path);
    assert.equal((await browser.visit(path)).status, 200);
  }
});

test('a path that never demands login never asks for more, and gets no token that is too weak (AL-1)', async (t) => {
  const { browser, seen } = await signedIn(t);
  assert.equal((await browser.visit('/open')).status, 200);
  assert.equal(seen.at(-1)?.headers.authorization, undefined);
  assert.equal((await browser.visit('/maybe')).status, 302);
  assert.equal((await browser.ask('/maybe', { cookies: false })).status, 200);
});

test('a younger sign-in that is asked for again and again ends on the page against loops (SU-2, LG-7)', async (t) => {
  const { browser } = await signedIn(t);
  const statuses = [];
  for (let count = 0; count < 6; count += 1)
    statuses.push((await browser.visit('/oauth2/login?redirect=%2Ffresh%2Fx&prompt=login&max_age=300')).status);
  assert.deepEqual(statuses, [302, 302, 302, 302, 302, 429]);
});

test('A18 a provider whose clock is behind ours does not make a sign-in too old that has only just been: never a loop (SU-2, T35)', async (t) => {
  const rules = JSON.stringify([{ path: '/fresh/**', maxAgeSeconds: 30 }]);
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: rules } });
  const { browser, clock, provider } = world;
  provider.bends.idToken = { auth_time: clock.seconds - 60 };
  await world.logIn();
  clock.seconds += 30;
  assert.equal((await browser.visit('/fresh/x')).status, 200);
  clock.seconds += 1;
  assert.equal((await browser.visit('/fresh/x')).status, 302);
  // Who signed in longer ago than clocks may differ did not do so for us.
  provider.bends.idToken = { auth_time: clock.seconds - 61 };
  await world.logIn();
  assert.equal((await browser.visit('/fresh/x')).status, 302);
});
