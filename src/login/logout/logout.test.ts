import assert from 'node:assert/strict';
import test from 'node:test';
import { HOST, startWorld, until } from '../testing/proxy.ts';

const SESSION = '__Host-fullmakt.session';

test('logout at ID-porten is a form that posts the hint, the provider sends the user back to the target (LO-1, LO-2)', async (t) => {
  const { browser, logIn, provider } = await startWorld(t);
  await logIn();
  const page = await browser.visit('/oauth2/logout?redirect=%2Fbye');
  assert.equal(page.status, 200);
  assert.ok(page.body.includes(`action="${provider.issuer}/logout"`));
  assert.match(page.body, /name="id_token_hint" value="ey/);
  assert.match(page.body, /<button class="primary" type="submit">/);
  const policy = String(page.headers['content-security-policy']);
  assert.ok(policy.includes(`form-action 'self' ${provider.issuer} https://${HOST}`), policy);
  assert.match(policy, /script-src 'nonce-/);
  assert.equal(page.headers['referrer-policy'], 'same-origin');
  assert.equal(browser.jar.has(SESSION), false);
  const state = /name="state" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const back = await browser.visit(`/oauth2/logout/callback?state=${state}`);
  assert.equal(back.headers.location, '/bye');
  assert.equal((await browser.visit(`/oauth2/logout/callback?state=${state}`)).headers.location, '/');
});

test('a logout form may lead on to where logouts end, which browsers count among its destinations (LO-2)', async (t) => {
  const bye = { FULLMAKT_LOGIN_OPENID_POST_LOGOUT_REDIRECT_URI: 'https://www.example.test/bye?x=1' };
  const { browser, logIn } = await startWorld(t, { env: bye });
  await logIn();
  const asked = await browser.visit('/oauth2/logout', { headers: { 'sec-fetch-site': 'cross-site' } });
  const form = await browser.visit('/oauth2/logout');
  for (const { headers } of [asked, form]) {
    const [, destinations = ''] = /form-action ([^;]+)/.exec(String(headers['content-security-policy'])) ?? [];
    assert.ok(destinations.split(' ').includes('https://www.example.test'), destinations);
  }
});

test('logout at a generic provider is a redirect with client id, hint and where to come back (LO-1)', async (t) => {
  const { browser, logIn, provider } = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  await logIn();
  const url = new URL((await browser.visit('/oauth2/logout')).headers.location ?? '');
  assert.equal(url.origin + url.pathname, `${provider.issuer}/logout`);
  assert.equal(url.searchParams.get('client_id'), 'client-1');
  assert.equal(url.searchParams.get('post_logout_redirect_uri'), `https://${HOST}/oauth2/logout/callback`);
  assert.ok(url.searchParams.has('id_token_hint') && url.searchParams.has('state'));
});

test('Entra gets a logout_hint from the login_hint claim and no ID token (LO-1, LO-2)', async (t) => {
  const world = await startWorld(t, {
    env: { FULLMAKT_LOGIN_PROVIDER: 'entra', FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: '' },
  });
  world.provider.bends.idToken = { login_hint: 'hint-1' };
  await world.logIn();
  assert.equal(world.provider.callsTo('par')[0]?.form?.get('scope'), 'openid offline_access client-1/.default');
  const url = new URL((await world.browser.visit('/oauth2/logout')).headers.location ?? '');
  assert.equal(url.searchParams.get('logout_hint'), 'hint-1');
  assert.equal(url.searchParams.has('id_token_hint'), false);
});

test('logout-revokes-refresh-token: the refresh token is revoked behind the answer (LO-4, W14)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  await world.browser.visit('/oauth2/logout');
  await until(() => world.provider.callsTo('revoke').length === 1);
  assert.equal(world.provider.callsTo('revoke')[0]?.form?.get('token_type_hint'), 'refresh_token');
  assert.ok(!world.events.some((event) => event.event === 'logout.revocation_failed'));
});

test('cross-site-get-changes-nothing: foreign sites get a question or a refusal (W10, RT-6)', async (t) => {
  const { browser, logIn } = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  await logIn();
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test', referer: 'https://evil.test/' };
  const asked = await browser.visit('/oauth2/logout', { headers: foreign });
  assert.equal(asked.status, 200);
  assert.match(asked.body, /Vil du logge ut\?/);
  assert.match(asked.body, /<form id="go" method="post" action="\/oauth2\/logout">/);
  assert.deepEqual(asked.setCookies, []);
  const refused: readonly (readonly [string, string])[] = [
    ['POST', '/oauth2/logout'],
    ['POST', '/oauth2/logout/local'],
    ['GET', '/oauth2/logout/local'],
    ['POST', '/oauth2/session/refresh'],
  ];
  for (const [method, path] of refused) {
    const answer = await browser.ask(path, { method, headers: foreign });
    assert.equal(answer.status, 403, `${method} ${path}`);
    assert.deepEqual(JSON.parse(answer.body), { error: 'cross_site_request' });
  }
  const refresh = await browser.ask('/oauth2/session/refresh', { headers: { ...foreign, 'sec-fetch-mode': 'cors' } });
  assert.equal(refresh.status, 405);
  assert.equal(refresh.headers.allow, 'POST');
  const login = await browser.visit('/oauth2/login?prompt=login', { headers: foreign });
  assert.equal(login.status, 302);
  assert.equal((await browser.visit('/x')).status, 200);
  await browser.visit('/oauth2/login?prompt=login');
  assert.equal((await browser.ask('/oauth2/session')).status, 401);
});

function sibling(origin: string): Record<string, string> {
  return { 'sec-fetch-site': 'same-site', origin };
}

test('a sibling site acts only when its origin is allowed (RT-6)', async (t) => {
  const { browser, logIn } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_PROVIDER: 'openid', FULLMAKT_LOGIN_CORS_ORIGINS: 'https://ok.example.test' },
  });
  await logIn();
  assert.equal(
    (await browser.ask('/oauth2/logout/local', { method: 'POST', headers: sibling('https://no.example.test') })).status,
    403,
  );
  assert.equal(
    (await browser.ask('/oauth2/logout/local', { method: 'POST', headers: sibling('https://ok.example.test') })).status,
    204,
  );
});

