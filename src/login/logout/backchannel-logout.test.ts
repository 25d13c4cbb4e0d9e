import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import type { Store } from '../../store/store.ts';
import { empty } from '../../web/http.ts';
import type { WrongSigning } from '../testing/provider-signing.ts';
import type { World } from '../testing/proxy.ts';
import { HOST, startWorld } from '../testing/proxy.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const ROUTE = '/oauth2/logout/backchannel';

interface Sent {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly signing?: WrongSigning;
}

function logoutToken({ provider, clock }: World, { claims, header, signing }: Sent = {}): Promise<string> {
  const whole = {
    iss: provider.issuer,
    aud: 'client-1',
    iat: Math.floor(clock.seconds),
    jti: randomUUID(),
    sid: 'sid-1',
    events: { [EVENT]: {} },
    ...claims,
  };
  return provider.mint(header ?? { typ: 'logout+jwt' }, whole, signing);
}

/** The provider is no browser: it has no cookies and no fetch metadata. */
function post(world: World, body: string, headers: Record<string, string> = FORM): ReturnType<World['browser']['ask']> {
  return world.newBrowser().ask(ROUTE, { method: 'POST', body, headers });
}

async function send(world: World, sent?: Sent): Promise<number> {
  return (await post(world, new URLSearchParams({ logout_token: await logoutToken(world, sent) }).toString())).status;
}

const isIn = async (world: World): Promise<boolean> => (await world.browser.ask('/oauth2/session')).status === 200;

test('A15 W14 backchannel-ends-sid-and-sub: a logout token ends the session it names, or all of its user', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  assert.equal(await send(world), 200);
  assert.equal(await isIn(world), false);
  const ended = world.events.find((event) => event.event === 'session.ended');
  assert.equal(ended?.event === 'session.ended' && ended.reason, 'back-channel');
  world.provider.bends.idToken = { sid: 'sid-2' };
  await world.logIn();
  assert.equal(await send(world, { claims: { sid: undefined, sub: 'user-2' } }), 200);
  assert.equal(await isIn(world), true);
  assert.equal(await send(world, { claims: { sid: undefined, sub: 'user-1' } }), 200);
  assert.equal(await isIn(world), false);
});

test('L18 two-sessions-one-sub: every session of a user has a place of its own in the index; a sid ends its own alone', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_INGRESS: `https://${HOST},https://two.example.test` } });
  const second = world.newBrowser('two.example.test');
  await world.logIn();
  world.provider.bends.idToken = { sid: 'sid-2' };
  await world.logIn(second);
  assert.equal(await send(world, { claims: { sid: 'sid-2', sub: 'user-1' } }), 200);
  assert.equal((await second.ask('/oauth2/session')).status, 401);
  assert.equal(await isIn(world), true);
  world.provider.bends.idToken = { sid: 'sid-3' };
  await world.logIn(second);
  assert.equal(await send(world, { claims: { sid: undefined, sub: 'user-1' } }), 200);
  assert.equal((await second.ask('/oauth2/session')).status, 401);
  assert.equal(await isIn(world), false);
});

const REFUSED: readonly (readonly [string, Sent])[] = [
  ['alg none', { signing: 'none' }],
  ['HS256 with the public key', { signing: 'HS256' }],
  ['the wrong key', { signing: 'stranger' }],
  ['an unknown key', { signing: 'unknown-kid' }],
  ['another issuer', { claims: { iss: 'https://other.test' } }],
  ['another audience', { claims: { aud: 'client-2' } }],
  ['no events', { claims: { events: undefined } }],
  ['another event', { claims: { events: { other: {} } } }],
  ['an event that is no object', { claims: { events: { [EVENT]: '' } } }],
  ['a nonce', { claims: { nonce: 'n' } }],
  ['no jti', { claims: { jti: undefined } }],
  ['an old iat', { claims: { iat: 1_800_000_000 - 361 } }],
  ['an iat to come', { claims: { iat: 1_800_000_061 } }],
  ['no iat', { claims: { iat: undefined } }],
  ['an end long past', { claims: { iat: 1_799_999_900, exp: 1_799_999_930 } }],
  ['neither sid nor sub', { claims: { sid: undefined } }],
  ['the type of an access token', { header: { typ: 'at+jwt' } }],
];
test('A15 L18 logout-token-refusals: anything but a logout token for us is 400 and ends nothing', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  for (const [what, sent] of REFUSED) assert.equal(await send(world, sent), 400, what);
  const token = await logoutToken(world);
  const good = new URLSearchParams({ logout_token: token }).toString();
  const bodies: readonly (readonly [string, string, Record<string, string>?])[] = [
    ['an empty form', ''],
    ['a duplicate field', `${good}&${good}`],
    ['another duplicate beside it', `${good}&a=1&a=2`],
    ['JSON', JSON.stringify({ logout_token: token }), { 'content-type': 'application/json' }],
    ['no type', good, {}],
    ['too many parameters', `${good}&${Array.from({ length: 32 }, (_, index) => `p${index}=1`).join('&')}`],
    ['rubbish', 'logout_token=a.b.c'],
  ];
  for (const [what, body, headers] of bodies) {
    const answer = await post(world, body, headers);
    assert.equal(answer.status, 400, what);
    assert.deepEqual(JSON.parse(answer.body), { error: 'invalid_request' }, what);
  }
  assert.equal((await world.newBrowser().ask(`${ROUTE}?${good}`)).status, 405);
  assert.equal(await isIn(world), true);
});

