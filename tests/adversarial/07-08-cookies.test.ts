import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converse, statusOf } from './01-36-browser.ts';
import type { Browser } from './01-36-browser.ts';
import { HOST, SESSION, startWorld } from './01-36-world.ts';

const KIB = 1024;

function get(path: string, headers: readonly string[]): string {
  return `${[`GET ${path} HTTP/1.1`, `Host: ${HOST}`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`;
}

function bytesOf({ jar }: Browser, which: RegExp): number {
  return [...jar]
    .filter(([name]) => which.test(name))
    .reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

test('T07 two session cookies, in either order, header or spelling, are none, and are cleared', async (t) => {
  const world = await startWorld(t);
  const [mallory, victim] = [world.browser(), world.browser()];
  await world.signIn(mallory, world.person());
  await world.signIn(victim, world.person());
  const [planted, own] = [mallory, victim].map(({ jar }) => `${SESSION}=${jar.get(SESSION)}`);
  for (const lines of [
    [`Cookie: ${planted}; ${own}`],
    [`Cookie: ${own}; ${planted}`],
    [`Cookie: ${own}`, `Cookie: ${planted}`],
    [`Cookie: ${own};${planted};theme=dark`],
    [`Cookie: ${own}; ${SESSION}=`],
    [`Cookie: ${SESSION}=x; ${own}`],
    [`Cookie: ${own}; ${own}`],
    [`Cookie: ${own}; ${SESSION} =x`],
  ]) {
    const before = world.seen.length;
    const heard = await converse(world.port, get('/x', [...lines, 'Accept: text/html']));
    assert.equal(statusOf(heard), 302, lines.join(' | '));
    assert.match(heard, /\r\nSet-Cookie: __Host-fullmakt\.session=;[^\r]*Max-Age=0/i, lines.join(' | '));
    assert.equal(world.seen.length, before);
  }
  assert.equal(statusOf(await converse(world.port, get('/x', [`Cookie: ${own}`]))), 200, 'alone it is a session');
});

test('T07 the cookie counts under its own name only: prefixes, case and neighbours do not', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  await world.signIn(browser, world.person());
  const value = browser.jar.get(SESSION) ?? '';
  for (const name of [
    'fullmakt.session',
    '__Secure-fullmakt.session',
    '__host-fullmakt.session',
    '__HOST-fullmakt.session',
    '__Host-fullmakt.Session',
    '__Host-fullmakt.session.abcdef',
    '__Host-__Host-fullmakt.session',
    '__Host-fullmakt_session',
    '$__Host-fullmakt.session',
    `"${SESSION}"`,
  ])
    assert.equal(statusOf(await converse(world.port, get('/x', [`Cookie: ${name}=${value}`]))), 401, name);
  for (const quoted of [`"${value}"`, `${value}=`, `${value} x`, encodeURIComponent(`${value}/`), `${value}\t1`])
    assert.equal(statusOf(await converse(world.port, get('/x', [`Cookie: ${SESSION}=${quoted}`]))), 401, quoted);
});

test('T07 a doubled or tossed attempt cookie ends no login: nothing is redeemed, and a fresh attempt works', async (t) => {
  const world = await startWorld(t);
  const person = world.person();
  const browser = world.browser();
  const callback = await world.attempt(browser, person);
  const [[name, value] = ['', '']] = [...browser.jar];
  const navigation = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];
  for (const cookies of [`${name}=${value}; ${name}=x`, `${name}=x; ${name}=${value}`, `${name}=x`]) {
    const heard = await converse(world.port, get(callback, [`Cookie: ${cookies}`, ...navigation]));
    assert.equal(statusOf(heard), 302);
    assert.ok(heard.includes(`${world.provider.issuer}/authorize`), heard);
  }
  assert.equal(world.provider.tokenCalls.length, 0);
  const fresh = world.browser();
  await world.signIn(fresh, person);
  assert.equal(await world.judge(fresh, person), 'right');
});

test('T07 every cookie of ours carries the prefix and the attributes that keep siblings out', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  const login = await browser.visit('/oauth2/login');
  const landed = await browser.visit(await world.provider.authorize(login.location, world.person()));
  const logout = await browser.visit('/oauth2/logout');
  const set = [login, landed, logout].flatMap(({ setCookies }) => setCookies);
  assert.ok(set.length >= 5);
  for (const line of set) {
    assert.match(line, /^__Host-fullmakt\.(?:session|login|logout)/);
    assert.match(line, /; Path=\/;/);
    assert.match(line, /; HttpOnly; Secure; SameSite=Lax/);
    assert.doesNotMatch(line, /domain=/i);
  }
});

