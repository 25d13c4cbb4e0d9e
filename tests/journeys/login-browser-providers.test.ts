import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { noChromium } from '../chromium.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { type Ground, startGround } from './login-browser.ts';
import { sessionAt, signIn, whoOn } from './login-browser-steps.ts';
import { until } from '../until.ts';

const HOST = 'app.example.test';
const APP = `https://${HOST}`;
const SERVER = 'login.domain.test';
const SISTER = 'www.domain.test';
const STRANGER = 'www.stranger.test';
const OUTAGE_MS = 10_000;
const OPTIONS = { skip: noChromium || noRedis, timeout: 60_000 };

const isSkipped = OPTIONS.skip !== false;
const redis = isSkipped ? undefined : await startRedis();
after(() => redis?.close());
const started: Ground | undefined = isSkipped
  ? undefined
  : await startGround({ idporten: [HOST, SERVER], entra: [HOST] });
after(() => started?.close());
if (started !== undefined && redis !== undefined) {
  for (const host of [SISTER, STRANGER]) started.site(host);
  const shared = {
    FULLMAKT_LOGIN_STORE: redis.url,
    FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 5).toString('base64'),
  };
  await started.startApp(HOST, {
    ...shared,
    ...started.idporten(HOST),
    ...started.entra(HOST, 'PROVIDER_ENTRA'),
    FULLMAKT_LOGIN_PROVIDER: 'idporten,entra',
    FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: '/staff/**', provider: 'entra' }]),
  });
  await started.startApp(SERVER, {
    ...shared,
    ...started.idporten(SERVER),
    FULLMAKT_LOGIN_ROLE: 'sso-server',
    FULLMAKT_LOGIN_SSO_DOMAIN: 'domain.test',
    FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'domain-session',
    FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: `https://${SISTER}/`,
  });
}

/** What every test here stands on. */
function stage(): { readonly ground: Ground; readonly store: NonNullable<typeof redis> } {
  assert.ok(started !== undefined && redis !== undefined);
  return { ground: started, store: redis };
}

test(
  'J11 a citizen’s and an employee’s session side by side: each path has its own, and one ends without the other',
  OPTIONS,
  async () => {
    const { ground } = stage();
    const context = await ground.newContext();
    const [citizen, employee] = [await context.newPage(), await context.newPage()];
    await citizen.goto(`${APP}/case/1`);
    const idporten = new URL(citizen.url()).origin;
    await signIn(citizen, APP);
    await employee.goto(`${APP}/staff/2`);
    assert.notEqual(new URL(employee.url()).origin, idporten, 'another provider');
    await signIn(employee, APP);
    assert.equal(employee.url(), `${APP}/staff/2`);
    const [one, other] = [await whoOn(citizen), await whoOn(employee)];
    assert.ok(one !== 'nobody' && other !== 'nobody' && one !== other);
    assert.equal(
      (await context.cookies(APP)).filter(({ name }) => name.startsWith('__Host-fullmakt.session')).length,
      2,
    );
    for (let time = 0; time < 2; time++) {
      await citizen.goto(`${APP}/staff/3`);
      assert.equal(await whoOn(citizen), other);
      await citizen.goto(`${APP}/case/3`);
      assert.equal(await whoOn(citizen), one);
    }
    await citizen.evaluate(`location.assign('/oauth2/logout?provider=entra')`);
    await until(
      async () => (await context.cookies(APP)).filter(({ name }) => name.includes('.session')).length === 1,
      'one session is left',
    );
    await employee.goto(`${APP}/case/4`);
    assert.equal(await whoOn(employee), one, 'the citizen’s goes on');
  },
);

test(
  'J11 a page header on a sister host refreshes the session at the server; a page of another domain cannot even ask',
  OPTIONS,
  async () => {
    const { ground } = stage();
    const context = await ground.newContext();
    const page = await context.newPage();
    await page.goto(`https://${SERVER}/oauth2/login?redirect=https://${SISTER}/header`);
    await signIn(page, `https://${SISTER}`);
    assert.equal(page.url(), `https://${SISTER}/header`);
    const ask = (path: string, method: string): Promise<unknown> =>
      page.evaluate(`fetch('https://${SERVER}/oauth2/${path}', { method: '${method}', credentials: 'include' })
      .then(async (answer) => ({ status: answer.status, said: await answer.json() }), () => 'no answer')`);
    const before = await ask('session', 'GET');
    assert.partialDeepStrictEqual(before, { status: 200, said: { session: { active: true } } });
    await ground.later();
    const calls = await ground.tokenCalls();
    const refreshed = await ask('session/refresh', 'POST');
    assert.partialDeepStrictEqual(refreshed, { status: 200, said: { session: { active: true } } });
    assert.notDeepEqual(refreshed, before, 'the tokens are new');
    assert.equal((await ground.tokenCalls()) - calls, 1);
    assert.partialDeepStrictEqual(await ask('session/refresh', 'GET'), { status: 200 });
    await page.goto(`https://${STRANGER}/`);
    for (const method of ['GET', 'POST']) assert.equal(await ask('session/refresh', method), 'no answer');
    assert.equal((await ground.tokenCalls()) - calls, 1);
  },
);

test(
  'J11 the store stands still for ten seconds in the middle of a visit: 503 pages, then the same session goes on',
  OPTIONS,
  async () => {
    const { ground, store } = stage();
    const context = await ground.newContext({ locale: 'nb-NO' });
    const page = await context.newPage();
    await page.goto(`${APP}/case/1`);
    await signIn(page, APP);
    const [who, session] = [await whoOn(page), await sessionAt(context, APP)];
    const other = await context.newPage();
    await other.goto(`${APP}/case/3`);
    const answers: number[] = [];
    context.on('response', (response) => {
      if (response.request().isNavigationRequest()) answers.push(response.status());
    });
    store.freeze();
    try {
      const end = performance.now() + OUTAGE_MS;
      while (performance.now() < end) {
        const answer = await page.goto(`${APP}/case/2`);
        assert.equal(answer?.status(), 503);
        assert.equal(await page.locator('html').getAttribute('lang'), 'nb');
        assert.equal(await page.locator('a.primary').getAttribute('href'), '/case/2');
        const script = await other.evaluate(`fetch('/api').then((a) => [a.status, a.headers.get('retry-after')])`);
        assert.deepEqual(script, [503, '5']);
      }
    } finally {
      store.thaw();
    }
    await until(async () => (await page.goto(`${APP}/case/2`))?.status() === 200, 'the visit goes on');
    assert.equal(page.url(), `${APP}/case/2`);
    assert.equal(await whoOn(page), who);
    assert.equal(await sessionAt(context, APP), session);
    assert.deepEqual(
      answers.filter((status) => status !== 503 && status !== 200),
      [],
      'nobody was sent to log in',
    );
  },
);
