import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { createRandom, drawSeed } from '../adversarial/scale.ts';
import { noChromium } from '../chromium.ts';
import { type App, type Ground, startGround } from './login-browser.ts';
import { attemptsAt, historyOf, SESSION, sessionAt, signIn, whoOn } from './login-browser-steps.ts';

const HOST = 'app.example.test';
const APP = `https://${HOST}`;
const OPTIONS = { skip: noChromium, timeout: 60_000 };
const TABS = 10;

const started: Ground | undefined = noChromium === false ? await startGround({ idporten: [HOST] }) : undefined;
after(() => started?.close());
const behind = await started?.startApp(HOST, started.idporten(HOST));

/** What every test here stands on. */
function stage(): { readonly ground: Ground; readonly visits: App['visits'] } {
  assert.ok(started !== undefined && behind !== undefined);
  return { ground: started, visits: behind.visits };
}

const isCallback = (request: Request): boolean => new URL(request.url()).pathname === '/oauth2/callback';

test(
  'J1 a first visit by a deep link ends there, with one short and guarded cookie and no token in any address',
  OPTIONS,
  async () => {
    const { ground, visits } = stage();
    const context = await ground.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    context.on('request', (request) => asked.push(request.url()));
    const link = `${APP}/deep/link?a=b&c=d%2Fe`;
    await page.goto(link);
    await signIn(page, APP);
    assert.equal(page.url(), link);
    assert.equal(visits.at(0)?.url, '/deep/link?a=b&c=d%2Fe');
    const cookies = await context.cookies(APP);
    assert.deepEqual(
      cookies.map((cookie) => ({ ...cookie, value: '' })),
      [
        {
          name: SESSION,
          value: '',
          domain: HOST,
          path: '/',
          expires: -1,
          httpOnly: true,
          secure: true,
          sameSite: 'Lax',
        },
      ],
    );
    assert.ok(SESSION.length + (cookies[0]?.value.length ?? 300) + 1 < 300);
    assert.equal(await page.evaluate('document.cookie'), '');

    const { issued } = await ground.control('/v1/issued?persona=idporten&raw=1');
    assert.ok(Array.isArray(issued) && issued.length >= 2);
    const secrets = [...issued.map(({ raw }) => String(raw)), cookies[0]?.value ?? ''];
    for (const secret of secrets) assert.ok(secret.length > 40 && !asked.some((url) => url.includes(secret)));
    const history = await historyOf(page);
    assert.ok(history.includes(link));
    assert.deepEqual(
      history.filter((url) => /[?&](code|state|access_token|id_token)=|eyJ/.test(url)),
      [],
    );
  },
);

test(
  'J2 ten tabs with ten targets, the first logged in and the others finished in any order, end on their own',
  OPTIONS,
  async (t) => {
    const { ground, visits } = stage();
    const seed = drawSeed();
    t.diagnostic(`seed ${seed}`);
    const random = createRandom(seed);
    const context = await ground.newContext();
    const answers: number[] = [];
    context.on('response', (response) => {
      if (response.url().startsWith(APP)) answers.push(response.status());
    });
    const targets = Array.from({ length: TABS }, (_, index) => `${APP}/tab/${index}?seed=${seed}`);
    const tabs: Page[] = [];
    for (const target of targets) {
      const tab = await context.newPage();
      await tab.goto(target);
      tabs.push(tab);
      assert.ok((await attemptsAt(context, APP)) <= 5, `${await attemptsAt(context, APP)} attempts`);
    }
    const order = [0];
    while (order.length < TABS) {
      const next = random.below(TABS);
      if (!order.includes(next)) order.push(next);
    }
    const sessions = new Set<string | undefined>();
    for (const index of order) {
      const tab = tabs[index];
      assert.ok(tab);
      await signIn(tab, APP);
      assert.equal(tab.url(), targets[index], `order ${order.join()}`);
      assert.ok((await attemptsAt(context, APP)) <= 5);
      sessions.add(await sessionAt(context, APP));
    }
    assert.equal(sessions.size, 1, 'one session');
    const seen = visits.filter(({ url }) => url.startsWith('/tab/') && url.endsWith(String(seed)));
    assert.equal(seen.length, TABS);
    assert.equal(new Set(seen.map(({ token }) => token?.['sub'] ?? 'nobody')).size, 1);
    assert.deepEqual(
      answers.filter((status) => status >= 400),
      [],
      'no error page',
    );
  },
);

