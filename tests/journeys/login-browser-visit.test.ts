import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { noChromium } from '../chromium.ts';
import { type App, type Ground, startGround } from './login-browser.ts';
import { sessionAt, signIn, whoOn } from './login-browser-steps.ts';
import { until } from '../until.ts';

const HOST = 'app.example.test';
const APP = `https://${HOST}`;
const OPTIONS = { skip: noChromium, timeout: 60_000 };

const started: Ground | undefined = noChromium === false ? await startGround({ idporten: [HOST] }) : undefined;
after(() => started?.close());
const behind = await started?.startApp(HOST, {
  ...started.idporten(HOST),
  FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial',
  FULLMAKT_LOGIN_OPENID_POST_LOGOUT_REDIRECT_URI: `${APP}/goodbye`,
  FULLMAKT_LOGIN_RULES: JSON.stringify([
    { path: '/approve/**', acr: 'idporten-loa-high' },
    { path: '/goodbye', login: 'exempt' },
  ]),
  FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '20m',
});

/** What every test here stands on. */
function stage(): { readonly ground: Ground; readonly app: App } {
  assert.ok(started !== undefined && behind !== undefined);
  return { ground: started, app: behind };
}

/** A view that asks its server again and again, and follows the address that a 401 names; a form stands beside it. */
const POLLING = `<h1 id="who">case</h1><output id="polls">0</output>
<form method="post" action="/save"><input name="text" value="written long"><button id="save">Save</button></form>
<script>
  const polls = document.getElementById('polls');
  window.refused = [];
  async function poll() {
    const answer = await fetch('/api/news?at=' + Date.now(), { headers: { accept: 'application/json' } });
    if (answer.status === 401) window.refused.push([answer.headers.get('location'), answer.headers.get('content-type'), (await answer.json()).error]);
    else polls.textContent = Number(polls.textContent) + 1;
    if (window.refused.length === 3 && !location.hash) location.href = window.refused[0][0];
    else setTimeout(poll, 50);
  }
  poll();
</script>`;

test(
  'J5 a page polls while its session ends: 401 with a way to log in, no noise, no cookies, and back to the same view',
  OPTIONS,
  async () => {
    const { ground, app } = stage();
    app.site.pages.set('/cases/7', POLLING);
    const context = await ground.newContext();
    const page = await context.newPage();
    const noise: string[] = [];
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    const view = `${APP}/cases/7?tab=papers&sort=a%2Fb`;
    await page.goto(view);
    await signIn(page, APP);
    assert.equal(page.url(), view);
    await until(async () => Number(await page.locator('#polls').innerText()) >= 2, 'polls that are answered');
    const before = await context.cookies(APP);
    // Stays where it is for now.
    await page.evaluate(`location.hash = 'wait'`);
    await ground.later();
    await until(async () => Number(await page.evaluate('window.refused.length')) >= 8, 'polls that are refused');
    assert.deepEqual(await context.cookies(APP), before, 'no login was begun, no cookie set or taken away');
    const refused: unknown = await page.evaluate('window.refused');
    assert.ok(Array.isArray(refused));
    const way = `/oauth2/login?redirect=${encodeURIComponent('/cases/7?tab=papers&sort=a%2Fb')}`;
    for (const each of refused) assert.deepEqual(each, [way, 'application/json', 'unauthenticated, please log in']);
    assert.deepEqual(
      noise.filter((line) => !/status of 401/.test(line)),
      [],
      'nothing about CORS or policies',
    );
    await page.evaluate(`location.href = window.refused[0][0]`);
    await page.waitForURL(view);
    await until(async () => Number(await page.locator('#polls').innerText()) >= 1, 'polls that are answered again');
  },
);

test(
  'J5 a form sent after the session ended: a page that says so with 401, and nothing reaches the application',
  OPTIONS,
  async () => {
    const { ground, app } = stage();
    app.site.pages.set('/form', POLLING.replace(/<script>[\s\S]*/, ''));
    const context = await ground.newContext({ locale: 'nb-NO' });
    const page = await context.newPage();
    await page.goto(`${APP}/form`);
    await signIn(page, APP);
    await page.locator('#save').click();
    await until(() => app.visits.some(({ url }) => url === '/save'), 'a form that is taken');
    await page.goto(`${APP}/form`);
    await ground.later();
    const saved = app.visits.filter(({ url }) => url === '/save').length;
    const answered = page.waitForResponse(`${APP}/save`);
    await page.locator('#save').click();
    assert.equal((await answered).status(), 401);
    await page.waitForLoadState('load');
    assert.equal(await page.locator('h1').count(), 1);
    assert.equal(await page.locator('html').getAttribute('lang'), 'nb');
    assert.equal(app.visits.filter(({ url }) => url === '/save').length, saved);
    const action = await page.locator('a.primary').getAttribute('href');
    assert.match(action ?? '', /^\/oauth2\/login\?redirect=%2Fform$/);
    await page.locator('a.primary').click();
    if (!page.url().startsWith(APP)) await signIn(page, APP);
    await page.waitForURL(`${APP}/form`);
  },
);

