import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser, Page } from '../journeys/browser.ts';
import { localFetch } from '../local-fetch.ts';
import { startForeignProvider } from './foreign-provider.ts';
import type { ForeignProvider } from './foreign-provider.ts';
import { startLoginProxy } from './login-proxy.ts';
import type { LoginProxy } from './login-proxy.ts';
import { withFreePorts } from './ports.ts';

/** How long after a refresh the next one is allowed, and a little. */
const COOLDOWN_SECONDS = 61;

interface World {
  readonly provider: ForeignProvider;
  readonly proxy: LoginProxy;
  /** Of the application, on 127.0.0.1: for a browser another site than the provider on localhost. */
  readonly app: string;
}

interface Credential {
  readonly client: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string>>;
}

async function secretCredential(): Promise<Credential> {
  const secret = 'a secret with : and +';
  return {
    client: { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret },
    settings: { FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: secret },
  };
}

async function keyCredential(): Promise<Credential> {
  const jwk = await generatePrivateJwk('ES256', 'login-key');
  return {
    client: {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      require_pushed_authorization_requests: true,
      jwks: { keys: [publicJwk(jwk)] },
    },
    settings: { FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(jwk), FULLMAKT_LOGIN_OPENID_USERINFO: 'true' },
  };
}

function startWorld({ client, settings }: Credential): Promise<World> {
  return withFreePorts(1, async ([port]) => {
    const app = `http://127.0.0.1:${port}`;
    const provider = await startForeignProvider([
      {
        client_id: 'login',
        redirect_uris: [`${app}/oauth2/callback`],
        post_logout_redirect_uris: [`${app}/oauth2/logout/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        ...client,
      },
    ]);
    try {
      const proxy = await startLoginProxy(new URL(app), {
        FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'login',
        FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: `${provider.issuer}/.well-known/openid-configuration`,
        ...settings,
      });
      return { provider, proxy, app };
    } catch (error) {
      await provider.close();
      throw error;
    }
  });
}

for (const [method, credential] of [
  ['client_secret_basic', secretCredential],
  ['private_key_jwt', keyCredential],
] as const) {
  describe(`oidc-provider behind the login proxy, with ${method}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld(await credential());
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
      const session = await ask(world, browser, 'GET', '/oauth2/session');
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
        const refreshed = await ask(world, browser, 'POST', '/oauth2/session/refresh');
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
      const session = await ask(world, browser, 'GET', '/oauth2/session');
      assert.equal(session.status, 401, 'the session here ends before the provider is asked');
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
      assert.equal((await ask(world, browser, 'GET', '/oauth2/session')).status, 401);
    });
  });
}

/** A browser of someone who opened a page of the application, signed in as `kari`, and consented. */
async function signedIn(world: World): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const browser = createBrowser();
  const login = await browser.open(`${world.app}/some/page?q=1`);
  const consent = await browser.submit(login, undefined, { login: 'kari', password: 'any' });
  return { browser, page: await browser.submit(consent, undefined, {}) };
}

function echoed(page: Page): { readonly target: string; readonly authorization: string } {
  return JSON.parse(page.html) as { readonly target: string; readonly authorization: string };
}

async function userinfo(world: World, authorization: string): Promise<unknown> {
  const response = await fetch(`${world.provider.issuer}/me`, { headers: { authorization } });
  return response.status === 200 ? response.json() : response.status;
}

/** What a script on a page of the application would ask. */
function ask(world: World, browser: Browser, method: 'GET' | 'POST', path: string): Promise<Response> {
  const cookie = [...browser.cookies('127.0.0.1')].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  return localFetch(undefined)(`${world.app}${path}`, { method, headers });
}
