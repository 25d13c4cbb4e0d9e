import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { AuditUnavailable } from '../../observe/audit.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import { LOGIN_EVENTS } from '../events.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import type { Store } from '../../store/store.ts';
import { startProvider } from '../testing/provider.ts';
import { startWorld } from '../testing/proxy.ts';

const SESSION = '__Host-fullmakt.session';

function breakable(inner: Store): { store: Store; state: { down: boolean } } {
  const state = { down: false };
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || name === 'subscribe' || name === 'close') return member;
      return (...args: unknown[]) =>
        state.down ? Promise.reject(new StoreUnavailable('down')) : Reflect.apply(member, target, args);
    },
  });
  return { store, state };
}

test('store-down-never-redirects-to-login: 503, cookies kept, nobody told to sign in again (W5, section 14)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const { store, state } = breakable(createMemoryStore({ now: () => clock.seconds }));
  const rules = [
    { path: '/maybe', login: 'optional' },
    { path: '/public', login: 'exempt' },
  ];
  const world = await startWorld(t, { store, clock, env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules) } });
  await world.logIn();
  state.down = true;
  for (const path of ['/x', '/maybe']) {
    const page = await world.browser.visit(path);
    assert.equal(page.status, 503, path);
    assert.equal(page.headers['retry-after'], '5');
    assert.match(page.body, /Du er ikke logget ut/);
    assert.deepEqual(page.setCookies, []);
  }
  assert.equal((await world.browser.ask('/x')).status, 503);
  assert.equal((await world.browser.ask('/oauth2/session')).status, 503);
  assert.equal((await world.browser.ask('/oauth2/session/refresh', { method: 'POST' })).status, 503);
  assert.equal((await world.browser.visit('/oauth2/login')).status, 503);
  assert.equal((await world.browser.visit('/public')).status, 200);
  assert.equal((await world.newBrowser().visit('/maybe')).status, 200);
  assert.equal(world.seen.at(-1)?.headers.authorization, undefined);
  assert.ok(world.browser.jar.has(SESSION));
});

test('the 503 page never links to another host, however lax paths are (section 10)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const { store, state } = breakable(createMemoryStore({ now: () => clock.seconds }));
  const world = await startWorld(t, { store, clock, env: { FULLMAKT_LOGIN_PATH_ALLOW: 'double-slash' } });
  await world.logIn();
  state.down = true;
  const page = await world.browser.visit('//evil.test/x');
  assert.equal(page.status, 503);
  assert.ok(!page.body.includes('evil.test'));
});

test('a store that hangs while a lease is given back holds up nobody (ST-1, L19)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const store: Store = {
    ...inner,
    async lease(key, ttl) {
      const lease = await inner.lease(key, ttl);
      return lease && { ...lease, release: () => new Promise(() => undefined) };
    },
  };
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  clock.seconds += 3601;
  const started = performance.now();
  assert.equal((await world.browser.visit('/x')).status, 200);
  assert.ok(performance.now() - started < 8000);
});

test('with the store down a logout still clears the cookie and visits the provider without a hint (LO-3)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const { store, state } = breakable(createMemoryStore({ now: () => clock.seconds }));
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  state.down = true;
  const page = await world.browser.visit('/oauth2/logout');
  assert.equal(page.status, 200);
  assert.ok(page.body.includes('name="client_id"') && !page.body.includes('id_token_hint'));
  assert.equal(world.browser.jar.has(SESSION), false);
  const front = await world
    .newBrowser()
    .ask(`/oauth2/logout/frontchannel?iss=${encodeURIComponent(world.provider.issuer)}&sid=sid-1`);
  assert.equal(front.status, 202);
});

test('a store that hangs is a store that is down, after half a second (ST-1, L19)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const state = { hangs: false };
  const store: Store = { ...inner, read: (key) => (state.hangs ? new Promise(() => undefined) : inner.read(key)) };
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  state.hangs = true;
  const started = performance.now();
  assert.equal((await world.browser.visit('/x')).status, 503);
  assert.ok(performance.now() - started < 8000);
});