test('local logout ends the session here alone, and does not exist at ID-porten (section 2)', async (t) => {
  const local = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  await local.logIn();
  assert.equal((await local.browser.ask('/oauth2/logout/local', { method: 'POST' })).status, 204);
  assert.equal(local.browser.jar.has(SESSION), false);
  const idporten = await startWorld(t);
  assert.equal((await idporten.browser.ask('/oauth2/logout/local', { method: 'POST' })).status, 404);
});

function frontchannel(parameters: Record<string, string>): string {
  return `/oauth2/logout/frontchannel?${new URLSearchParams(parameters).toString()}`;
}

test('frontchannel-wrong-iss-ends-nothing: sid ends the session only with the right issuer (W13, LO-5, A14)', async (t) => {
  const { browser, logIn, provider, newBrowser } = await startWorld(t);
  await logIn();
  const iframe = newBrowser();
  const status = async (parameters: Record<string, string>): Promise<number> =>
    (await iframe.ask(frontchannel(parameters))).status;
  assert.equal(await status({ iss: 'https://evil.test', sid: 'sid-1' }), 400);
  assert.equal(await status({ sid: 'sid-1' }), 400);
  assert.equal(await status({ iss: provider.issuer }), 202);
  assert.equal(await status({ iss: provider.issuer, sid: 'unknown' }), 200);
  assert.equal((await browser.visit('/x')).status, 200);
  const good = await iframe.ask(frontchannel({ iss: provider.issuer, sid: 'sid-1' }));
  assert.equal(good.status, 200);
  assert.ok(!String(good.headers['content-security-policy']).includes('frame-ancestors'));
  assert.equal((await browser.visit('/x')).status, 302);
});