test('A15 L18 logout-token-refusals: an ID token is none, and a replay ends no later session', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const iat = world.clock.seconds;
  const idToken = { claims: { sub: 'user-1', exp: iat + 120, nonce: 'n', events: undefined }, header: { typ: 'JWT' } };
  assert.equal(await send(world, idToken), 400);
  const form = new URLSearchParams({ logout_token: await logoutToken(world, { claims: { sid: 'sid-9' } }) }).toString();
  assert.equal((await post(world, form)).status, 200);
  world.provider.bends.idToken = { sid: 'sid-9' };
  world.clock.seconds += 299;
  assert.equal((await post(world, form)).status, 400);
  assert.equal(await isIn(world), true);
});

test('LO-6: an unknown sid is 200', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  assert.equal(await send(world, { claims: { sid: 'never-heard-of' } }), 200);
  assert.equal(await isIn(world), true);
});

test('SE-10: a logout by user that overtakes a callback wins, and a later login lives', async (t) => {
  const world = await startWorld(t);
  const start = await world.browser.visit('/oauth2/login');
  const path = await world.provider.authorize(start.headers.location ?? '');
  assert.equal(await send(world, { claims: { sid: undefined, sub: 'user-1' } }), 200);
  assert.equal((await world.browser.visit(path)).status, 403);
  assert.equal(await isIn(world), false);
  world.clock.seconds += 1;
  await world.logIn();
  assert.equal(await isIn(world), true);
});

test('LO-6: with the store down the answer is 503 and the ending goes on behind', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let down = false;
  const failing = <T>(work: () => Promise<T>): Promise<T> =>
    down ? Promise.reject(new StoreUnavailable('down')) : work();
  const store: Store = {
    ...inner,
    members: (index) => failing(() => inner.members(index)),
    put: (key, value, ttl) => failing(() => inner.put(key, value, ttl)),
  };
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  down = true;
  assert.equal(await send(world), 503);
  assert.equal(await isIn(world), true);
  down = false;
  const started = performance.now();
  while (await isIn(world)) assert.ok(performance.now() - started < 20_000);
});

test('LO-6: strangers with unknown keys cause one fetch a minute, and take nothing from the logins', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  await send(world);
  const before = world.provider.callsTo('jwks').length;
  for (let index = 0; index < 20; index += 1) await send(world, { signing: 'unknown-kid' });
  assert.equal(world.provider.callsTo('jwks').length, before);
  world.clock.seconds += 61;
  for (let index = 0; index < 20; index += 1) await send(world, { signing: 'unknown-kid' });
  assert.equal(world.provider.callsTo('jwks').length, before + 1);
  await world.provider.rollKey('idp-2');
  world.provider.bends.idToken = { sid: 'sid-2' };
  assert.equal((await world.logIn()).status, 302);
});

test('LO-6: keys that cannot be had are 503, not a refusal', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  world.provider.bends.instead.jwks = [empty(500), empty(500), empty(500)];
  assert.equal(await send(world), 503);
  assert.equal(await isIn(world), true);
});

test('LO-5: strangers cannot fill the store with markers of sessions nobody has heard of', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let markers = 0;
  const put: Store['put'] = (key, value, ttl) => {
    if (key.startsWith('login:ended:')) markers += 1;
    return inner.put(key, value, ttl);
  };
  const world = await startWorld(t, { store: { ...inner, put }, clock, env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  await world.logIn();
  for (let index = 0; index < 1005; index += 1)
    await world.newBrowser().ask(`/oauth2/logout/frontchannel?sid=made-up-${index}`);
  assert.equal(markers, 1000);
  await world.newBrowser().ask('/oauth2/logout/frontchannel?sid=sid-1');
  assert.equal(markers, 1001);
  assert.equal(await isIn(world), false);
});
