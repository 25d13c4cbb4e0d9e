import assert from 'node:assert/strict';
import test from 'node:test';
import type { World } from '../testing/proxy.ts';
import { HOST, startWorld } from '../testing/proxy.ts';
import { handshake } from '../testing/handshake.ts';
import { createWebSocketApp } from '../testing/websocket-app.ts';

const OWN = `https://${HOST}`;
const ALLOWED = 'https://other.example.test';
const FOREIGN = 'https://evil.test';
const ENV = { FULLMAKT_LOGIN_CORS_ORIGINS: ALLOWED };

/** Headers a browser sends, and whether the guard `fetch-metadata` lets the write through. */
const SITES: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'same-origin', origin: OWN }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-site' }, false],
  [{ 'sec-fetch-site': 'same-site', origin: ALLOWED }, true],
  [{ 'sec-fetch-site': 'same-site', origin: 'https://sibling.example.test' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: FOREIGN }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: OWN }, false],
  [{ 'sec-fetch-site': 'none, same-origin' }, false],
  [{ origin: OWN }, true],
  [{ origin: ALLOWED }, true],
  [{ origin: FOREIGN }, false],
  [{ origin: 'null' }, false],
  [{ origin: `${OWN}, ${OWN}` }, false],
  [{ referer: `${OWN}/page` }, false],
  [{}, false],
];
const TOKEN = { 'x-fullmakt-csrf': '1' };

async function signedIn(t: test.TestContext, env: Readonly<Record<string, string>>): Promise<World> {
  const world = await startWorld(t, { env: { ...ENV, ...env } });
  await world.logIn();
  return world;
}

test('A19 fetch-metadata: a write passes exactly from our own site and from allowed origins, whatever its method (9.8)', async (t) => {
  const { browser, seen, events } = await signedIn(t, { FULLMAKT_LOGIN_CSRF: 'fetch-metadata' });
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
    for (const [headers, passes] of SITES) {
      const before = seen.length;
      const answer = await browser.ask('/x', { method, headers });
      const said = `${method} ${JSON.stringify(headers)}`;
      assert.equal(answer.status, passes ? 200 : 403, said);
      assert.equal(seen.length - before, passes ? 1 : 0, said);
      if (!passes) assert.deepEqual(JSON.parse(answer.body), { error: 'cross_site_request' });
    }
  }
  const denied = events.filter((event) => event.event === 'access.denied');
  assert.ok(denied.every((event) => event.decision === 'cross_site_write'));
  assert.equal(denied.length, 5 * SITES.filter(([, passes]) => !passes).length);
});

test('A19 header: the write needs our header as well, and the application never sees it (9.8)', async (t) => {
  const { browser, seen } = await signedIn(t, { FULLMAKT_LOGIN_CSRF: 'header' });
  for (const [headers, passes] of SITES) {
    assert.equal((await browser.ask('/x', { method: 'POST', headers })).status, 403);
    const answer = await browser.ask('/x', { method: 'POST', headers: { ...headers, ...TOKEN } });
    assert.equal(answer.status, passes ? 200 : 403, JSON.stringify(headers));
  }
  const empty = { 'sec-fetch-site': 'same-origin', 'x-fullmakt-csrf': '' };
  assert.equal((await browser.ask('/x', { method: 'POST', headers: empty })).status, 200);
  assert.ok(seen.length > 0);
  assert.ok(seen.every(({ rawHeaders }) => !rawHeaders.some((part) => part.toLowerCase() === 'x-fullmakt-csrf')));
});

test('A19 off, and reading methods: nothing is asked for (9.8)', async (t) => {
  const cross = { 'sec-fetch-site': 'cross-site', origin: FOREIGN };
  const off = await signedIn(t, {});
  assert.equal((await off.browser.ask('/x', { method: 'POST', headers: cross })).status, 200);
  const guarded = await signedIn(t, { FULLMAKT_LOGIN_CSRF: 'header' });
  for (const method of ['GET', 'HEAD', 'OPTIONS'])
    assert.equal((await guarded.browser.ask('/x', { method, headers: cross })).status, 200, method);
});

test('A19 the guard stands only where a session would go along, and a rule has the last word (9.8, 9.4)', async (t) => {
  const rules = [
    { path: '/hook/**', login: 'optional', csrf: 'off' },
    { path: '/strict/**', csrf: 'header' },
    { path: '/open/**', login: 'exempt' },
  ];
  const env = { FULLMAKT_LOGIN_CSRF: 'fetch-metadata', FULLMAKT_LOGIN_RULES: JSON.stringify(rules) };
  const { browser, newBrowser } = await signedIn(t, env);
  const cross = { 'sec-fetch-site': 'cross-site', origin: FOREIGN };
  const same = { 'sec-fetch-site': 'same-origin' };
  const post = async (by: typeof browser, path: string, headers: Record<string, string>): Promise<number> =>
    (await by.ask(path, { method: 'POST', headers })).status;
  assert.equal(await post(browser, '/hook/x', cross), 200);
  assert.equal(await post(browser, '/strict/x', same), 403);
  assert.equal(await post(browser, '/strict/x', { ...same, ...TOKEN }), 200);
  assert.equal(await post(browser, '/open/x', cross), 403);
  const stranger = newBrowser();
  assert.equal(await post(stranger, '/open/x', cross), 200);
  assert.equal(await post(stranger, '/x', cross), 401);
});

test('A19 a WebSocket handshake is judged like a write, without the header that browsers cannot set (9.8)', async (t) => {
  const app = await createWebSocketApp(t);
  for (const csrf of ['fetch-metadata', 'header']) {
    const { browser, port } = await signedIn(t, { FULLMAKT_LOGIN_CSRF: csrf, FULLMAKT_LOGIN_UPSTREAM: app.origin });
    for (const [headers, passes] of SITES) {
      const { status, socket } = await handshake(port, browser, headers);
      socket.destroy();
      assert.equal(status, passes ? 101 : 403, `${csrf} ${JSON.stringify(headers)}`);
    }
  }
});
