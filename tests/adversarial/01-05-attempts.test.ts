import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createOracle } from '../oracle/oracle.ts';
import type { Answer, Browser } from './01-36-browser.ts';
import { startHostileProvider } from './01-36-provider.ts';
import type { HostileProvider } from './01-36-provider.ts';
import type { World } from './01-36-world.ts';
import { SESSION, startWorld } from './01-36-world.ts';

const MINUTE = 60;
const NOW = 1_800_000_000;

function isSentOn(answer: Answer, provider: HostileProvider): boolean {
  return answer.status === 302 && answer.location?.startsWith(`${provider.issuer}/`) === true;
}

/** Carries on at the provider until the browser is back and signed in. */
async function carryOn(
  world: World,
  browser: Browser,
  answer: Answer,
  person: ReturnType<World['person']>,
): Promise<void> {
  assert.ok(isSentOn(answer, world.provider), `${answer.status} ${answer.location}`);
  await browser.visit(await world.provider.authorize(answer.location, person));
}

test('T01 a stranger’s callback in a browser with nothing, with an attempt of its own, or signed in, redeems nothing', async (t) => {
  const world = await startWorld(t);
  const [mallory, victim] = [world.person(), world.person()];
  const browsers = { nothing: world.browser(), attempt: world.browser(), session: world.browser() };
  await world.attempt(browsers.attempt, victim);
  await world.signIn(browsers.session, victim);
  for (const [what, browser] of Object.entries(browsers)) {
    const callback = await world.attempt(world.browser(), mallory, '/phish');
    const before = world.provider.tokenCalls.length;
    const answer = await browser.visit(callback);
    assert.equal(world.provider.tokenCalls.length, before, `${what}: the stranger’s code is never redeemed`);
    if (what === 'session') assert.equal(answer.location, '/phish');
    else {
      assert.equal(browser.jar.has(SESSION), false, `${what}: no session comes of it`);
      await carryOn(world, browser, answer, victim);
    }
    assert.equal(await world.judge(browser, victim), 'right', what);
  }
  assert.deepEqual(world.oracle.complaints(), []);
});

test('T01 two browsers that swap their callbacks end as themselves', async (t) => {
  const world = await startWorld(t);
  const [ann, bob] = [world.person(), world.person()];
  const [hers, his] = [world.browser(), world.browser()];
  const callbacks = [await world.attempt(hers, ann), await world.attempt(his, bob)] as const;
  await carryOn(world, hers, await hers.visit(callbacks[1]), ann);
  await carryOn(world, his, await his.visit(callbacks[0]), bob);
  assert.equal(await world.judge(hers, ann), 'right');
  assert.equal(await world.judge(his, bob), 'right');
  assert.deepEqual(world.oracle.totals(), { right: 2, wrong: 0, unavailable: 0 });
});

test('T01 state is bound to its own cookie: mixed, renamed, cut, doubled or foreign, it redeems nothing', async (t) => {
  const world = await startWorld(t);
  const [mallory, victim] = [world.person(), world.person()];
  const theirs = world.browser();
  const foreign = new URL(await world.attempt(theirs, mallory), 'https://x.test').searchParams;
  const [, foreignCookie = ''] = [...theirs.jar][0] ?? [];
  const manglers: Readonly<Record<string, (own: URLSearchParams, browser: Browser) => void>> = {
    'our cookie, their state and code': (own) => {
      own.set('state', foreign.get('state') ?? '');
      own.set('code', foreign.get('code') ?? '');
    },
    'their cookie under our name': (_own, { jar }) => jar.set([...jar.keys()][0] ?? '', foreignCookie),
    'our cookie under their name': (own, { jar }) => {
      const [[name, value] = ['', '']] = [...jar];
      jar.delete(name);
      jar.set([...theirs.jar.keys()][0] ?? '', value);
      own.set('state', foreign.get('state') ?? '');
    },
    'a cut state': (own) => own.set('state', (own.get('state') ?? '').slice(0, -2)),
    'no state': (own) => own.delete('state'),
    'no cookie': (_own, { jar }) => jar.clear(),
    'a cookie with one character changed': (_own, { jar }) => {
      for (const [name, value] of jar) jar.set(name, (value.startsWith('B') ? 'C' : 'B') + value.slice(1));
    },
  };
  for (const [what, mangle] of Object.entries(manglers)) {
    const browser = world.browser();
    const callback = new URL(await world.attempt(browser, victim), 'https://x.test');
    mangle(callback.searchParams, browser);
    const answer = await browser.visit(callback.pathname + callback.search);
    assert.ok(answer.status === 400 || isSentOn(answer, world.provider), `${what}: ${answer.status}`);
    assert.equal(browser.jar.has(SESSION), false, what);
  }
  assert.equal(world.provider.tokenCalls.length, 0);
});