test('front-channel logout clears the browser’s cookie only if it is of that sid (LO-5)', async (t) => {
  const { browser, logIn, provider } = await startWorld(t);
  await logIn();
  assert.deepEqual((await browser.ask(frontchannel({ iss: provider.issuer, sid: 'other' }))).setCookies, []);
  await browser.ask(frontchannel({ iss: provider.issuer, sid: 'sid-1' }));
  assert.equal(browser.jar.has(SESSION), false);
});

test('two-ingresses-one-idp-session: sessions of one sid do not overwrite each other, and end together (W1)', async (t) => {
  const { provider, newBrowser, logIn } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_INGRESS: `https://${HOST},https://two.example.test` },
  });
  const [one, two] = [newBrowser(), newBrowser('two.example.test')];
  await logIn(one);
  await logIn(two);
  assert.equal((await one.visit('/x')).status, 200);
  assert.equal((await two.visit('/x')).status, 200);
  await newBrowser().ask(frontchannel({ iss: provider.issuer, sid: 'sid-1' }));
  assert.equal((await one.visit('/x')).status, 302);
  assert.equal((await two.visit('/x')).status, 302);
});

test('a logout that overtakes a callback wins (SE-10)', async (t) => {
  const { browser, provider, newBrowser } = await startWorld(t);
  const start = await browser.visit('/oauth2/login');
  const path = await provider.authorize(start.headers.location ?? '');
  await newBrowser().ask(frontchannel({ iss: provider.issuer, sid: 'sid-1' }));
  assert.equal((await browser.visit(path)).status, 403);
  assert.equal(browser.jar.has(SESSION), false);
});

test('RT-2: a browser that loads ahead logs nobody out, here or at the provider', async (t) => {
  const { browser, logIn } = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
  await logIn();
  const ahead = { 'sec-purpose': 'prefetch;prerender', 'sec-fetch-site': 'same-origin' };
  for (const path of ['/oauth2/logout', '/oauth2/logout/local']) {
    const answer = await browser.visit(path, { headers: ahead });
    assert.deepEqual([answer.status, answer.setCookies], [503, []], path);
  }
  assert.equal((await browser.ask('/oauth2/session')).status, 200);
});

test('LO-1: a stray answer ends no logout that is under way: who comes back from the provider reaches the target', async (t) => {
  const { browser, logIn } = await startWorld(t);
  await logIn();
  const page = await browser.visit('/oauth2/logout?redirect=%2Fbye');
  const state = /name="state" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  for (const query of ['', '?state=another']) {
    const stray = await browser.visit(`/oauth2/logout/callback${query}`);
    assert.deepEqual([stray.headers.location, stray.setCookies], ['/', []], query);
  }
  assert.equal((await browser.visit(`/oauth2/logout/callback?state=${state}`)).headers.location, '/bye');
  assert.equal(browser.jar.size, 0);
});

test('SE-3 LO-1: a planted second cookie keeps nobody signed in: a logout ends the session of each that is a ticket', async (t) => {
  for (const path of ['/oauth2/logout', '/oauth2/logout/local']) {
    const world = await startWorld(t, { env: { FULLMAKT_LOGIN_PROVIDER: 'openid' } });
    await world.logIn();
    const other = world.newBrowser();
    await world.logIn(other);
    const tickets = [world.browser, other].map(({ jar }) => jar.get(SESSION) ?? '');
    const cookie = [...tickets, 'planted'].map((value) => `${SESSION}=${value}`).join('; ');
    const answer = await world.newBrowser().visit(path, { headers: { cookie } });
    assert.ok(
      answer.setCookies.some((line) => line.startsWith(`${SESSION}=;`)),
      path,
    );
    assert.ok(!String(answer.headers.location).includes('id_token_hint'), 'whose it would be is anybody’s guess');
    for (const each of [world.browser, other]) assert.equal((await each.ask('/oauth2/session')).status, 401, path);
    await until(() => world.provider.callsTo('revoke').length === 2);
  }
});