test(
  'J3 back to the provider and to the callback, a reload of it and a double click: signed in, and never a second token call',
  OPTIONS,
  async () => {
    const { ground } = stage();
    const context = await ground.newContext();
    const page = await context.newPage();
    await page.goto(`${APP}/case/1`);
    const before = await ground.tokenCalls();
    const arrived = page.waitForRequest(isCallback);
    // The first press is still on its way at the second: the provider, which answers one of them, gets that one.
    const pressed = Promise.withResolvers<void>();
    await page.route('**/authorize', (route) => pressed.promise.then(() => route.continue()));
    await page.locator('#fm-continue').dblclick({ noWaitAfter: true });
    pressed.resolve();
    await page.waitForURL(`${APP}/**`);
    assert.equal(page.url(), `${APP}/case/1`);
    await page.unroute('**/authorize');
    const person = await whoOn(page);
    assert.ok(person !== undefined && person !== 'nobody');
    assert.equal((await ground.tokenCalls()) - before, 1, 'a double click');

    const callback = (await arrived).url();
    for (const again of ['once', 'twice']) {
      await page.goto(callback);
      assert.equal(page.url(), `${APP}/case/1`, again);
      assert.equal(await whoOn(page), person);
    }
    await page.goto(`${APP}/case/2`);
    await page.goBack();
    assert.equal(page.url(), `${APP}/case/1`);
    while (!page.url().startsWith('http://localhost:')) await page.goBack();
    await page.goForward();
    assert.equal(await whoOn(page), person);
    assert.equal((await ground.tokenCalls()) - before, 1, 'all of it');
  },
);

/** Stops this tab's next callback before it is sent; answers where it would have gone. */
async function interceptCallback(page: Page): Promise<{ readonly url: Promise<string> }> {
  // Redirects pass by the routes of a page; the browser itself can stop them.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: `${APP}/oauth2/callback?*` }] });
  const { promise, resolve } = Promise.withResolvers<string>();
  devtools.once('Fetch.requestPaused', ({ requestId, request }) => {
    devtools
      .send('Fetch.failRequest', { requestId, errorReason: 'Aborted' })
      .then(() => devtools.detach())
      .then(() => resolve(request.url), resolve);
  });
  return { url: promise };
}

test(
  'J3 one callback that two tabs deliver at the same moment: both end on the target, and one code is redeemed',
  OPTIONS,
  async () => {
    const { ground } = stage();
    const context = await ground.newContext();
    const [first, second] = await Promise.all([context.newPage(), context.newPage()]);
    await first.goto(`${APP}/case/3`);
    const intercepted = await interceptCallback(first);
    const before = await ground.tokenCalls();
    await first.locator('#fm-continue').click();
    const callback = await intercepted.url;
    await Promise.all([first, second].map((tab) => tab.goto(callback)));
    for (const tab of [first, second]) assert.equal(tab.url(), `${APP}/case/3`);
    assert.equal(await whoOn(first), await whoOn(second));
    assert.equal((await ground.tokenCalls()) - before, 1);
  },
);

for (const [locale, lang, cancelled] of [
  ['nb-NO', 'nb', /avbr/i],
  ['nn-NO', 'nn', /avbr/i],
  ['en-GB', 'en', /cancel/i],
] as const) {
  test(
    `J4 cancelled at the provider: one page in ${lang}, no loop, and «try again» leads to a login that works`,
    OPTIONS,
    async () => {
      const { ground } = stage();
      const context = await ground.newContext({ locale });
      const page = await context.newPage();
      const logins: string[] = [];
      context.on('request', (request) => {
        if (new URL(request.url()).pathname === '/oauth2/login') logins.push(request.url());
      });
      await page.goto(`${APP}/case/5?lang=${lang}`);
      const answered = page.waitForResponse((response) => isCallback(response.request()));
      await page.locator('#fm-cancel').click();
      assert.equal((await answered).status(), 403);
      await page.waitForLoadState('load');
      assert.equal(await page.locator('html').getAttribute('lang'), lang);
      assert.match(await page.locator('h1').innerText(), cancelled);
      assert.equal(logins.length, 1, 'nothing leads on by itself');
      assert.equal(await attemptsAt(context, APP), 0);
      assert.equal(await sessionAt(context, APP), undefined);
      await page.locator('a.primary').click();
      await signIn(page, APP);
      assert.equal(page.url(), `${APP}/case/5?lang=${lang}`);
      assert.notEqual(await whoOn(page), 'nobody');
    },
  );
}

test('J4 a sign-in page left open for half an hour: one fresh start, then the target', OPTIONS, async () => {
  const { ground } = stage();
  for (const cookie of ['kept by the browser', 'gone']) {
    const context = await ground.newContext();
    const page = await context.newPage();
    const starts: string[] = [];
    context.on('request', (request) => {
      if (
        request.isNavigationRequest() &&
        new URL(request.url()).pathname.endsWith('/authorize') &&
        request.method() === 'GET'
      )
        starts.push(request.url());
    });
    await page.goto(`${APP}/case/6?cookie=${cookie.length}`);
    await ground.later();
    if (cookie === 'gone') await context.clearCookies({ domain: HOST });
    const before = await ground.tokenCalls();
    await page.locator('#fm-continue').click();
    await page.waitForURL((url) => url.origin === APP && url.pathname !== '/oauth2/callback');
    assert.equal(page.url(), `${APP}/case/6?cookie=${cookie.length}`, cookie);
    assert.notEqual(await whoOn(page), 'nobody', cookie);
    assert.equal(starts.length, 2, `${cookie}: ${starts.join(' ')}`);
    assert.equal((await ground.tokenCalls()) - before, 1, cookie);
  }
});
