import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as openid from 'openid-client';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import type { Registration } from '../../src/registry/model.ts';
import { browserUpTo, PID, signInFor } from './person.ts';
import { cryptoKey } from './keys.ts';
import { startProviders } from './providers.ts';
import type { Providers } from './providers.ts';
import { client, rows, SECRET, withSecret } from './rows.ts';

const CLIENT = 'https://portal.example.test';
const CALLBACK = `${CLIENT}/oauth2/callback`;
const SIGNED_OUT = `${CLIENT}/oauth2/logout/callback`;

let providers: Providers;
let jwk: PrivateJwk;

before(async () => {
  jwk = await generatePrivateJwk('RS256', 'client-key');
  const keys = [publicJwk(jwk)];
  const idporten = idportenRegistration({ redirectUris: [CALLBACK], postLogoutRedirectUris: [SIGNED_OUT] });
  const secret = (method: 'client_secret_basic' | 'client_secret_post'): Registration => ({
    ...idporten,
    ...withSecret(method),
  });
  providers = await startProviders(
    rows([
      client('portal', 'portal-id', { keys, registration: idporten }),
      client('basic', 'basic-id', { keys: [], registration: secret('client_secret_basic') }),
      client('post', 'post-id', { keys: [], registration: secret('client_secret_post') }),
    ]),
    ['idporten'],
  );
});
after(() => providers.close());

async function portal(key: PrivateJwk = jwk): Promise<openid.Configuration> {
  const authentication = openid.PrivateKeyJwt({ key: await cryptoKey(key), kid: key.kid });
  return discoverIdporten('portal-id', authentication);
}

function discoverIdporten(clientId: string, authentication: openid.ClientAuth): Promise<openid.Configuration> {
  // Without the second hook it takes ID tokens from the token endpoint without checking their signature.
  const execute = [openid.allowInsecureRequests, openid.enableNonRepudiationChecks];
  return openid.discovery(new URL(providers.issuers.idporten), clientId, undefined, authentication, { execute });
}

interface Login {
  readonly config: openid.Configuration;
  readonly checks: openid.AuthorizationCodeGrantChecks & { readonly pkceCodeVerifier: string };
  readonly callback: URL;
  readonly browser: ReturnType<typeof browserUpTo>;
}

async function begin(
  config: openid.Configuration,
): Promise<Omit<Login, 'callback' | 'browser'> & { readonly url: URL }> {
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  };
  const url = await openid.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    acr_values: 'idporten-loa-high',
    resource: 'https://api.example.test',
  });
  return { config, checks, url };
}

async function signedIn(config: openid.Configuration, browser = browserUpTo(CLIENT)): Promise<Login> {
  const { url, checks } = await begin(config);
  return { config, checks, browser, callback: await signInFor(browser, url) };
}

function redeem({ config, callback, checks }: Login): ReturnType<typeof openid.authorizationCodeGrant> {
  return openid.authorizationCodeGrant(config, callback, checks);
}

