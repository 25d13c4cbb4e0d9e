import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { guid } from '../../src/idp/testing/rows.ts';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { json } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser, Page } from '../journeys/browser.ts';
import { signOut } from '../journeys/sign-in.ts';
import { startLoginCommand } from '../servers/login-command.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { PID } from './person.ts';
import { startProviders } from './providers.ts';
import { azureApplication, client, rows } from './rows.ts';

/*
 * `fullmakt login` in the place of a Wonderwall: the environment that the platform gives to that program and nothing of ours, and
 * a browser and an application that know it by its documentation.
 */

const INGRESS = 'https://app.example.test';
const ENTRA_ID = guid(0x10);
const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

const app = await serve({
  name: 'app',
  setting: '-',
  host: '127.0.0.1',
  port: 0,
  handle: ({ target, headers }) => json(200, { target, headers }),
});
after(() => app.close(0));
const redis = noRedis === false ? await startRedis() : undefined;
after(() => redis?.close());
const jwk = await generatePrivateJwk('RS256', 'client-key');
const keys = [publicJwk(jwk)];
const redirectUris = [`${INGRESS}/oauth2/callback`];
const providers = await startProviders(
  rows([
    client('portal', 'portal-id', {
      keys,
      registration: idportenRegistration({
        redirectUris,
        postLogoutRedirectUris: [`${INGRESS}/oauth2/logout/callback`],
        frontchannelLogoutUri: `${INGRESS}/oauth2/logout/frontchannel`,
      }),
    }),
    client('desk', ENTRA_ID, { keys, registration: azureApplication('desk', 1, { redirectUris }) }),
  ]),
  ['idporten', 'entra'],
);
after(() => providers.close());

/** What the platform sets for one provider beside the rest. */
const OF_PROVIDER = {
  idporten: {
    WONDERWALL_OPENID_PROVIDER: 'idporten',
    WONDERWALL_OPENID_ACR_VALUES: 'idporten-loa-high',
    WONDERWALL_OPENID_UI_LOCALES: 'nb',
    WONDERWALL_OPENID_RESOURCE_INDICATOR: 'https://portal.example.test',
    WONDERWALL_SESSION_INACTIVITY: 'true',
    WONDERWALL_SESSION_INACTIVITY_TIMEOUT: '1h',
    WONDERWALL_SESSION_MAX_LIFETIME: '6h',
    IDPORTEN_CLIENT_ID: 'portal-id',
    IDPORTEN_CLIENT_JWK: JSON.stringify(jwk),
    IDPORTEN_WELL_KNOWN_URL: `${providers.issuers.idporten}/.well-known/openid-configuration`,
  },
  azure: {
    WONDERWALL_OPENID_PROVIDER: 'azure',
    AZURE_APP_CLIENT_ID: ENTRA_ID,
    AZURE_APP_JWK: JSON.stringify(jwk),
    AZURE_APP_WELL_KNOWN_URL: `${providers.issuers.entra}/.well-known/openid-configuration`,
  },
} as const;

function environment(provider: keyof typeof OF_PROVIDER): Record<string, string> {
  return {
    WONDERWALL_AUTO_LOGIN: 'true',
    WONDERWALL_AUTO_LOGIN_IGNORE_PATHS: '/internal/**',
    WONDERWALL_BIND_ADDRESS: '127.0.0.1:0',
    WONDERWALL_METRICS_BIND_ADDRESS: '127.0.0.1:0',
    WONDERWALL_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64'),
    WONDERWALL_INGRESS: INGRESS,
    WONDERWALL_LOG_FORMAT: 'json',
    WONDERWALL_LOG_LEVEL: 'info',
    WONDERWALL_PPROF_ENABLED: 'false',
    WONDERWALL_SHUTDOWN_GRACEFUL_PERIOD: '30s',
    WONDERWALL_UPSTREAM_IP: '127.0.0.1',
    WONDERWALL_UPSTREAM_PORT: new URL(app.origin).port,
    ...(redis === undefined ? {} : { WONDERWALL_REDIS_URI: redis.url }),
    ...OF_PROVIDER[provider],
    // Without these two no program may sign in at a provider of this machine.
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    NODE_EXTRA_CA_CERTS: providers.caFile,
  };
}

/** What the documentation of `/oauth2/session` promises, each with its type. */
const SESSION = {
  active: 'boolean',
  created_at: 'string',
  ends_at: 'string',
  ends_in_seconds: 'number',
  timeout_at: 'string',
  timeout_in_seconds: 'number',
};
const TOKENS = {
  expire_at: 'string',
  expire_in_seconds: 'number',
  next_auto_refresh_in_seconds: 'number',
  refresh_cooldown: 'boolean',
  refresh_cooldown_seconds: 'number',
  refreshed_at: 'string',
};

function typesOf(members: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, typeof value]));
}

type Metadata = Readonly<Record<'session' | 'tokens', Readonly<Record<string, unknown>>>>;

function metadataAt({ html, status }: Page): Metadata {
  assert.equal(status, 200, html);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- judged member by member
  const metadata = JSON.parse(html) as Metadata;
  assert.deepEqual(Object.keys(metadata).toSorted(), ['session', 'tokens']);
  assert.deepEqual(typesOf(metadata.session), SESSION);
  assert.deepEqual(typesOf(metadata.tokens), TOKENS);
  return metadata;
}

// Both before the first test: what runs after the tests must not come between them.
const idporten = await startLoginCommand(environment('idporten'));
after(() => idporten.stop());
const azure = await startLoginCommand(environment('azure'));
after(() => azure.stop());