test('T03 a provider that accepts any code: a code of another attempt or client fails on the nonce', async (t) => {
  const world = await startWorld(t);
  world.provider.tricks.acceptsAnyCode = true;
  const [mallory, victim] = [world.person(), world.person()];
  const foreign =
    new URL(await world.attempt(world.browser(), mallory), 'https://x.test').searchParams.get('code') ?? '';
  const browser = world.browser();
  const callback = new URL(await world.attempt(browser, victim), 'https://x.test');
  callback.searchParams.set('code', foreign);
  const answer = await browser.visit(callback.pathname + callback.search);
  assert.equal(answer.status, 500);
  assert.equal(browser.jar.has(SESSION), false);
  assert.equal(world.provider.tokenCalls.at(-1)?.get('code'), foreign, 'the provider did give tokens for it');
  assert.equal(world.seen.length, 0);
});

test('T03 an honest provider refuses the same on the verifier, which no two attempts share', async (t) => {
  const world = await startWorld(t);
  const victim = world.person();
  const foreign = new URL(await world.attempt(world.browser(), world.person()), 'https://x.test').searchParams;
  const browser = world.browser();
  const callback = new URL(await world.attempt(browser, victim), 'https://x.test');
  callback.searchParams.set('code', foreign.get('code') ?? '');
  assert.equal((await browser.visit(callback.pathname + callback.search)).status, 500);
  assert.equal(browser.jar.has(SESSION), false);
  for (let login = 0; login < 3; login += 1) await world.signIn(world.browser(), victim);
  const verifiers = world.provider.tokenCalls.map((call) => call.get('code_verifier'));
  assert.equal(new Set(verifiers).size, verifiers.length);
  assert.ok(verifiers.every((verifier) => (verifier ?? '').length >= 43));
});

for (const [what, idToken] of [
  ['without a nonce', { nonce: undefined }],
  ['with another nonce', { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }],
  ['with a list of nonces', { nonce: ['AAAAAAAAAAAAAAAAAAAAAA'] }],
  ['for another client', { aud: 'another-client' }],
  ['of another issuer', { iss: 'https://evil.test' }],
] as const) {
  test(`T03 an ID token ${what} makes no session`, async (t) => {
    const world = await startWorld(t);
    world.provider.tricks.idToken = idToken;
    const browser = world.browser();
    assert.equal((await world.signIn(browser, world.person())).status, 500);
    assert.equal(browser.jar.has(SESSION), false);
  });
}

test('T04 the answer of an honest provider, got by a hostile one’s login page, brings the hostile one no code', async (t) => {
  const honest = await startHostileProvider({ now: () => NOW });
  const mixed = {
    authorization_endpoint: `${honest.issuer}/authorize`,
    pushed_authorization_request_endpoint: `${honest.issuer}/par`,
  };
  const quiet = { ...mixed, authorization_response_iss_parameter_supported: undefined };
  for (const metadata of [mixed, quiet]) {
    const hostile = await startHostileProvider({ now: () => NOW, metadata });
    t.after(() => hostile.close());
    const env = { FULLMAKT_LOGIN_PROVIDER: 'openid' };
    const world = await startWorld(t, { provider: hostile, env });
    const browser = world.browser();
    const start = await browser.visit('/oauth2/login');
    const victim = world.person();
    const answer = await browser.visit(await honest.authorize(start.location, victim));
    assert.equal(answer.status, 400);
    assert.equal(hostile.tokenCalls.length, 0, 'the code of the honest provider never leaves');
    assert.equal(browser.jar.has(SESSION), false);
  }
  await honest.close();
});

test('T04 iss of the answer is the issuer to the letter, also of errors, and is missed where it was promised', async (t) => {
  const world = await startWorld(t);
  const { issuer } = world.provider;
  const wrong = [
    undefined,
    '',
    `${issuer}/`,
    issuer.toUpperCase(),
    `${issuer}.evil.test`,
    issuer.slice(0, -1),
    'https://evil.test',
    `${issuer} `,
  ];
  for (const iss of wrong) {
    for (const extra of [{}, { code: undefined, error: 'access_denied' }, { code: undefined, error: 'server_error' }]) {
      world.provider.tricks.answer = { ...extra, iss };
      const browser = world.browser();
      const { status } = await world.signIn(browser, world.person());
      assert.equal(status, 400, `${String(iss)} ${JSON.stringify(extra)}`);
      assert.equal(browser.jar.has(SESSION), false);
    }
  }
  assert.equal(world.provider.tokenCalls.length, 0);
});

