import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as openid from 'openid-client';
import type { Browser, Page } from '../journeys/browser.ts';
import { signOut } from '../journeys/sign-in.ts';
import { PID } from './person.ts';
import { SECRET } from './rows.ts';
import { DESK_CALLBACK, startSharedSignIn } from './single-sign-on.ts';
import type { SharedSignIn } from './single-sign-on.ts';

/* One sign-in at the local ID-porten for our login proxy, express-openid-connect and openid-client, and one logout for all. */

const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

/** Opens an application; answers its page, and whether the person was asked who they are on the way. */
async function enter(browser: Browser, url: string): Promise<{ readonly page: Page; readonly asked: boolean }> {
  const page = await browser.open(url);
  if (!page.html.includes('id="fm-login"')) return { page, asked: false };
  return { page: await browser.submit(page, 'fm-login', { person: PID }, 'fm-continue'), asked: true };
}

async function isSignedInAtOurs({ ours }: SharedSignIn, browser: Browser): Promise<boolean> {
  return (await browser.open(`${ours}/oauth2/session`, SCRIPT)).status === 200;
}

/** express-openid-connect lets in whoever is signed in, and sends others to sign in. */
async function isSignedInAtTheirs({ theirs }: SharedSignIn, browser: Browser): Promise<boolean> {
  const before = browser.visited.length;
  await browser.open(`${theirs}/me`);
  return browser.visited.length === before + 1;
}

function deskConfig({ providers }: SharedSignIn): Promise<openid.Configuration> {
  return openid.discovery(new URL(providers.issuers.idporten), 'desk-id', undefined, openid.ClientSecretBasic(SECRET), {
    execute: [openid.allowInsecureRequests],
  });
}

/** Somebody signed in at both, asked once. */
async function atBoth(world: SharedSignIn): Promise<Browser> {
  const browser = world.browser();
  assert.equal((await enter(browser, `${world.ours}/here`)).asked, true);
  assert.equal((await enter(browser, `${world.theirs}/me`)).asked, false);
  assert.deepEqual([await isSignedInAtOurs(world, browser), await isSignedInAtTheirs(world, browser)], [true, true]);
  return browser;
}

// Both before the first test: what runs after the tests must not come between them.
const front = await startSharedSignIn('front');
after(() => front.close());
const back = await startSharedSignIn('back');
after(() => back.close());

for (const [channel, world] of Object.entries({ front, back })) {
  describe(`our login proxy beside others at ID-porten, told of logouts over the ${channel} channel`, () => {
    test('who signed in at ours is let in at theirs without a page', async () => {
      const browser = world.browser();
      const first = await enter(browser, `${world.ours}/here?a=b`);
      assert.deepEqual([first.asked, first.page.url], [true, `${world.ours}/here?a=b`]);
      const second = await enter(browser, `${world.theirs}/me`);
      assert.deepEqual([second.asked, second.page.status], [false, 200], second.page.html);
      assert.equal(JSON.parse(second.page.html).pid, PID);
    });

    test('who signed in at theirs is let in at ours without a page', async () => {
      const browser = world.browser();
      assert.equal((await enter(browser, `${world.theirs}/me`)).asked, true);
      const { asked, page } = await enter(browser, `${world.ours}/here`);
      assert.deepEqual([asked, page.url, page.status], [false, `${world.ours}/here`, 200]);
      assert.match(page.html, /"authorization":"Bearer /);
    });

    test('a logout at ours ends the session at theirs, over the back channel', async () => {
      const browser = await atBoth(world);
      await signOut(browser, world.ours);
      assert.equal(await isSignedInAtOurs(world, browser), false);
      assert.equal(await isSignedInAtTheirs(world, browser), false);
      assert.equal((await enter(browser, `${world.theirs}/me`)).asked, true, 'and ID-porten knows nobody');
    });

    test(`a logout at theirs ends the session at ours, over the ${channel} channel`, async () => {
      const [browser, elsewhere] = [await atBoth(world), await atBoth(world)];
      const page = await browser.open(`${world.theirs}/logout`, { 'sec-fetch-site': 'same-origin' });
      const frames = [...page.html.matchAll(/<iframe\b[^>]*\bsrc="([^"]+)"/g)].map(([, src = '']) => src);
      assert.equal(frames.length, channel === 'front' ? 1 : 0);
      assert.equal(await isSignedInAtOurs(world, browser), channel === 'front', 'frames are for the browser to load');
      for (const src of frames) {
        // Third-party frames get no cookies in a browser of today.
        const framed = await world.browser().open(src.replaceAll('&amp;', '&'), {
          'sec-fetch-dest': 'iframe',
          'sec-fetch-site': 'cross-site',
        });
        assert.equal(framed.status, 200);
      }
      assert.equal(await isSignedInAtOurs(world, browser), false);
      assert.equal(await isSignedInAtOurs(world, elsewhere), true, 'another sign-in of the same person goes on');
      assert.equal((await enter(browser, `${world.ours}/here`)).asked, true);
    });

    test('a session that ID-porten ends itself ends at both', async () => {
      const browser = await atBoth(world);
      const answer = await world.providers.control('DELETE', '/v1/idporten/sessions?notify=1');
      assert.equal(answer.status, 200);
      assert.deepEqual(
        [await isSignedInAtOurs(world, browser), await isSignedInAtTheirs(world, browser)],
        [false, false],
      );
    });

    test('openid-client: signed in without a page after ours, and its tokens end with a logout at ours', async () => {
      const browser = world.browser();
      await enter(browser, `${world.ours}/here`);
      const config = await deskConfig(world);
      const checks = {
        pkceCodeVerifier: openid.randomPKCECodeVerifier(),
        expectedState: openid.randomState(),
        expectedNonce: openid.randomNonce(),
      };
      const { page, asked } = await enter(
        browser,
        openid.buildAuthorizationUrl(config, {
          redirect_uri: DESK_CALLBACK,
          scope: 'openid profile',
          state: checks.expectedState,
          nonce: checks.expectedNonce,
          code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
          code_challenge_method: 'S256',
        }).href,
      );
      assert.equal(asked, false);
      const tokens = await openid.authorizationCodeGrant(config, new URL(page.url), checks);
      assert.equal(tokens.claims()?.['pid'], PID);
      const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
      await signOut(browser, world.ours);
      await assert.rejects(openid.refreshTokenGrant(config, refreshed.refresh_token ?? ''), { error: 'invalid_grant' });
    });
  });
}