test(
  'J6 a page that asks for more: refused, the old session goes on; accepted, a new one takes its place',
  OPTIONS,
  async () => {
    const { ground, app } = stage();
    const context = await ground.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(`${APP}/case/1`);
    await signIn(page, APP, { level: 'substantial' });
    const [person, weak] = [await whoOn(page), await sessionAt(context, APP)];
    const approved = (): number => app.visits.filter(({ url }) => url.startsWith('/approve/')).length;

    const script = await page.evaluate(
      `fetch('/approve/9').then(async (a) => [a.status, a.headers.get('www-authenticate'), a.headers.get('location')])`,
    );
    assert.deepEqual(script, [
      401,
      'Bearer error="insufficient_user_authentication", acr_values="idporten-loa-high"',
      `/oauth2/login?redirect=%2Fcase%2F1&level=idporten-loa-high`,
    ]);
    for (const time of ['first', 'second']) {
      await page.goto(`${APP}/approve/9?x=1`);
      const back = page.waitForResponse((response) => new URL(response.url()).pathname === '/oauth2/callback');
      await page.locator('#fm-cancel').click();
      assert.equal((await back).status(), 403, time);
      await page.waitForLoadState('load');
      assert.match((await page.locator('a.primary').getAttribute('href')) ?? '', /redirect=%2Fapprove%2F9%3Fx%3D1/);
      assert.equal(await sessionAt(context, APP), weak, time);
      await page.goto(`${APP}/case/2`);
      assert.equal(await whoOn(page), person, `the old session goes on after the ${time} refusal`);
    }
    assert.equal(approved(), 0);

    await page.goto(`${APP}/approve/9?x=1`);
    await signIn(page, APP, { level: 'high' });
    assert.equal(page.url(), `${APP}/approve/9?x=1`);
    assert.equal(approved(), 1);
    assert.equal(await whoOn(page), person);
    const strong = await sessionAt(context, APP);
    assert.ok(strong !== undefined && strong !== weak, 'a new session');
    // The old one is over: its cookie is worth nothing any more.
    const thief = await ground.newContext();
    await thief.addCookies([{ name: '__Host-fullmakt.session', value: weak ?? '', url: APP, secure: true }]);
    const other = await thief.newPage();
    await other.goto(`${APP}/case/1`);
    assert.equal(await other.locator('#fm-login').count(), 1);
  },
);

test(
  'J8 logged out with scripts off: a button leads out at the provider, and on to where logouts end',
  OPTIONS,
  async () => {
    const { ground } = stage();
    const context = await ground.newContext({ javaScriptEnabled: false, locale: 'nb-NO' });
    const page = await context.newPage();
    const addresses: string[] = [];
    context.on('request', (request) => addresses.push(request.url()));
    await page.goto(`${APP}/case/1`);
    await signIn(page, APP);
    await page.locator('#out').click();
    assert.equal(page.url(), `${APP}/oauth2/logout`);
    assert.equal(await sessionAt(context, APP), undefined);
    await page.locator('button.primary').click();
    await page.waitForURL(`${APP}/goodbye`);
    assert.ok(
      addresses.some((url) => url.startsWith(`${APP}/oauth2/logout/callback?`)),
      'back from the provider',
    );
    await page.goto(`${APP}/case/1`);
    assert.equal(await page.locator('#fm-login').count(), 1, 'signed out at the provider, and here');
    const { issued } = await ground.control('/v1/issued?persona=idporten&raw=1');
    const tokens = Array.isArray(issued) ? issued.map(({ raw }) => String(raw)) : [];
    assert.ok(tokens.length > 0);
    assert.deepEqual(
      addresses.filter((url) => url.includes('id_token_hint') || tokens.some((token) => url.includes(token))),
      [],
    );
  },
);
