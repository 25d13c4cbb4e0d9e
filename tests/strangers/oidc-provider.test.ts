import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createBrowser } from '../journeys/browser.ts';
import {
  ask,
  COOLDOWN_SECONDS,
  echoed,
  keyCredential,
  secretCredential,
  sessionStatus,
  signedIn,
  startForeignWorld,
  userinfo,
} from './foreign-world.ts';
import type { Credential, ForeignWorld } from './foreign-world.ts';

const CREDENTIALS: readonly (readonly [string, () => Credential | Promise<Credential>])[] = [
  ['client_secret_basic', () => secretCredential('client_secret_basic')],
  ['private_key_jwt', () => keyCredential('ES256')],
];

for (const [method, credential] of CREDENTIALS) {
  describe(`oidc-provider behind the login proxy, with ${method}`, () => {
    let world: ForeignWorld;
    before(async () => {
      world = await startForeignWorld(await credential());
    });
    after(async () => {
      await world.proxy.close();
      await world.provider.close();
      assert.deepEqual(world.provider.failures, []);
    });

    test('signs a user in, and the application gets an access token that the provider knows', async () => {
      const { browser, page } = await signedIn(world);
      assert.equal(page.url, `${world.app}/some/page?q=1`);
      const { target, authorization } = echoed(page);
      assert.equal(target, '/some/page?q=1');
      assert.match(authorization, /^Bearer ./);
      assert.deepEqual(await userinfo(world, authorization), { sub: 'kari' });
      const session = await ask(world, browser, ['GET', '/oauth2/session']);
      assert.equal(session.status, 200);
      assert.partialDeepStrictEqual(await session.json(), { session: { active: true } });
    });

    test('is sent the authorization request by PAR, never through the browser (RFC 9126)', async () => {
      const browser = createBrowser();
      await browser.open(`${world.app}/`);
      const visited = browser.visited.find((url) => url.startsWith(`${world.provider.issuer}/auth?`)) ?? '';
      assert.deepEqual([...new URL(visited).searchParams.keys()].toSorted(), ['client_id', 'request_uri']);
    });

    test('refreshes the session, as often as it grows old, and the application sees the new token', async (t) => {
      t.after(() => void (world.proxy.clock.ahead = 0));
      const { browser, page } = await signedIn(world);
      const seen = new Set([echoed(page).authorization]);
      for (const _ of [1, 2]) {
        world.proxy.clock.ahead += COOLDOWN_SECONDS;
        const refreshed = await ask(world, browser, ['POST', '/oauth2/session/refresh']);
        assert.equal(refreshed.status, 200);
        const { authorization } = echoed(await browser.open(`${world.app}/`));
        assert.deepEqual(await userinfo(world, authorization), { sub: 'kari' });
        seen.add(authorization);
      }
      assert.equal(seen.size, 3);
    });

    test('lets a signed-in user into a second session without asking: single sign-on', async () => {
      const { browser } = await signedIn(world);
      const page = await browser.open(`${world.app}/oauth2/login?redirect=/again`, { 'sec-fetch-site': 'same-origin' });
      assert.equal(page.url, `${world.app}/again`);
    });

    test('ends its own session and the tokens when the user logs out of the application', async () => {
      const { browser, page } = await signedIn(world);
      const { authorization } = echoed(page);
      const confirm = await browser.open(`${world.app}/oauth2/logout`, { 'sec-fetch-site': 'same-origin' });
      assert.equal(new URL(confirm.url).origin, world.provider.issuer);
      assert.equal(await sessionStatus(world, browser), 401, 'the session here ends before the provider is asked');
      const back = await browser.submit(confirm, 'op.logoutForm', { logout: 'yes' });
      assert.ok(browser.visited.some((url) => url.startsWith(`${world.app}/oauth2/logout/callback?state=`)));
      assert.match(back.html, /name="login"/, 'the application demands a login again, and the provider knows nobody');
      assert.equal(await userinfo(world, authorization), 401);
    });

    test('has its tokens revoked when the user leaves the application but stays signed in there (RFC 7009)', async () => {
      const { browser, page } = await signedIn(world);
      const revoked = world.provider.next('grant.revoked');
      const confirm = await browser.open(`${world.app}/oauth2/logout`, { 'sec-fetch-site': 'same-origin' });
      await revoked;
      assert.equal(await userinfo(world, echoed(page).authorization), 401);
      const back = await browser.submit(confirm, 'op.logoutForm', {});
      assert.match(back.html, /name="prompt" value="consent"/, 'the user is known, and asked to let us in once more');
    });

    test('turns a user away who cancels there: a page, and no session', async () => {
      const browser = createBrowser();
      const login = await browser.open(`${world.app}/`);
      const page = await browser.open(`${login.url}/abort`);
      assert.equal(new URL(page.url).pathname, '/oauth2/callback');
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(await sessionStatus(world, browser), 401);
    });
  });
}
