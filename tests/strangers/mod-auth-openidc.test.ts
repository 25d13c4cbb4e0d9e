import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser } from '../journeys/browser.ts';
import { APACHE_FILES, startApache } from './apache.ts';
import type { Apache } from './apache.ts';
import { skipWithout } from './packages.ts';
import { PID } from './person.ts';
import { withFreePorts } from './ports.ts';
import { startProviders } from './providers.ts';
import type { Providers } from './providers.ts';
import { client, rows, SECRET, withSecret } from './rows.ts';

const OPTIONS = { skip: skipWithout('libapache2-mod-auth-openidc', APACHE_FILES), timeout: 60_000 };

interface World {
  readonly apache: Apache;
  readonly providers: Providers;
  readonly browser: Browser;
}

/** ID-porten with a client by client_secret_basic, which is what this module can do there, and an Apache that is that client. */
function idportenWorld(t: TestContext): Promise<World> {
  return withFreePorts(1, async ([port = 0]) => {
    const origin = `http://127.0.0.1:${port}`;
    const registration = idportenRegistration({
      redirectUris: [`${origin}/secure/callback`],
      postLogoutRedirectUris: [`${origin}/bye.txt`],
      frontchannelLogoutUri: `${origin}/secure/callback?logout=get`,
      ...withSecret('client_secret_basic'),
    });
    const providers = await startProviders(rows([client('httpd', 'httpd-id', { keys: [], registration })]), [
      'idporten',
    ]);
    t.after(() => providers.close());
    const apache = await startApache(port, [
      `OIDCProviderMetadataURL ${providers.issuers.idporten}/.well-known/openid-configuration`,
      'OIDCClientID httpd-id',
      `OIDCClientSecret "${SECRET}"`,
      'OIDCProviderTokenEndpointAuth client_secret_basic',
    ]);
    t.after(() => apache.close());
    return { apache, providers, browser: createBrowser() };
  });
}

/** One of the generic personas, and an Apache that is its client; over https it is told of the CA. */
function genericWorld(t: TestContext, persona: 'openid' | 'oidf-basic', directives: readonly string[]): Promise<World> {
  return withFreePorts(1, async ([port = 0]) => {
    const origin = `http://127.0.0.1:${port}`;
    const providers = await startProviders(rows([]), [persona]);
    t.after(() => providers.close());
    providers.register(persona, {
      client_id: 'httpd-id',
      client_secret: SECRET,
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [`${origin}/secure/callback`],
      post_logout_redirect_uris: [`${origin}/bye.txt`],
      grant_types: ['authorization_code', 'refresh_token'],
    });
    const issuer = persona === 'openid' ? providers.origins.openid : providers.origins.oidfBasic;
    const own = [
      `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`,
      'OIDCClientID httpd-id',
      `OIDCClientSecret "${SECRET}"`,
    ];
    const apache = await startApache(port, [...own, ...directives], providers.caFile);
    t.after(() => apache.close());
    return { apache, providers, browser: createBrowser(providers.browse) };
  });
}

for (const [persona, how, directives] of [
  ['openid', 'over http', []],
  ['openid', 'with the answer posted', ['OIDCResponseMode form_post']],
  ['oidf-basic', 'over https, told of the CA', []],
] as const) {
  test(`judges-mod-auth-openidc: signs a person in at ${persona} ${how}, and out again`, OPTIONS, async (t) => {
    const { apache, browser } = await genericWorld(t, persona, directives);
    const login = await browser.open(`${apache.origin}/secure/page.txt`);
    assert.match(login.html, /id="fm-login"/, apache.log());
    const answer = await browser.submit(login, 'fm-login', { person: PID }, 'fm-continue');
    const posted = answer.html.includes('fm-continue');
    const page = posted ? await browser.submit(answer, undefined, {}, 'fm-continue') : answer;
    assert.deepEqual([page.url, page.html], [`${apache.origin}/secure/page.txt`, 'the protected page'], apache.log());
    assert.match(page.headers.get('x-sub') ?? '', /^\S+$/);
    const back = encodeURIComponent(`${apache.origin}/bye.txt`);
    await browser.open(`${apache.origin}/secure/callback?logout=${back}`);
    const again = await browser.open(`${apache.origin}/secure/page.txt`);
    assert.match(again.html, /id="fm-login"/, apache.log());
  });
}

test(
  'judges-mod-auth-openidc: signs a citizen in at ID-porten, and passes the claims to the page',
  OPTIONS,
  async (t) => {
    const { apache, browser } = await idportenWorld(t);
    const login = await browser.open(`${apache.origin}/secure/page.txt`);
    assert.match(login.html, /id="fm-login"/, apache.log());
    const page = await browser.submit(login, 'fm-login', { person: PID }, 'fm-continue');
    assert.deepEqual([page.url, page.status], [`${apache.origin}/secure/page.txt`, 200], apache.log());
    assert.equal(page.html, 'the protected page');
    assert.equal(page.headers.get('x-pid'), PID);
    assert.match(page.headers.get('x-sub') ?? '', /^[\w-]{43}/);
  },
);

test(
  'judges-mod-auth-openidc: signs out at ID-porten and comes back; the next visit starts anew',
  OPTIONS,
  async (t) => {
    const { apache, browser } = await idportenWorld(t);
    const login = await browser.open(`${apache.origin}/secure/page.txt`);
    await browser.submit(login, 'fm-login', { person: PID }, 'fm-continue');
    const back = encodeURIComponent(`${apache.origin}/bye.txt`);
    const out = await browser.open(`${apache.origin}/secure/callback?logout=${back}`);
    assert.ok(
      browser.visited.some((url) => url.includes('/logout?') && url.includes('id_token_hint=')),
      apache.log(),
    );
    assert.ok(out.html.includes('signed out') || out.html.includes('bye.txt'), out.html);
    const again = await browser.open(`${apache.origin}/secure/page.txt`);
    assert.match(again.html, /id="fm-login"/);
  },
);

test('judges-mod-auth-openidc: a person who cancels gets no page', OPTIONS, async (t) => {
  const { apache, browser } = await idportenWorld(t);
  const login = await browser.open(`${apache.origin}/secure/page.txt`);
  const page = await browser.submit(login, 'fm-login', {}, 'fm-cancel');
  // `iss` beside `error` makes this version believe that another site wants to start a sign-in.
  assert.match(page.html, /<title>Error<\/title>/);
  assert.equal(new URL(page.url).searchParams.get('error'), 'access_denied');
  const again = await browser.open(`${apache.origin}/secure/page.txt`);
  assert.match(again.html, /id="fm-login"/);
});