test('sessions survive a restart with a sqlite store and the same keys; rotate-keys-nobody-signed-out (W14, SE-4, A21)', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'login-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = { seconds: 1_800_000_000 };
  const now = (): number => clock.seconds;
  const provider = await startProvider(t, now);
  const file = join(folder, 'sessions.sqlite');
  const [a, b] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
  const first = openSqliteStore(file, { now });
  const before = await startWorld(t, { store: first, clock, provider, env: { FULLMAKT_LOGIN_SESSION_KEYS: a } });
  await before.logIn();
  await first.close();
  const second = openSqliteStore(file, { now });
  t.after(() => second.close());
  for (const keys of [a, `${a},${b}`, `${b},${a}`]) {
    const after = await startWorld(t, { store: second, clock, provider, env: { FULLMAKT_LOGIN_SESSION_KEYS: keys } });
    for (const [name, value] of before.browser.jar) after.browser.jar.set(name, value);
    assert.equal((await after.browser.visit('/x')).status, 200, keys);
  }
  const gone = await startWorld(t, { store: second, clock, provider, env: { FULLMAKT_LOGIN_SESSION_KEYS: b } });
  for (const [name, value] of before.browser.jar) gone.browser.jar.set(name, value);
  assert.equal((await gone.browser.visit('/x')).status, 302);
});

test('a store that fails inside a callback ends the attempt: 503, no cookie left, and the next try is not held up (section 14)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const state = { fails: 'none' };
  const failing = (name: string): void => {
    if (state.fails === name) throw new StoreUnavailable('down');
  };
  const store: Store = {
    ...inner,
    addToIndex: async (...args) => (failing('index'), inner.addToIndex(...args)),
    put: async (...args) => (failing('put'), inner.put(...args)),
  };
  const world = await startWorld(t, { store, clock });
  for (const fails of ['index', 'put']) {
    const start = await world.browser.visit('/oauth2/login?redirect=%2Fdeep');
    const path = await world.provider.authorize(start.headers.location ?? '');
    const cookies = new Map(world.browser.jar);
    state.fails = fails;
    const answer = await world.browser.visit(path);
    assert.equal(answer.status, 503, fails);
    assert.match(answer.body, /redirect=%2Fdeep/);
    assert.deepEqual([...world.browser.jar.keys()], [], fails);
    state.fails = 'none';
    for (const [name, value] of cookies) world.browser.jar.set(name, value);
    const started = performance.now();
    const again = await world.browser.visit(path);
    assert.ok(again.status === 503 || again.headers.location?.startsWith(world.provider.issuer), fails);
    assert.ok(performance.now() - started < 8000, fails);
    world.browser.jar.clear();
  }
});

test('without an audit trail nobody is let in, and everybody can still leave (OP-6)', async (t) => {
  const state = { down: false };
  const onEvent = (event: { readonly event: keyof typeof LOGIN_EVENTS }): void => {
    if (state.down && LOGIN_EVENTS[event.event].audit === true) throw new AuditUnavailable('disk full');
  };
  const world = await startWorld(t, { onEvent, env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  await world.logIn();
  const attempt = world.newBrowser();
  const path = await world.provider.authorize((await attempt.visit('/oauth2/login')).headers.location ?? '');
  state.down = true;
  assert.equal((await world.newBrowser().visit('/oauth2/login')).status, 503);
  assert.equal((await attempt.visit(path)).status, 503);
  assert.deepEqual([...attempt.jar.keys()], []);
  world.clock.seconds += 3601;
  assert.equal((await world.browser.visit('/x')).status, 200);
  const out = await world.browser.visit('/oauth2/logout');
  assert.equal(out.status, 302);
  assert.equal(world.browser.jar.has(SESSION), false);
});
