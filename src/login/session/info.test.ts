import assert from 'node:assert/strict';
import test from 'node:test';
import { empty, json } from '../../web/http.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { startProvider } from '../testing/provider.ts';
import { HOST, startWorld, until } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

interface Metadata {
  readonly session: Record<string, unknown>;
  readonly tokens: Record<string, unknown>;
}

async function metadata(world: World): Promise<Metadata> {
  return JSON.parse((await world.browser.ask('/oauth2/session')).body) as Metadata;
}

const refresh = (world: World): ReturnType<World['browser']['ask']> =>
  world.browser.ask('/oauth2/session/refresh', { method: 'POST' });

test('session JSON has exactly the members of 7.1 and no token (A9, L17)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const created = new Date(world.clock.seconds * 1000).toISOString();
  assert.deepEqual(await metadata(world), {
    session: {
      active: true,
      created_at: created,
      ends_at: new Date((world.clock.seconds + 36_000) * 1000).toISOString(),
      ends_in_seconds: 36_000,
      timeout_at: '0001-01-01T00:00:00Z',
      timeout_in_seconds: -1,
    },
    tokens: {
      expire_at: new Date((world.clock.seconds + 3600) * 1000).toISOString(),
      expire_in_seconds: 3600,
      next_auto_refresh_in_seconds: 3570,
      refreshed_at: created,
      refresh_cooldown: true,
      refresh_cooldown_seconds: 60,
    },
  });
});

test('a session is 401 when there is none, ended or unreadable, 200 when inactive (A9, LT-2)', async (t) => {
  const world = await startWorld(t, {
    env: { FULLMAKT_LOGIN_SESSION_INACTIVITY: 'true', FULLMAKT_LOGIN_SESSION_INACTIVITY_TIMEOUT: '30m' },
  });
  const none = await world.browser.ask('/oauth2/session');
  assert.deepEqual([none.status, none.body], [401, '']);
  await world.logIn();
  assert.equal((await metadata(world)).session['timeout_in_seconds'], 1800);
  world.clock.seconds += 1801;
  assert.equal((await metadata(world)).session['active'], false);
  assert.equal((await refresh(world)).status, 401);
  assert.equal((await world.browser.visit('/x')).status, 302);
  world.clock.seconds += 36_000;
  assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
});

test('a late 401 does not clear the cookie of a login in another tab; only an unusable one is cleared (SE-3)', async (t) => {
  const { browser, logIn, provider, newBrowser } = await startWorld(t);
  await logIn();
  const sid = new URLSearchParams({ iss: provider.issuer, sid: 'sid-1' }).toString();
  await newBrowser().ask(`/oauth2/logout/frontchannel?${sid}`);
  const gone = await browser.ask('/oauth2/session');
  assert.deepEqual([gone.status, gone.setCookies], [401, []]);
  const name = '__Host-fullmakt.session';
  const twice = { cookie: `${name}=a; ${name}=b` };
  const planted = await newBrowser().ask('/oauth2/session', { headers: twice });
  assert.match(planted.setCookies.join(), /^__Host-fullmakt\.session=; .*Max-Age=0/);
});

test('the page refreshes by POST, or GET from fetch alone; nothing happens during the cooldown (7.1, RT-6)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  assert.equal((await refresh(world)).status, 200);
  assert.equal(world.provider.callsTo('token').length, 1);
  world.clock.seconds += 61;
  assert.equal((await refresh(world)).status, 200);
  assert.equal(world.provider.callsTo('token').length, 2);
  world.clock.seconds += 61;
  const fetched = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
  assert.equal((await world.browser.ask('/oauth2/session/refresh', { headers: fetched })).status, 200);
  assert.equal((await world.browser.ask('/oauth2/session/refresh')).status, 405);
  assert.equal((await world.browser.visit('/oauth2/session/refresh')).status, 405);
  assert.equal(world.provider.callsTo('token').length, 3);
});

test('refresh-storm-one-call: three replicas, fifty requests each, one-time tokens, one call (L5, A11)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const store = createMemoryStore({ now: () => clock.seconds });
  const provider = await startProvider(t, () => clock.seconds);
  const worlds = await Promise.all([1, 2, 3].map(() => startWorld(t, { clock, store, provider })));
  const [first] = worlds;
  if (first === undefined) return;
  await first.logIn();
  for (const world of worlds) for (const [name, value] of first.browser.jar) world.browser.jar.set(name, value);
  clock.seconds += 3601;
  const answers = await Promise.all(
    worlds.flatMap((world) => Array.from({ length: 50 }, () => world.browser.ask('/x'))),
  );
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
  assert.equal(new Set(answers.map((answer) => answer.body)).size, 1);
  assert.equal(provider.callsTo('token').length, 2);
});

test('keeps-unrotated-refresh-token: an answer without a new refresh token keeps the old one (W4)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  world.provider.bends.refreshRotates = false;
  world.provider.bends.answer = { refresh_token: undefined, id_token: undefined };
  for (let round = 0; round < 2; round += 1) {
    world.clock.seconds += 3601;
    assert.equal((await world.browser.ask('/x')).status, 200);
  }
  const used = world.provider
    .callsTo('token')
    .slice(1)
    .map((call) => call.form?.get('refresh_token'));
  assert.equal(new Set(used).size, 1);
});

