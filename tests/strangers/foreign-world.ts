import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser, Page } from '../journeys/browser.ts';
import { localFetch } from '../local-fetch.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { startForeignProvider } from './foreign-provider.ts';
import type { ForeignProvider } from './foreign-provider.ts';
import { startLoginProxy } from './login-proxy.ts';
import type { LoginParts, LoginProxy } from './login-proxy.ts';
import { withFreePorts } from './ports.ts';

/** How long after a refresh the next one is allowed, and a little. */
export const COOLDOWN_SECONDS = 61;
/** The client that our login proxy is at oidc-provider. */
const CLIENT_ID = 'login';

/** How the client proves itself: in its registration, and in the settings of the proxy. */
export interface Credential {
  readonly client: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** oidc-provider, and our login proxy as its client. */
export interface ForeignWorld<P = LoginProxy> {
  readonly provider: ForeignProvider;
  readonly proxy: P;
  /** Of the application, on 127.0.0.1: for a browser another site than the provider on localhost. */
  readonly app: string;
}

/** A secret, in the header or in the form. */
export function secretCredential(method: 'client_secret_basic' | 'client_secret_post'): Credential {
  const secret = 'a secret with : and +';
  return {
    client: { token_endpoint_auth_method: method, client_secret: secret },
    settings: {
      FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: secret,
      FULLMAKT_LOGIN_OPENID_CLIENT_AUTH_METHOD: method,
    },
  };
}

/** A key, for assertions and of the same algorithm for ID tokens; every request is pushed, and UserInfo is asked. */
export async function keyCredential(alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA'): Promise<Credential> {
  const jwk = await generatePrivateJwk(alg, 'login-key');
  return {
    client: {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: alg,
      id_token_signed_response_alg: alg,
      require_pushed_authorization_requests: true,
      jwks: { keys: [publicJwk(jwk)] },
    },
    settings: { FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(jwk), FULLMAKT_LOGIN_OPENID_USERINFO: 'true' },
  };
}

/** Starts both on free ports. Close them, or the process stays. */
export function startForeignWorld({ client, settings }: Credential, parts: LoginParts = {}): Promise<ForeignWorld> {
  return startForeignWorldWith(client, (app, own) => startLoginProxy(new URL(app), { ...own, ...settings }, parts));
}

/** The same with a proxy of the test's own making, at this address and with these settings. */
export function startForeignWorldWith<P>(
  client: Credential['client'],
  startProxy: (app: string, settings: Readonly<Record<string, string>>) => Promise<P>,
): Promise<ForeignWorld<P>> {
  return withFreePorts(1, async ([port]) => {
    const app = `http://127.0.0.1:${port}`;
    const provider = await startForeignProvider([
      {
        client_id: CLIENT_ID,
        redirect_uris: [`${app}/oauth2/callback`],
        post_logout_redirect_uris: [`${app}/oauth2/logout/callback`],
        backchannel_logout_uri: `${app}/oauth2/logout/backchannel`,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        ...client,
      },
    ]);
    try {
      const proxy = await startProxy(app, {
        FULLMAKT_LOGIN_OPENID_CLIENT_ID: CLIENT_ID,
        FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: `${provider.issuer}/.well-known/openid-configuration`,
      });
      return { provider, proxy, app };
    } catch (error) {
      await provider.close();
      throw error;
    }
  });
}

/** A browser of someone who opened a page of the application, signed in as `account`, and consented. */
export async function signedIn(
  { app }: Pick<ForeignWorld<unknown>, 'app'>,
  account = 'kari',
): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const browser = createBrowser();
  const login = await browser.open(`${app}/some/page?q=1`);
  const consent = await browser.submit(login, undefined, { login: account, password: 'any' });
  return { browser, page: await browser.submit(consent, undefined, {}) };
}

/** What the application was sent. */
export function echoed(page: Page): { readonly target: string; readonly authorization: string } {
  assert.equal(page.status, 200, `${page.url}: ${page.html.slice(0, 500)}`);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what the application behind the proxy echoes
  return JSON.parse(page.html) as { readonly target: string; readonly authorization: string };
}

/** What oidc-provider says of this token's owner, or the status it answers. */
export async function userinfo(
  { provider }: Pick<ForeignWorld<unknown>, 'provider'>,
  authorization: string,
): Promise<unknown> {
  const response = await fetch(`${provider.issuer}/me`, { headers: { authorization } });
  return response.status === 200 ? response.json() : response.status;
}

/** What a script on a page of the application would ask. */
export function ask(
  { app }: Pick<ForeignWorld<unknown>, 'app'>,
  browser: Browser,
  [method, path]: readonly ['GET' | 'POST', string],
): Promise<Response> {
  const cookie = [...browser.cookies('127.0.0.1')].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  return localFetch(undefined)(`${app}${path}`, { method, headers });
}

/** The status of the session's page: 200 while there is one. */
export async function sessionStatus(world: Pick<ForeignWorld<unknown>, 'app'>, browser: Browser): Promise<number> {
  return (await ask(world, browser, ['GET', '/oauth2/session'])).status;
}

/** The same until the test ends, by when the provider must have failed at nothing. */
export async function foreignWorldFor(
  t: TestContext,
  credential: Credential,
  parts: LoginParts = {},
): Promise<ForeignWorld> {
  const world = await startForeignWorld(credential, parts);
  t.after(async () => {
    await world.proxy.close();
    await world.provider.close();
    assert.deepEqual(world.provider.failures, []);
  });
  return world;
}
