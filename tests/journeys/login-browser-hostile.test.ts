import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { noChromium } from '../chromium.ts';
import { type Ground, startGround } from './login-browser.ts';
import { attemptsAt, SESSION, sessionAt, signIn, whoOn } from './login-browser-steps.ts';

const HOST = 'app.example.test';
const APP = `https://${HOST}`;
const EVIL = 'evil.test';
const SIBLING = 'sibling.example.test';
const OPTIONS = { skip: noChromium, timeout: 60_000 };

const started: Ground | undefined = noChromium === false ? await startGround({ idporten: [HOST] }) : undefined;
after(() => started?.close());
await started?.startApp(HOST, started.idporten(HOST));

/** What every test here stands on. */
function stage(): Ground {
  assert.ok(started !== undefined);
  return started;
}

/** People of the provider's list: the victim, and somebody who means ill. */
async function people(ground: Ground): Promise<readonly [string, string]> {
  const { people: all } = await ground.control('/v1/people');
  const [victim, mallory] = Array.isArray(all) ? all.map(({ pid }) => String(pid)) : [];
  return [victim ?? '', mallory ?? ''];
}

/** A browser in which this person is signed in, on a page of the application. */
async function signedIn(ground: Ground, person: string): Promise<{ context: BrowserContext; page: Page; who: string }> {
  const context = await ground.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${APP}/mine`);
  await signIn(page, APP, { person });
  const who = await whoOn(page);
  assert.ok(who !== undefined && who !== 'nobody');
  return { context, page, who };
}

/** A callback of a login that this browser began and somebody else is to finish. */
async function stolenCallback(ground: Ground, person: string): Promise<string> {
  const context = await ground.newContext();
  const page = await context.newPage();
  await page.goto(`${APP}/attack`);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: `${APP}/oauth2/callback?*` }] });
  const stopped = new Promise<string>((resolve) => {
    devtools.once('Fetch.requestPaused', ({ request }) => resolve(request.url));
  });
  await page.locator(`input[name="person"][value="${person}"]`).check();
  await page.locator('#fm-continue').click({ noWaitAfter: true });
  const url = await stopped;
  await context.close();
  return url;
}

/** Ways in which a page sends its visitor's whole browser elsewhere. */
function lure(url: string): string {
  const form = new URL(url);
  const fields = [...form.searchParams].map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
  return `<a id="link" href="${url}">a prize</a>
    <button id="window" onclick="window.open('${url}')">a prize</button>
    <form method="get" action="${form.origin}${form.pathname}">${fields}<button id="form">a prize</button></form>
    <form method="post" action="${url}"><button id="post">a prize</button></form>`;
}

const MEANS = ['link', 'window', 'post'] as const;

/** Follows a lure, and answers the page it ended on and the status of that page. */
async function follow(page: Page, from: string, means: string): Promise<{ page: Page; status: number }> {
  await page.goto(from);
  const context = page.context();
  const opened = means === 'window' ? context.waitForEvent('page') : Promise.resolve(page);
  const ended = context.waitForEvent('response', (response) => {
    const isRedirect = response.status() >= 300 && response.status() < 400;
    return response.request().isNavigationRequest() && !isRedirect;
  });
  await page.locator(`#${means}`).click();
  const [at, response] = await Promise.all([opened, ended]);
  // An error without a body is shown on a page of the browser's own.
  await at.waitForURL((url) => url.href === response.url() || url.protocol === 'chrome-error:');
  return { page: at, status: response.status() };
}

