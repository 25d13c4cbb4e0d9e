import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noChromium } from '../chromium.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { type Ground, startGround } from './login-browser.ts';
import { signIn, whoOn } from './login-browser-steps.ts';

const LAX = 'lax.example.test';
const STRICT = 'strict.example.test';
const SERVER = 'login.domain.test';
const NONE = 'none.domain.test';
const [MAIL, OTHER] = ['mail.post.test', 'other.site.test'] as const;
const OPTIONS = { skip: noChromium || noRedis, timeout: 60_000 };
const KEY = Buffer.alloc(32, 5).toString('base64');

const isSkipped = OPTIONS.skip !== false;
const redis = isSkipped ? undefined : await startRedis();
after(() => redis?.close());
const started: Ground | undefined = isSkipped ? undefined : await startGround({ idporten: [LAX, STRICT, SERVER] });
after(() => started?.close());
if (started !== undefined && redis !== undefined) {
  const optional = { FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: '/open/**', login: 'optional' }]) };
  const shared = {
    FULLMAKT_LOGIN_SSO_DOMAIN: 'domain.test',
    FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'domain-session',
    FULLMAKT_LOGIN_STORE: redis.url,
    FULLMAKT_LOGIN_SESSION_KEYS: KEY,
    FULLMAKT_LOGIN_COOKIE_SAME_SITE: 'None',
  };
  await started.startApp(LAX, { ...started.idporten(LAX), ...optional });
  await started.startApp(STRICT, {
    ...started.idporten(STRICT),
    ...optional,
    FULLMAKT_LOGIN_COOKIE_SAME_SITE: 'Strict',
  });
  await started.startApp(SERVER, {
    ...started.idporten(SERVER),
    ...shared,
    FULLMAKT_LOGIN_ROLE: 'sso-server',
    FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: `https://${NONE}/`,
  });
  await started.startApp(NONE, {
    ...shared,
    ...optional,
    FULLMAKT_LOGIN_ROLE: 'sso-proxy',
    FULLMAKT_LOGIN_SSO_SERVER_URL: `https://${SERVER}`,
  });
}

/** What every test here stands on. */
function stage(): Ground {
  assert.ok(started !== undefined);
  return started;
}

/** Ways to a page: from a mail, from a page of another site, and by typing its address. */
const ENTRIES: Readonly<Record<string, (page: Page, url: string) => Promise<Page>>> = {
  'a link in a mail': async (page, url) => {
    stage().site(MAIL).pages.set('/', `<a id="go" href="${url}" target="_blank" rel="noopener noreferrer">open</a>`);
    await page.goto(`https://${MAIL}/`);
    const opened = page.context().waitForEvent('page');
    await page.locator('#go').click();
    return opened;
  },
  'a link on another site': async (page, url) => {
    stage().site(OTHER).pages.set('/', `<a id="go" href="${url}">open</a>`);
    await page.goto(`https://${OTHER}/`);
    await page.locator('#go').click();
    return page;
  },
  'its typed address': async (page, url) => {
    await page.goto(url);
    return page;
  },
};

for (const [host, sameSite, cookie] of [
  [LAX, 'Lax', '__Host-fullmakt.session'],
  [STRICT, 'Strict', '__Host-fullmakt.session'],
  [NONE, 'None', 'domain-session'],
] as const) {
  const origin = `https://${host}`;
  for (const [entry, enter] of Object.entries(ENTRIES)) {
    test(
      `J10 a session that is ${sameSite}, entered by ${entry}: signed in on the first page, and on the next visit too`,
      OPTIONS,
      async () => {
        const context = await stage().newContext();
        const first = await enter(await context.newPage(), `${origin}/case/1?x=y`);
        await first.waitForURL(/^http:\/\/localhost:/);
        await signIn(first, origin);
        await first.waitForURL(`${origin}/case/1?x=y`);
        const who = await whoOn(first);
        assert.ok(who !== undefined && who !== 'nobody');
        const kept = (await context.cookies(origin)).find(({ name }) => name === cookie);
        assert.equal(kept?.sameSite, sameSite);

        const again = await enter(await context.newPage(), `${origin}/case/2`);
        await again.waitForURL(`${origin}/case/2`);
        assert.equal(await whoOn(again), who, 'nobody was asked anything');
      },
    );
  }

  test(`J10 a form of another site, posted to an application whose session is ${sameSite}`, OPTIONS, async () => {
    const ground = stage();
    const context = await ground.newContext();
    const page = await context.newPage();
    await page.goto(`${origin}/case/1`);
    await signIn(page, origin);
    await page.waitForURL(`${origin}/case/1`);
    ground
      .site(OTHER)
      .pages.set('/', `<form method="post" action="${origin}/open/save"><button id="go">go</button></form>`);
    await page.goto(`https://${OTHER}/`);
    await page.locator('#go').click();
    await page.waitForURL(`${origin}/open/save`);
    const posted = ground.site(host).visits.findLast(({ method, url }) => method === 'POST' && url === '/open/save');
    assert.ok(posted !== undefined);
    // Only None asks for it; that is what the csrf setting is for.
    assert.equal(posted.token !== undefined, sameSite === 'None');
  });
}
