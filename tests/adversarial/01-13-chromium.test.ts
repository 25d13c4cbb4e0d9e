import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium, noChromium } from '../chromium.ts';
import { identityOf } from './01-36-provider.ts';
import type { Person } from './01-36-provider.ts';
import { HOST, SESSION } from './01-36-world.ts';
import { addressOf, APP, EVIL, html, openScene, sessionOf, SIBLING, whoIs } from './01-13-scene.ts';
import type { Scene } from './01-13-scene.ts';

const OPTIONS = { skip: noChromium, timeout: 240_000 };

let chromium: Browser;

before(async () => {
  if (noChromium === false) chromium = await launchChromium();
});

after(() => chromium?.close());

const startScene = (t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<Scene> =>
  openScene(t, chromium, { env });

test(
  'T01 two browsers swap their callbacks: no code is redeemed by the wrong one, and both end as themselves',
  OPTIONS,
  async (t) => {
    const scene = await startScene(t);
    const { world, gate } = scene;
    const people = [world.person(), world.person()] as const;
    const pages = await Promise.all(people.map(async (person) => (await scene.open(person)).newPage()));
    gate.held = [];
    for (const page of pages) await page.goto(`${APP}/mine`);
    const [first = '', second = ''] = gate.held;
    gate.held = undefined;
    const codes = new Set([first, second].map((url) => new URL(url).searchParams.get('code')));
    await pages[0]?.goto(second);
    await pages[1]?.goto(first);
    for (const [index, page] of pages.entries()) assert.equal(await whoIs(scene, page), people[index]?.sub);
    assert.ok(
      world.provider.tokenCalls.every((call) => !codes.has(call.get('code'))),
      'the swapped codes were left alone',
    );
  },
);

test(
  'T02 T07 a sibling host cannot plant a session of the attacker’s: the victim signs in as herself, with the right cookie',
  OPTIONS,
  async (t) => {
    const scene = await startScene(t);
    const { world, pages } = scene;
    const [mallory, victim] = [world.person(), world.person()];
    const attacker = await scene.open(mallory);
    assert.equal(await whoIs(scene, await attacker.newPage()), mallory.sub);
    const value = await sessionOf(attacker);
    const names = [SESSION, SESSION.toLowerCase(), 'fullmakt.session', '__Secure-fullmakt.session'];
    const planted = names.flatMap((name) => [
      `${name}=${value}; Domain=example.test; Path=/; Secure`,
      `${name}=${value}; Domain=example.test; Path=/oauth2/callback; Secure`,
      `=${name}=${value}; Domain=example.test; Path=/; Secure`,
    ]);
    pages.set('/plant', html('planted', { 'set-cookie': planted }));
    const context = await scene.open(victim);
    const page = await context.newPage();
    await page.goto(`${SIBLING}/plant`);
    assert.equal(await whoIs(scene, page), victim.sub);
    await page.goto(`${SIBLING}/plant`);
    assert.equal(await whoIs(scene, page), victim.sub, 'nor afterwards');
    const cookie = (await context.cookies(APP)).find(({ name }) => name === SESSION);
    assert.ok(
      cookie?.httpOnly && cookie.secure && cookie.sameSite === 'Lax' && cookie.path === '/' && cookie.domain === HOST,
    );
    assert.ok(cookie.value.length < 300);
  },
);

test('T10 a page of another site, or of a sibling host, cannot frame a page of ours', OPTIONS, async (t) => {
  const scene = await startScene(t);
  const context = await scene.open(scene.world.person());
  const page = await context.newPage();
  await whoIs(scene, page);
  const paths = ['/oauth2/logout', '/oauth2/login', '/oauth2/callback?state=x', '/oauth2/session'];
  scene.pages.set('/frames', html(paths.map((path) => `<iframe src="${APP}${path}"></iframe>`).join('')));
  for (const site of [EVIL, SIBLING]) {
    await page.goto(`${site}/frames`);
    const frames = page.frames().slice(1);
    assert.equal(frames.length, paths.length);
    for (const frame of frames) assert.match(await addressOf(frame), /^chrome-error:/, `${site} framed a page of ours`);
  }
  assert.equal(await whoIs(scene, page), identityOf(scene.world.seen[0]?.headers.authorization)?.sub);
});

/** Everything that a page can send somewhere without being asked. */
function attack(): string {
  const posts = ['/oauth2/logout', '/oauth2/logout/local', '/oauth2/session/refresh', '/oauth2/logout/backchannel'];
  const gets = [...posts, '/oauth2/login?prompt=login', '/oauth2/logout/frontchannel?sid=x'];
  return `${gets.map((path) => `<img src="${APP}${path}"><iframe src="${APP}${path}"></iframe>`).join('')}
    ${posts.map((path, index) => `<iframe name="f${index}"></iframe><form method="post" target="f${index}" action="${APP}${path}"></form>`).join('')}
    <script>
      const paths = ${JSON.stringify([...gets, ...posts])};
      const asks = paths.flatMap((path) => ['GET', 'POST'].map((method) =>
        fetch('${APP}' + path, { method, mode: 'no-cors', credentials: 'include' }).catch(() => 0)));
      const reads = paths.map((path) => fetch('${APP}' + path, { credentials: 'include' }).then(() => 'read', () => 0));
      for (const form of document.forms) form.submit();
      window.done = Promise.all([...asks, ...reads]);
    </script>`;
}

test(
  'T11 a page of another site, or of a sibling host, ends no session, refreshes none and reads nothing',
  OPTIONS,
  async (t) => {
    const scene = await startScene(t, { FULLMAKT_LOGIN_PROVIDER: 'openid' });
    const victim = scene.world.person();
    const context = await scene.open(victim);
    const page = await context.newPage();
    assert.equal(await whoIs(scene, page), victim.sub);
    const value = await sessionOf(context);
    const calls = scene.world.provider.tokenCalls.length;
    scene.pages.set('/attack', html(attack()));
    for (const site of [EVIL, SIBLING]) {
      await page.goto(`${site}/attack`);
      const answers = await page.evaluate('window.done');
      assert.ok(Array.isArray(answers) && !answers.includes('read'), `${site} read an answer`);
      assert.equal(await sessionOf(context), value, site);
    }
    await page.goto(`${EVIL}/attack`);
    await page.evaluate(`location.assign('${APP}/oauth2/logout')`);
    await page.waitForURL(`${APP}/oauth2/logout`);
    assert.equal(await page.locator('form[method="post" i]').count(), 1, 'a link from elsewhere asks first');
    assert.equal(await sessionOf(context), value);
    assert.equal(scene.world.provider.tokenCalls.length, calls, 'nothing was refreshed or redeemed');
    assert.equal(await whoIs(scene, page), victim.sub);
    assert.ok(!scene.world.events.some(({ event }) => event === 'session.ended'));
  },
);

/** Writes that a page can send with its user's cookies: by script, by form and over a WebSocket. */
function writes(): string {
  return `<iframe name="f"></iframe><form method="post" target="f" action="${APP}/write"><input name="a" value="b"></form>
    <script>
      const fetched = ['POST', 'PUT', 'DELETE'].map((method) =>
        fetch('${APP}/write', { method, mode: method === 'POST' ? 'no-cors' : 'cors', credentials: 'include' }).catch(() => 0));
      const framed = new Promise((resolve) => { document.querySelector('iframe').onload = resolve; });
      document.forms[0].submit();
      const socket = new WebSocket('${APP.replace('https:', 'wss:')}/write');
      const refused = new Promise((resolve) => { socket.onopen = () => resolve(false); socket.onerror = () => resolve(true); });
      window.done = Promise.all([refused, framed, ...fetched]).then(([first]) => first);
    </script>`;
}

test(
  'T11 a page of another site, or of a sibling host, writes nothing through the guarded proxy; our own page does',
  OPTIONS,
  async (t) => {
    for (const guard of ['fetch-metadata', 'header']) {
      const scene = await startScene(t, { FULLMAKT_LOGIN_CSRF: guard });
      const victim = scene.world.person();
      const page = await (await scene.open(victim)).newPage();
      assert.equal(await whoIs(scene, page), victim.sub);
      scene.pages.set('/writes', html(writes()));
      const written = (): boolean => scene.world.seen.some(({ url }) => url === '/write');
      for (const site of [EVIL, SIBLING]) {
        await page.goto(`${site}/writes`);
        assert.equal(await page.evaluate('window.done'), true, `${site} opened a WebSocket`);
        assert.equal(written(), false, `${site} wrote`);
      }
      const denied = scene.world.events.filter(({ event }) => event === 'access.denied');
      assert.ok(
        denied.some((event) => 'decision' in event && event.decision === 'cross_site_write'),
        'the sibling had the cookie, and was stopped by the guard alone',
      );
      assert.equal(await whoIs(scene, page), victim.sub);
      const ours = `fetch('/write', { method: 'POST', headers: { 'x-fullmakt-csrf': '1' } }).then(({ status }) => status)`;
      assert.equal(await page.evaluate(ours), 200);
      assert.ok(written());
    }
  },
);

/** One person's browser with ten tabs. */
async function openTenTabs(t: TestContext): Promise<{
  readonly scene: Scene;
  readonly victim: Person;
  readonly context: BrowserContext;
  readonly tabs: readonly Page[];
}> {
  const scene = await startScene(t);
  const victim = scene.world.person();
  const context = await scene.open(victim);
  const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
  return { scene, victim, context, tabs };
}

test(
  'T13 ten tabs that log in at once all arrive, each at its own target, as the same person in one session',
  OPTIONS,
  async (t) => {
    const { scene, victim, context, tabs } = await openTenTabs(t);
    await Promise.all(tabs.map((tab, index) => tab.goto(`${APP}/tab/${index}?own=${index}`)));
    for (const [index, tab] of tabs.entries()) assert.equal(tab.url(), `${APP}/tab/${index}?own=${index}`);
    const seen = scene.world.seen.filter(({ url }) => url?.startsWith('/tab/'));
    assert.deepEqual(new Set(seen.map(({ headers }) => identityOf(headers.authorization)?.sub)), new Set([victim.sub]));
    const cookies = await context.cookies(APP);
    assert.equal(cookies.filter(({ name }) => name === SESSION).length, 1);
    for (const tab of tabs) assert.equal(await whoIs(scene, tab), victim.sub);
  },
);

test(
  'T13 ten tabs that stand at the provider, finished in another order than begun, all arrive',
  OPTIONS,
  async (t) => {
    const { scene, victim, context, tabs } = await openTenTabs(t);
    scene.gate.held = [];
    for (const [index, tab] of tabs.entries()) await tab.goto(`${APP}/tab/${index}`);
    const { held } = scene.gate;
    scene.gate.held = undefined;
    assert.equal(held.length, 10);
    const attempts = (await context.cookies(APP)).filter(({ name }) => name.includes('.login.'));
    assert.ok(attempts.length <= 5, `${attempts.length} attempts`);
    for (const index of [7, 0, 9, 3, 1, 8, 2, 6, 4, 5]) {
      await tabs[index]?.goto(held[index] ?? '');
      assert.equal(tabs[index]?.url(), `${APP}/tab/${index}`);
    }
    assert.equal(await whoIs(scene, tabs[0] ?? (await context.newPage())), victim.sub);
  },
);