test('T07 under an ingress path the prefix is __Secure- and the cookie stays below that path', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_INGRESS: `https://${HOST}/app,https://${HOST}/other` } });
  const browser = world.browser();
  const login = await browser.visit('/app/oauth2/login');
  await browser.visit(await world.provider.authorize(login.location, world.person()));
  const [[name, value] = ['', '']] = [...browser.jar];
  assert.match(name, /^__Secure-fullmakt\.session\.[0-9a-f]{6}$/);
  assert.ok(login.setCookies.every((line) => /; Path=\/app;/.test(line)));
  assert.equal(statusOf(await converse(world.port, get('/app/x', [`Cookie: ${name}=${value}`]))), 200);
  assert.equal(statusOf(await converse(world.port, get('/other/x', [`Cookie: ${name}=${value}`]))), 401);
});

test('T08 a cookie bomb and huge headers are 431, also on our own routes, and the app hears nothing', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_AUTO_LOGIN: 'false' } });
  const bomb = Array.from({ length: 200 }, (_, index) => `c${index}=${'x'.repeat(4 * KIB - 8)}`);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['200 cookies of 4 KiB', [`Cookie: ${bomb.join('; ')}`]],
    ['200 Cookie headers of 4 KiB', bomb.map((pair) => `Cookie: ${pair}`)],
    ['one byte over 16 KiB of cookies', [`Cookie: a=${'x'.repeat(16 * KIB - 1)}`]],
    ['one byte over, in two headers', [`Cookie: a=${'x'.repeat(8 * KIB - 2)}`, `Cookie: a=${'x'.repeat(8 * KIB - 1)}`]],
    ['a header of 33 KiB', [`X: ${'x'.repeat(33 * KIB)}`]],
    ['40,000 small headers', Array.from({ length: 40_000 }, (_, index) => `x${index}: y`)],
    ['a header of 1 MiB', [`X: ${'x'.repeat(KIB * KIB)}`]],
  ];
  for (const [what, headers] of cases) {
    for (const path of ['/x', '/oauth2/login', '/oauth2/callback?state=x'])
      assert.equal(statusOf(await converse(world.port, get(path, headers))), 431, `${what} ${path}`);
  }
  assert.equal(world.seen.length, 0);
  assert.equal(
    statusOf(await converse(world.port, get('/oauth2/ping', [`Cookie: a=${'x'.repeat(16 * KIB - 2)}`]))),
    200,
  );
});

test('T08 logins begun again and again with long targets leave at most five attempts and 4 KiB, the oldest evicted, the latest working', async (t) => {
  const world = await startWorld(t);
  const person = world.person();
  const browser = world.browser();
  for (const length of [10, 200, 400, 500, 700, 800, 1100, 2000]) {
    for (let login = 0; login < 10; login += 1) {
      world.clock.seconds += 10;
      const callback = await world.attempt(browser, person, `/${String(login).repeat(length)}`);
      const attempts = [...browser.jar.keys()].filter((name) => /\.login\./.test(name));
      assert.ok(attempts.length <= 5, `${attempts.length} attempts`);
      assert.ok(bytesOf(browser, /fullmakt/) <= 4 * KIB, `${bytesOf(browser, /fullmakt/)} bytes`);
      if (login !== 9) continue;
      assert.equal((await browser.visit(callback)).location, `/${'9'.repeat(length)}`);
      assert.equal(bytesOf(browser, /\.login\./), 0, 'a login that succeeds clears the others');
      assert.ok(browser.jar.has(SESSION) && bytesOf(browser, /session/) < 300);
    }
  }
});

test('T08 a logout to a long target beside attempts with long targets leaves 4 KiB of cookies of ours', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  await world.signIn(browser, world.person());
  for (const length of [600, 600, 600]) {
    world.clock.seconds += 10;
    await browser.visit(`/oauth2/login?redirect=/${'a'.repeat(length)}`);
  }
  await browser.visit(`/oauth2/logout?redirect=/${'b'.repeat(2000)}`);
  assert.ok(bytesOf(browser, /fullmakt/) <= 4 * KIB, `${bytesOf(browser, /fullmakt/)} bytes`);
});

test('T08 polling and denied requests set no cookie at all', async (t) => {
  const world = await startWorld(t);
  const browser = world.browser();
  for (const path of ['/x', '/oauth2/session', '/oauth2/ping', '/oauth2/nothing', '/api/poll']) {
    for (let poll = 0; poll < 3; poll += 1) assert.deepEqual((await browser.ask(path)).setCookies, [], path);
    assert.deepEqual(
      (await browser.ask('/oauth2/login', { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } }))
        .setCookies,
      [],
    );
  }
  assert.equal(browser.jar.size, 0);
});