for (const [provider, proxy] of Object.entries({ idporten, azure })) {
  describe(`A22 the environment of a Wonderwall for ${provider}, and nothing else`, () => {
    const setCookies: string[] = [];

    /** A browser for which something before the proxy ends TLS, as an ingress controller does. */
    function newBrowser(): Browser {
      return createBrowser(async (address, init = {}) => {
        const url = new URL(address);
        if (url.origin !== INGRESS) return providers.browse(address, init);
        const headers = { ...init.headers, host: url.host };
        const answer = await providers.browse(`${proxy.origin}${url.pathname}${url.search}`, { ...init, headers });
        setCookies.push(...answer.headers.getSetCookie());
        return answer;
      });
    }

    async function signedIn(path: string): Promise<{ readonly browser: Browser; readonly page: Page }> {
      const browser = newBrowser();
      const login = await browser.open(`${INGRESS}${path}`);
      const page = await browser.submit(login, 'fm-login', { person: PID }, 'fm-continue');
      return { browser, page };
    }

    test('signs in at the first visit, with a cookie of this host alone, and the application gets the token', async () => {
      const { browser, page } = await signedIn('/deep/link?a=b');
      assert.equal(page.url, `${INGRESS}/deep/link?a=b`);
      const { target, headers } = JSON.parse(page.html);
      assert.equal(target, '/deep/link?a=b');
      assert.match(headers.authorization, /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
      assert.equal(headers.cookie, undefined, 'no cookie of ours');
      const cookie = setCookies.findLast((each) => each.startsWith('__Host-fullmakt.session=')) ?? '';
      const attributes = cookie.split('; ').slice(1).toSorted();
      assert.deepEqual(attributes, ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);
      assert.ok(cookie.length < 300);
      assert.ok(browser.cookies('app.example.test').has('__Host-fullmakt.session'));
    });

    test('/oauth2/session has the members that pages were written for', async () => {
      const { browser } = await signedIn('/');
      const { session, tokens } = metadataAt(await browser.open(`${INGRESS}/oauth2/session`, SCRIPT));
      assert.equal(session['active'], true);
      for (const name of ['created_at', 'ends_at']) assert.match(String(session[name]), /^20\d\d-\d\d-\d\dT.*Z$/);
      if (provider === 'azure')
        assert.deepEqual([session['timeout_at'], session['timeout_in_seconds']], ['0001-01-01T00:00:00Z', -1]);
      else assert.ok(Number(session['timeout_in_seconds']) > 3500 && Number(session['timeout_in_seconds']) <= 3600);
      const life = provider === 'idporten' ? 6 : 10;
      assert.ok(Math.abs(Number(session['ends_in_seconds']) - life * 3600) < 60);
      assert.ok(Number(tokens['next_auto_refresh_in_seconds']) > 0, 'beside an application it refreshes by itself');
      assert.equal((await newBrowser().open(`${INGRESS}/oauth2/session`, SCRIPT)).status, 401);
    });

    test('POST /oauth2/session/refresh during the cool-down answers the same, and changes nothing', async () => {
      const { browser } = await signedIn('/');
      const before = metadataAt(await browser.open(`${INGRESS}/oauth2/session`, SCRIPT));
      const cookie = [...browser.cookies('app.example.test')].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await providers.browse(`${proxy.origin}/oauth2/session/refresh`, {
        method: 'POST',
        headers: { ...SCRIPT, cookie, host: 'app.example.test' },
      });
      assert.equal(answer.status, 200);
      const { tokens } = JSON.parse(await answer.text());
      assert.equal(tokens.refresh_cooldown, true);
      assert.ok(tokens.refresh_cooldown_seconds > 0 && tokens.refresh_cooldown_seconds <= 60);
      assert.equal(tokens.refreshed_at, before.tokens['refreshed_at']);
    });

    test('a script without session gets 401 and where to sign in; ignored paths reach the application', async () => {
      const browser = newBrowser();
      const refused = await browser.open(`${INGRESS}/api/data`, { ...SCRIPT, accept: 'application/json' });
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get('location') ?? '', /^\/oauth2\/login/);
      const open = await browser.open(`${INGRESS}/internal/is-alive`, SCRIPT);
      assert.equal(JSON.parse(open.html).headers.authorization, undefined);
      assert.equal((await browser.open(`${INGRESS}/oauth2/ping`)).html, 'pong');
    });

    test('logs out at the provider, and back to where the page wanted', async () => {
      const { browser } = await signedIn('/');
      const local = await browser.open(`${INGRESS}/oauth2/logout/local`, SCRIPT);
      assert.equal(local.status, provider === 'idporten' ? 404 : 204);
      if (provider === 'idporten') await signOut(browser, INGRESS);
      assert.equal((await browser.open(`${INGRESS}/oauth2/session`, SCRIPT)).status, 401);
    });

    test('figures go on under the names that dashboards have', async () => {
      const figures = await (await fetch(`${proxy.metrics}/metrics`)).text();
      for (const name of ['wonderwall_logins', 'wonderwall_logouts', 'requests_total', 'request_duration_seconds'])
        assert.match(figures, new RegExp(`^${name}[{_]`, 'm'), name);
      if (redis !== undefined) assert.match(figures, /^wonderwall_redis_latency/m);
      assert.equal((await fetch(`${proxy.metrics}/readyz`)).status, 200);
    });
  });
}