describe('judges-openid-client: openid-client at the local ID-porten', () => {
  test('signs a citizen in by PAR, PKCE and private_key_jwt, and believes the ID token', async () => {
    const config = await portal();
    assert.equal(config.serverMetadata().supportsPKCE(), true);
    const login = await signedIn(config);
    assert.equal(login.callback.searchParams.get('iss'), providers.issuers.idporten);
    const tokens = await redeem(login);
    const claims = tokens.claims();
    assert.equal(claims?.['pid'], PID);
    assert.equal(claims?.['acr'], 'idporten-loa-high');
    assert.equal(claims?.aud, 'portal-id');
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.expires_in, 3600);
  });

  test('sends the browser with client_id and request_uri alone (RFC 9126 4)', async () => {
    const { url } = await begin(await portal());
    assert.deepEqual([...url.searchParams.keys()].toSorted(), ['client_id', 'request_uri']);
  });

  test('gets UserInfo about the subject of the ID token, and refuses it about anybody else', async () => {
    const config = await portal();
    const tokens = await redeem(await signedIn(config));
    const sub = tokens.claims()?.sub ?? '';
    const info = await openid.fetchUserInfo(config, tokens.access_token, sub);
    assert.equal(info['pid'], PID);
    await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, 'somebody-else'), {
      code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
    });
  });

  test('refreshes, and the refresh token of before is spent', async () => {
    const config = await portal();
    const first = await redeem(await signedIn(config));
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(second.claims()?.sub, first.claims()?.sub);
    await assert.rejects(openid.refreshTokenGrant(config, first.refresh_token ?? ''), {
      error: 'invalid_grant',
      status: 400,
    });
    const third = await openid.refreshTokenGrant(config, second.refresh_token ?? '');
    assert.ok(third.access_token);
  });

  test('signs out at the provider: back with state, and neither the session nor the refresh token lives on', async () => {
    const config = await portal();
    const login = await signedIn(config);
    const tokens = await redeem(login);
    const parameters = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: SIGNED_OUT, state: 'out-1' };
    const out = await login.browser.open(openid.buildEndSessionUrl(config, parameters).href);
    assert.equal(out.url, `${SIGNED_OUT}?state=out-1`);
    await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token ?? ''), { error: 'invalid_grant' });
    await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? ''), {
      status: 401,
    });
    const next = await login.browser.open((await begin(config)).url.href);
    assert.match(next.html, /id="fm-login"/, 'single sign-on went on after logout');
  });

  test('refuses an answer whose state, iss or nonce is not the one it expects', async () => {
    const login = await signedIn(await portal());
    await assert.rejects(redeem({ ...login, checks: { ...login.checks, expectedState: 'other' } }), {
      code: 'OAUTH_INVALID_RESPONSE',
    });
    await assert.rejects(redeem({ ...login, callback: changed(login.callback, 'iss', 'http://localhost:1') }), {
      code: 'OAUTH_INVALID_RESPONSE',
    });
    await assert.rejects(redeem({ ...login, callback: changed(login.callback, 'iss', undefined) }), {
      code: 'OAUTH_INVALID_RESPONSE',
    });
    // None of these spent the code, so only the nonce is wrong here.
    await assert.rejects(redeem({ ...login, checks: { ...login.checks, expectedNonce: 'other' } }), {
      code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
    });
  });

  test('is refused with a verifier that does not fit, and with a code used twice', async () => {
    const config = await portal();
    const login = await signedIn(config);
    const other = { ...login.checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() };
    await assert.rejects(redeem({ ...login, checks: other }), { error: 'invalid_grant' });
    const good = await signedIn(config);
    await redeem(good);
    await assert.rejects(redeem(good), { error: 'invalid_grant' });
  });

  test('reads the answer as a signed JWT when it asks for one (JARM)', async () => {
    const config = await portal();
    openid.useJwtResponseMode(config);
    const login = await signedIn(config);
    assert.deepEqual([...login.callback.searchParams.keys()], ['response']);
    const tokens = await redeem(login);
    assert.equal(tokens.claims()?.['pid'], PID);
  });

  test('hears of a person who cancels as access_denied, with state and iss', async () => {
    const { config, checks, url } = await begin(await portal());
    const browser = browserUpTo(CLIENT);
    const page = await browser.submit(await browser.open(url.href), 'fm-login', {}, 'fm-cancel');
    const refused = redeem({ config, checks, browser, callback: new URL(page.url) });
    await assert.rejects(refused, { code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'access_denied' });
  });

  test('is told invalid_client for a key that is not registered', async () => {
    const stranger = await portal(await generatePrivateJwk('RS256', jwk.kid));
    await assert.rejects(begin(stranger), { error: 'invalid_client', status: 401 });
  });

  for (const [name, authentication] of [
    ['basic', openid.ClientSecretBasic(SECRET)],
    ['post', openid.ClientSecretPost(SECRET)],
  ] as const) {
    test(`signs a citizen in with a secret sent by client_secret_${name}`, async () => {
      const config = await discoverIdporten(`${name}-id`, authentication);
      const tokens = await redeem(await signedIn(config));
      assert.equal(tokens.claims()?.aud, `${name}-id`);
    });
  }

  test('signs a person in without a page when the browser has a session: single sign-on', async () => {
    const config = await portal();
    const { browser } = await signedIn(config);
    const { url, checks } = await begin(config);
    const callback = new URL((await browser.open(url.href)).url);
    const tokens = await redeem({ config, checks, browser, callback });
    assert.equal(tokens.claims()?.['pid'], PID);
  });
});

function changed(callback: URL, name: string, value: string | undefined): URL {
  const copy = new URL(callback);
  copy.searchParams.delete(name);
  if (value !== undefined) copy.searchParams.set(name, value);
  return copy;
}