for (const host of [EVIL, SIBLING]) {
  test(
    `J9 a page of ${host} leads a signed-in visitor to our routes: the session is what it was, and at most a question is asked`,
    OPTIONS,
    async () => {
      const ground = stage();
      const { context, page, who } = await signedIn(ground, (await people(ground))[0]);
      const session = await sessionAt(context, APP);
      const calls = await ground.tokenCalls();
      for (const [path, get, post] of [
        ['/oauth2/logout', 200, 403],
        ['/oauth2/session/refresh', 405, 403],
        ['/oauth2/logout/local', 404, 404],
      ] as const) {
        ground.site(host).pages.set('/lure', lure(APP + path));
        for (const means of MEANS) {
          const end = await follow(page, `https://${host}/lure`, means);
          assert.equal(end.status, means === 'post' ? post : get, `${path} by ${means}`);
          assert.equal(await sessionAt(context, APP), session, `${path} by ${means}`);
          const asks = path.startsWith('/oauth2/logout') && get === 200 && means !== 'post';
          assert.equal(
            await end.page.locator('form[method="post" i] button').count(),
            asks ? 1 : 0,
            `${path} by ${means}`,
          );
          if (end.page !== page) await end.page.close();
        }
      }
      await page.goto(`${APP}/mine`);
      assert.equal(await whoOn(page), who);
      assert.equal(await ground.tokenCalls(), calls, 'nothing was refreshed or redeemed');
    },
  );

  test(
    `J9 a page of ${host} sends a visitor to log in anew: the session goes on until somebody really does`,
    OPTIONS,
    async () => {
      const ground = stage();
      const { context, page, who } = await signedIn(ground, (await people(ground))[0]);
      const session = await sessionAt(context, APP);
      ground.site(host).pages.set('/lure', lure(`${APP}/oauth2/login?prompt=login`));
      for (const means of ['link', 'window'] as const) {
        const end = await follow(page, `https://${host}/lure`, means);
        assert.equal(await end.page.locator('#fm-login').count(), 1, means);
        assert.equal(await sessionAt(context, APP), session, means);
        if (end.page !== page) await end.page.close();
        await page.goto(`${APP}/mine`);
        assert.equal(await whoOn(page), who, means);
      }
    },
  );
}

test(
  'J9 a page of another site delivers the callback of somebody else: nobody is ever signed in as them',
  OPTIONS,
  async () => {
    const ground = stage();
    const [victim, mallory] = await people(ground);
    const callback = await stolenCallback(ground, mallory);
    const calls = await ground.tokenCalls();
    ground.site(EVIL).pages.set('/lure', lure(callback));
    const { context, page, who } = await signedIn(ground, victim);
    for (const means of ['link', 'window', 'form'] as const) {
      const end = await follow(page, `https://${EVIL}/lure`, means);
      assert.equal(await whoOn(end.page), who, `${means}: signed in as before`);
      if (end.page !== page) await end.page.close();
    }
    const session = await sessionAt(context, APP);
    const stranger = await (await ground.newContext()).newPage();
    await follow(stranger, `https://${EVIL}/lure`, 'link');
    assert.equal(await stranger.locator('#fm-login').count(), 1, 'without a session, a login of one’s own begins');
    assert.equal(await sessionAt(stranger.context(), APP), undefined);
    await signIn(stranger, APP, { person: victim });
    assert.equal(await whoOn(stranger), who);
    assert.equal(await sessionAt(context, APP), session);
    assert.equal(await ground.tokenCalls(), calls + 2, 'the code that was carried here was never redeemed');
  },
);

test(
  'J9 a sibling host plants our cookie names, by the hundred too: no fixation, and its victim can still log in',
  OPTIONS,
  async () => {
    const ground = stage();
    const [victim, mallory] = await people(ground);
    const theirs = await signedIn(ground, mallory);
    const planted = (await sessionAt(theirs.context, APP)) ?? '';
    const names = [
      SESSION,
      '__Secure-fullmakt.session',
      'fullmakt.session',
      '__Host-fullmakt.logins',
      SESSION.toUpperCase(),
    ];
    const attempts = Array.from(
      { length: 40 },
      (_, index) => `__Host-fullmakt.login.${String(index).padStart(8, 'x')}`,
    );
    const cookies = [...names, ...attempts].flatMap((name) => [
      `${name}=${planted}; Domain=example.test; Path=/; Secure`,
      `${name.replace('__Host-', '')}=${planted}; Domain=example.test; Path=/oauth2; Secure`,
      `=${name}=${planted}; Domain=example.test; Path=/; Secure`,
    ]);
    ground.site(SIBLING).headers.set('set-cookie', cookies);
    const context = await ground.newContext();
    const page = await context.newPage();
    await page.goto(`https://${SIBLING}/`);
    assert.ok((await context.cookies(`${APP}/oauth2/login`)).length > 40, 'it could plant some');
    await page.goto(`${APP}/mine`);
    assert.equal(await page.locator('#fm-login').count(), 1, 'what was planted is no session');
    await page.goto(`https://${SIBLING}/`);
    await page.goto(`${APP}/mine`);
    await signIn(page, APP, { person: victim });
    const who = await whoOn(page);
    assert.ok(who !== undefined && who !== 'nobody' && who !== theirs.who);
    await page.goto(`https://${SIBLING}/`);
    await page.goto(`${APP}/mine`);
    assert.equal(await whoOn(page), who, 'nor does it end the session afterwards');
    assert.equal(await attemptsAt(context, APP), 0);
    ground.site(SIBLING).headers.delete('set-cookie');
  },
);
