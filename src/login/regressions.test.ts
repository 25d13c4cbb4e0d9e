import assert from 'node:assert/strict';
import test from 'node:test';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { startWorld } from './testing/proxy.ts';

const START = 1_800_000_000;
const HEADER_BUDGET_BYTES = 8192;

test('waiter-store-ops-bounded: who waits for another replica’s refresh asks the store a few times a second, no more (W3)', async (t) => {
  const clock = { seconds: START };
  const asked: string[] = [];
  const inner = createMemoryStore({ now: () => clock.seconds });
  // Somebody else holds every lease, and never ends.
  const lease: Store['lease'] = () => {
    asked.push('lease');
    return Promise.resolve(undefined);
  };
  const read: Store['read'] = (key) => {
    asked.push('read');
    return inner.read(key);
  };
  const world = await startWorld(t, { clock, store: { ...inner, lease, read } });
  await world.logIn();
  // Due, with 25 s to live: waited for two seconds at most.
  clock.seconds += 3575;
  asked.length = 0;
  const begun = performance.now();
  assert.equal((await world.browser.ask('/x')).status, 200);
  const polls = Math.ceil((performance.now() - begun) / 250);
  assert.ok(asked.includes('lease'), 'the lease was asked for');
  assert.ok(asked.length <= 2 + 2 * polls, `${asked.length} operations in ${polls} quarters of a second`);
});

test('polling-page-adds-no-cookies: what a script or an iframe is refused begins no attempt (L11)', async (t) => {
  const world = await startWorld(t);
  const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
  const frame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-origin' };
  for (const headers of [script, frame]) {
    for (const path of ['/x', '/oauth2/session', '/oauth2/login?redirect=/x']) {
      const answer = await world.browser.ask(path, { headers });
      assert.equal(answer.status, 401, path);
      assert.deepEqual(answer.setCookies, [], path);
    }
  }
  const navigation = await world.browser.visit('/oauth2/login?redirect=/x');
  assert.equal(navigation.setCookies.length, 1, 'a navigation does begin one');
});

test('header-budget-8k: with tokens of 2 KB and a kilobyte of other cookies the application gets less than 8 KiB of headers (L14)', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_UPSTREAM_ID_TOKEN: 'true' } });
  const accessToken = 'a'.repeat(2048);
  world.provider.bends.answer = { access_token: accessToken };
  world.provider.bends.idToken = { filling: 'b'.repeat(1024) };
  await world.logIn();
  world.browser.jar.set('other', 'c'.repeat(1024));
  assert.equal((await world.browser.visit('/x')).status, 200);
  const got = world.seen.at(-1);
  assert.equal(got?.headers.authorization, `Bearer ${accessToken}`);
  assert.ok(got.headers['x-wonderwall-id-token'] !== undefined);
  const bytes = got.rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 0);
  assert.ok(bytes < HEADER_BUDGET_BYTES, `${bytes} bytes`);
});

test('no-debug-on-proxy-listener: paths of probes, metrics and profilers are the application’s, behind login like all others (L15)', async (t) => {
  const world = await startWorld(t);
  const paths = ['/metrics', '/healthz', '/readyz', '/debug/pprof/', '/isalive', '/ready', '/.well-known/health'];
  for (const path of paths) assert.equal((await world.browser.ask(path)).status, 401, path);
  for (const path of ['metrics', 'healthz', 'readyz', 'debug/pprof'])
    assert.equal((await world.browser.ask(`/oauth2/${path}`)).status, 404, path);
  assert.deepEqual(world.seen, []);
  await world.logIn();
  for (const path of paths) assert.equal((await world.browser.ask(path)).status, 200, path);
  assert.deepEqual(
    world.seen.map(({ path }) => path),
    paths,
  );
});