test('T04 a session of one provider is none at another, though store, keys and cookie name are shared', async (t) => {
  const clock = { seconds: NOW };
  const store = createMemoryStore({ now: () => clock.seconds });
  const [one, other] = [await startWorld(t, { store, clock }), await startWorld(t, { store, clock })];
  const browser = one.browser();
  await one.signIn(browser, one.person());
  const carried = other.browser();
  for (const [name, value] of browser.jar) carried.jar.set(name, value);
  await other.signIn(other.browser(), other.person());
  assert.equal((await carried.ask('/x')).status, 401);
  const callback = await one.attempt(carried, one.person());
  const { status } = await carried.visit(callback);
  assert.notEqual(status, 500);
  assert.equal(other.seen.length, 0);
});

interface Replicas {
  readonly worlds: readonly [World, World];
  readonly clock: { seconds: number };
}

/** Two proxies that share store, keys and provider. */
async function startReplicas(t: TestContext): Promise<Replicas> {
  const clock = { seconds: NOW };
  const now = (): number => clock.seconds;
  const provider = await startHostileProvider({ now });
  t.after(() => provider.close());
  const options = { clock, provider, store: createMemoryStore({ now }), oracle: createOracle() };
  return { clock, worlds: [await startWorld(t, options), await startWorld(t, options)] };
}

/** The same browser at another replica. */
function sameAt(world: World, browser: Browser): Browser {
  const copy = world.browser();
  for (const [name, value] of browser.jar) copy.jar.set(name, value);
  return copy;
}

test('T05 a callback submitted many times at once, at two replicas, is redeemed once and all copies get the same session', async (t) => {
  const { worlds } = await startReplicas(t);
  const [one] = worlds;
  const person = one.person();
  const browser = one.browser();
  const callback = await one.attempt(browser, person, '/deep');
  const copies = Array.from({ length: 12 }, (_, index) => sameAt(worlds[index % 2 === 0 ? 0 : 1], browser));
  const answers = await Promise.all(copies.map((copy) => copy.visit(callback)));
  assert.equal(one.provider.tokenCalls.length, 1);
  assert.deepEqual([...new Set(answers.map(({ location }) => location))], ['/deep']);
  assert.equal(new Set(copies.map(({ jar }) => jar.get(SESSION))).size, 1);
  for (const copy of copies.slice(0, 2)) assert.equal(await one.judge(copy, person), 'right');
});

test('T05 a replay at once, after five minutes and after a day goes on with the session, or starts once, or is 400', async (t) => {
  const { worlds, clock } = await startReplicas(t);
  const [one, two] = worlds;
  const person = one.person();
  const browser = one.browser();
  const callback = await one.attempt(browser, person, '/deep');
  const thief = sameAt(two, browser);
  await browser.visit(callback);
  for (const wait of [0, 5 * MINUTE, 5 * MINUTE]) {
    clock.seconds += wait;
    assert.equal((await sameAt(two, browser).visit(callback)).location, '/deep', 'signed in: on to the target');
    const stale = await two.browser().visit(callback);
    assert.ok(isSentOn(stale, two.provider), 'not signed in: one fresh attempt');
    if (wait > 0) {
      const late = await sameAt(two, thief).visit(callback);
      assert.ok(isSentOn(late, two.provider) && !late.setCookies.some((line) => line.startsWith(SESSION)));
    }
  }
  clock.seconds += 24 * 60 * MINUTE;
  assert.equal((await two.browser().visit(callback)).status, 400);
  assert.equal(one.provider.tokenCalls.length, 1, 'never a second token call');
});

test('T05 the fresh attempt is one: its own late answer is 400, not another round', async (t) => {
  const world = await startWorld(t);
  const person = world.person();
  const callback = await world.attempt(world.browser(), person);
  const again = await world.browser().visit(callback);
  const second = await world.provider.authorize(again.location, person);
  assert.equal((await world.browser().visit(second)).status, 400);
  assert.equal(world.provider.tokenCalls.length, 0);
});
