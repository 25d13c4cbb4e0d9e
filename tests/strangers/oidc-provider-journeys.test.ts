import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser, Page } from '../journeys/browser.ts';
import { localFetch } from '../local-fetch.ts';
import { signInAs } from './foreign-provider.ts';
import type { LEVELS } from './foreign-provider.ts';
import {
  COOLDOWN_SECONDS,
  echoed,
  foreignWorldFor,
  keyCredential,
  secretCredential,
  sessionStatus,
  signedIn,
  userinfo,
} from './foreign-world.ts';
import type { Credential, ForeignWorld } from './foreign-world.ts';

/* Whole journeys between a browser, our login proxy and oidc-provider: sessions it ends itself, levels, and whose answer it is. */

/** Leaves oidc-provider by its own page, as from another application of the same person. */
async function leaveProvider({ provider }: ForeignWorld, browser: Browser): Promise<void> {
  const confirm = await browser.open(`${provider.issuer}/session/end`);
  await browser.submit(confirm, 'op.logoutForm', { logout: 'yes' });
}

describe('back-channel logout by oidc-provider (OpenID Connect Back-Channel Logout 1.0)', () => {
  test('A15 its own logout token ends the session of that sign-in, and no other of the same person', async (t) => {
    const world = await foreignWorldFor(t, secretCredential('client_secret_basic'));
    const [here, elsewhere, other] = [await signedIn(world), await signedIn(world), await signedIn(world, 'ola')];
    const told = world.provider.next('backchannel.success');
    await leaveProvider(world, here.browser);
    await told;
    assert.equal(await sessionStatus(world, here.browser), 401);
    assert.equal(await sessionStatus(world, elsewhere.browser), 200);
    assert.equal(await sessionStatus(world, other.browser), 200);
    const again = await here.browser.open(`${world.app}/`);
    assert.match(again.html, /name="login"/, 'and the person is asked who they are');
  });

  test('A15 signed with another algorithm, and with a key that came after the sign-in', async (t) => {
    const world = await foreignWorldFor(t, await keyCredential('EdDSA'));
    const { browser } = await signedIn(world);
    await world.provider.rotateKeys();
    world.proxy.clock.ahead += COOLDOWN_SECONDS;
    const told = world.provider.next('backchannel.success');
    await leaveProvider(world, browser);
    await told;
    assert.equal(await sessionStatus(world, browser), 401);
  });

  test('A15 after a logout that began here, it is told of a session that has ended already: no failure there', async (t) => {
    const world = await foreignWorldFor(t, secretCredential('client_secret_post'));
    const { browser } = await signedIn(world);
    const confirm = await browser.open(`${world.app}/oauth2/logout`, { 'sec-fetch-site': 'same-origin' });
    const told = world.provider.next('backchannel.success');
    await browser.submit(confirm, 'op.logoutForm', { logout: 'yes' });
    await told;
    assert.equal(await sessionStatus(world, browser), 401);
  });
});

/** Signs in on the page where the browser is, at a level, and consents if asked. */
async function signInAt(browser: Browser, login: Page, level: (typeof LEVELS)[number]): Promise<Page> {
  assert.match(login.html, /name="login"/, `${login.url}: ${login.html.slice(0, 300)}`);
  const next = await browser.open(signInAs(login.url, 'kari', level));
  return next.html.includes('value="consent"') ? browser.submit(next, undefined, {}) : next;
}

describe('levels at oidc-provider', () => {
  const rules = JSON.stringify([{ path: '/gold/**', login: 'enforce', acr: 'gold' }]);
  const credential: Credential = {
    ...secretCredential('client_secret_basic'),
    settings: { ...secretCredential('client_secret_basic').settings, FULLMAKT_LOGIN_RULES: rules },
  };

  test('A18 a page that demands more: the provider asks again, and a new session takes the old one’s place', async (t) => {
    const world = await foreignWorldFor(t, credential);
    const browser = createBrowser();
    const silver = await signInAt(browser, await browser.open(`${world.app}/plain`), 'silver');
    assert.equal(echoed(silver).target, '/plain');
    const gold = await signInAt(browser, await browser.open(`${world.app}/gold/vault?x=1`), 'gold');
    assert.equal(echoed(gold).target, '/gold/vault?x=1');
    assert.notEqual(echoed(gold).authorization, echoed(silver).authorization);
    assert.equal(echoed(await browser.open(`${world.app}/gold/again`)).target, '/gold/again');
    assert.deepEqual(await userinfo(world, echoed(gold).authorization), { sub: 'kari' });
  });

  test('A18 whoever signs in below the level that was asked for gets no further, and keeps the session there was', async (t) => {
    const world = await foreignWorldFor(t, credential);
    const browser = createBrowser();
    const silver = await signInAt(browser, await browser.open(`${world.app}/plain`), 'silver');
    const login = await browser.open(`${world.app}/gold/vault`);
    const answer = await signInAt(browser, login, 'bronze');
    assert.match(answer.html, /name="login"/, 'oidc-provider asks until the level is reached');
    assert.equal(echoed(await browser.open(`${world.app}/plain`)).authorization, echoed(silver).authorization);
  });

  test('A8 a level for the whole application is asked for at the first sign-in', async (t) => {
    const settings = { ...credential.settings, FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'silver' };
    const world = await foreignWorldFor(t, { ...credential, settings });
    const browser = createBrowser();
    const bronze = await signInAt(browser, await browser.open(`${world.app}/`), 'bronze');
    assert.equal(await sessionStatus(world, browser), 401);
    assert.equal(echoed(await signInAt(browser, bronze, 'silver')).target, '/');
  });
});

/** A browser in which somebody changes the answer on its way back. */
function bending(world: ForeignWorld, change: (parameters: URLSearchParams) => void): Browser {
  const plain = localFetch(undefined);
  return createBrowser((address, init) => {
    const url = new URL(address);
    if (url.href.startsWith(`${world.app}/oauth2/callback`)) change(url.searchParams);
    return plain(url.href, init);
  });
}

describe('the iss parameter of its answers (RFC 9207)', () => {
  for (const [what, change] of [
    ['missing, which its metadata rules out', (parameters) => parameters.delete('iss')],
    ['of another provider', (parameters) => parameters.set('iss', 'https://other.example.test')],
    ['there twice', (parameters) => parameters.append('iss', 'https://other.example.test')],
  ] as const satisfies readonly (readonly [string, (parameters: URLSearchParams) => void])[]) {
    test(`A7 ${what}: nobody is signed in`, async (t) => {
      const world = await foreignWorldFor(t, secretCredential('client_secret_basic'));
      const browser = bending(world, change);
      const login = await browser.open(`${world.app}/`);
      const consent = await browser.submit(login, undefined, { login: 'kari', password: 'any' });
      const page = await browser.submit(consent, undefined, {});
      assert.deepEqual([new URL(page.url).pathname, page.status], ['/oauth2/callback', 400]);
      assert.equal(await sessionStatus(world, browser), 401);
    });
  }
});
