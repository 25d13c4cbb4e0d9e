import assert from 'node:assert/strict';
import test from 'node:test';
import { assertionOf, startProvider } from './testing/provider.ts';
import { HOST, startWorld } from './testing/proxy.ts';

test('a person logs in, lands on the deep link, and the application gets the access token', async (t) => {
  const { browser, provider, logIn, seen } = await startWorld(t);
  const first = await browser.visit('/deep/link?x=1');
  assert.equal(first.status, 302);
  assert.equal(first.headers.location, '/oauth2/login?redirect=%2Fdeep%2Flink%3Fx%3D1');
  const callback = await logIn(browser, '?redirect=%2Fdeep%2Flink%3Fx%3D1');
  assert.equal(callback.status, 302);
  assert.equal(callback.headers.location, '/deep/link?x=1');
  const page = await browser.visit('/deep/link?x=1');
  assert.equal(page.status, 200);
  assert.match(page.body, /Bearer access-/);
  assert.equal(seen.length, 1);
  assert.equal(provider.callsTo('token').length, 1);
});

test('cookie-under-300-bytes: the session cookie is host-bound, HttpOnly, Lax and small (SE-1, SE-2, L14)', async (t) => {
  const { logIn } = await startWorld(t);
  const cookie = (await logIn()).setCookies.find((one) => one.startsWith('__Host-fullmakt.session=')) ?? '';
  assert.ok(cookie.length > 136 && cookie.length < 300, String(cookie.length));
  assert.match(cookie, /; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
});

test('a complete request is pushed and the browser URL holds two parameters (LG-1, LG-2, A6)', async (t) => {
  const { browser, provider } = await startWorld(t);
  const start = await browser.visit('/oauth2/login');
  const url = new URL(start.headers.location ?? '');
  assert.deepEqual([...url.searchParams.keys()], ['client_id', 'request_uri']);
  const form = provider.callsTo('par')[0]?.form;
  const sent = Object.fromEntries(form?.values ?? []);
  assert.equal(sent['response_type'], 'code');
  assert.equal(sent['response_mode'], 'query');
  assert.equal(sent['scope'], 'openid profile');
  assert.equal(sent['redirect_uri'], `https://${HOST}/oauth2/callback`);
  assert.equal(sent['code_challenge_method'], 'S256');
  assert.equal(sent['acr_values'], 'idporten-loa-high');
  assert.equal(sent['ui_locales'], 'nb');
  assert.equal(sent['resource'], 'https://api.example.test');
  assert.ok(sent['state'] !== undefined && sent['nonce'] !== undefined && sent['code_challenge'] !== undefined);
  const claims = assertionOf(provider.callsTo('par')[0]);
  assert.equal(claims['aud'], provider.issuer);
  assert.equal(claims['iss'], 'client-1');
  assert.equal(claims['sub'], 'client-1');
  assert.equal(Number(claims['exp']) - Number(claims['iat']), 30);
});

test('where tenants share an issuer, those on the list sign in and refresh, and no token of another passes (providers.md 2.2)', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const provider = await startProvider(t, () => clock.seconds);
  const shared = `${provider.issuer}/{tenantid}/v2.0`;
  const tenant = '00000000-0000-4000-8000-00000000f001';
  const other = '00000000-0000-4000-8000-00000000f002';
  const issuerOf = (tid: string): string => shared.replace('{tenantid}', tid);
  provider.bends.metadata = { issuer: shared, authorization_response_iss_parameter_supported: undefined };
  provider.bends.callback = { iss: undefined };
  const { browser, logIn, newBrowser } = await startWorld(t, {
    provider,
    clock,
    env: {
      FULLMAKT_LOGIN_PROVIDER: 'entra',
      FULLMAKT_LOGIN_OPENID_ISSUER: shared,
      FULLMAKT_LOGIN_OPENID_TENANTS: tenant,
    },
  });
  provider.bends.idToken = { iss: issuerOf(tenant), tid: tenant };
  assert.equal((await logIn()).status, 302);
  assert.equal(assertionOf(provider.callsTo('token').at(-1))['aud'], `${provider.issuer}/token`);
  clock.seconds += 3590;
  assert.equal((await browser.visit('/')).status, 200);
  assert.equal(provider.callsTo('token').length, 2);
  for (const [iss, tid] of [
    [issuerOf(other), other],
    [issuerOf(tenant), other],
    [issuerOf(other), tenant],
    [shared, '{tenantid}'],
    [shared, undefined],
  ]) {
    provider.bends.idToken = { iss, tid };
    assert.equal((await logIn(newBrowser())).status, 500, `${iss} ${tid}`);
  }
});