const FATAL = ['invalid_grant', 'interaction_required', 'login_required'] as const;
const KEPT: readonly (readonly [string, () => ReturnType<typeof json>])[] = [
  ['invalid_client', () => json(401, { error: 'invalid_client' })],
  ['unauthorized_client', () => json(400, { error: 'unauthorized_client' })],
  ['invalid_scope', () => json(400, { error: 'invalid_scope' })],
  ['429', () => empty(429)],
  ['500', () => empty(500)],
  ['503', () => empty(503)],
];

test('refresh-error-classes: fatal refusals end the session, all else keeps it (L7, A10)', async (t) => {
  const world = await startWorld(t);
  for (const error of FATAL) {
    await world.logIn();
    world.clock.seconds += 3575;
    world.provider.bends.instead.token = [json(400, { error })];
    assert.equal((await world.browser.visit('/x')).status, 302, error);
    assert.equal((await world.browser.ask('/oauth2/session')).status, 401, error);
  }
  for (const [what, answer] of KEPT) {
    await world.logIn();
    world.clock.seconds += 3575;
    world.provider.bends.instead.token = [answer(), answer()];
    assert.equal((await world.browser.visit('/x')).status, 200, `${what}, token alive`);
    world.clock.seconds += 3600;
    world.provider.bends.instead.token = [answer(), answer()];
    const dead = await world.browser.visit('/x');
    assert.equal(dead.status, 503, `${what}, token dead`);
    assert.equal(dead.headers['retry-after'], '5');
    world.provider.bends.instead.token = [];
    world.clock.seconds += 5;
    assert.equal((await world.browser.visit('/x')).status, 200, `${what}, afterwards`);
  }
});

test('logout-during-refresh-stays-dead: a session deleted during the call is not revived, its new tokens are revoked (W2)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  world.clock.seconds += 3601;
  const gate = Promise.withResolvers<void>();
  world.provider.bends.tokenGate = gate.promise;
  const pending = world.browser.ask('/x', { cookies: true });
  await until(() => world.provider.callsTo('token').length === 2);
  const ended = await world
    .newBrowser()
    .ask(`/oauth2/logout/frontchannel?iss=${encodeURIComponent(world.provider.issuer)}&sid=sid-1`);
  assert.equal(ended.status, 200);
  gate.resolve();
  assert.equal((await pending).status, 401);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
  await until(() => world.provider.callsTo('revoke').length === 1);
});

test('a provider that fails is not asked for every request: the next try comes after five seconds (section 8)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  world.clock.seconds += 3575;
  world.provider.bends.instead.token = Array.from({ length: 10 }, () => json(400, { error: 'invalid_scope' }));
  for (let request = 0; request < 5; request += 1) assert.equal((await world.browser.visit('/x')).status, 200);
  assert.equal(world.provider.callsTo('token').length, 2);
  world.clock.seconds += 5;
  await world.browser.visit('/x');
  assert.equal(world.provider.callsTo('token').length, 3);
});

test('a store that fails when new tokens arrive gets them as soon as it is back: nobody is signed out (section 14)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let failing = 0;
  const store: Store = {
    ...inner,
    update: (...args) => ((failing -= 1) >= 0 ? Promise.reject(new StoreUnavailable('down')) : inner.update(...args)),
  };
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  clock.seconds += 3601;
  failing = 1;
  assert.equal((await world.browser.visit('/x')).status, 503);
  const started = performance.now();
  // Another request would spend the used token again; it is told to wait until the first has been stored.
  while ((await world.browser.visit('/x')).status === 503) assert.ok(performance.now() - started < 20_000);
  assert.equal(world.provider.callsTo('token').length, 2);
});

const OTHER_LOGINS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['another user', { sub: 'user-2' }],
  ['another time of login', { auth_time: 1_700_000_000 }],
  ['another nonce', { nonce: 'other' }],
  ['another audience', { aud: ['client-1', 'client-1'], azp: 'client-1' }],
  ['an earlier time', { iat: 1_799_999_999, exp: 1_800_100_000 }],
];
for (const [what, claims] of OTHER_LOGINS) {
  test(`a refreshed ID token with ${what} is fatal (RF-1, OpenID Connect Core 12.2)`, async (t) => {
    const world = await startWorld(t);
    await world.logIn();
    world.clock.seconds += 3601;
    world.provider.bends.idToken = claims;
    assert.equal((await world.browser.visit('/x')).status, 302);
    assert.equal((await world.browser.ask('/oauth2/session')).status, 401);
  });
}

test('an expired token without refresh token ends the session, or is kept by setting (LT-3)', async (t) => {
  for (const [setting, status] of [
    ['end', 302],
    ['keep', 200],
  ] as const) {
    const world = await startWorld(t, { env: { FULLMAKT_LOGIN_SESSION_ON_TOKEN_EXPIRY: setting } });
    world.provider.bends.answer = { refresh_token: undefined };
    await world.logIn();
    world.clock.seconds += 3601;
    assert.equal((await world.browser.visit('/x')).status, status, setting);
  }
});

test('CORS on the session routes is for allowed origins only (RT-5)', async (t) => {
  const { browser } = await startWorld(t);
  const own = await browser.ask('/oauth2/session', { headers: { origin: `https://${HOST}` } });
  assert.equal(own.headers['access-control-allow-origin'], `https://${HOST}`);
  assert.equal(own.headers['access-control-allow-credentials'], 'true');
  const other = await browser.ask('/oauth2/session', { headers: { origin: 'https://evil.test' } });
  assert.equal(other.headers['access-control-allow-origin'], undefined);
});
