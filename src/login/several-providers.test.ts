import assert from 'node:assert/strict';
import test from 'node:test';
import { HOST, until } from './testing/proxy.ts';
import { startTwoProviders } from './testing/two-providers.ts';
import type { TwoProviders } from './testing/two-providers.ts';

const DEFAULT_COOKIE = '__Host-fullmakt.session';
const WORK_COOKIE = '__Host-fullmakt.session.work';
const RULES = JSON.stringify([{ path: '/work/**', login: 'enforce', provider: 'work' }]);

async function loginAt({ browser }: TwoProviders, query: string): Promise<string> {
  return (await browser.visit(`/oauth2/login${query}`)).headers.location ?? '';
}

async function sessionOf(world: TwoProviders, query = ''): Promise<unknown> {
  const answer = await world.browser.ask(`/oauth2/session?view=full${query}`);
  if (answer.status !== 200) return answer.status;
  const { session } = JSON.parse(answer.body) as { session: Record<string, unknown> };
  return [session['provider'], session['acr']];
}

test('A20 RO-5: a login goes to the named provider, else that of the target’s rule, else the default', async (t) => {
  const world = await startTwoProviders(t, { env: { FULLMAKT_LOGIN_RULES: RULES } });
  const { provider, work } = world;
  const rows: readonly (readonly [string, string])[] = [
    ['', provider.issuer],
    ['?provider=work', work.issuer],
    ['?provider=idporten', provider.issuer],
    ['?provider=nobody', provider.issuer],
    ['?provider=work&provider=idporten', provider.issuer],
    ['?redirect=%2Fwork%2Fx', work.issuer],
    ['?redirect=%2Fwork%2Fx&provider=nobody', work.issuer],
    ['?redirect=%2Fwork%2Fx&provider=idporten', provider.issuer],
    ['?redirect=%2Fother', provider.issuer],
  ];
  for (const [query, issuer] of rows) assert.ok((await loginAt(world, query)).startsWith(issuer), query);
});

test('A20 J11 RO-5: two sessions live side by side, each in its own cookie, and end one at a time', async (t) => {
  const world = await startTwoProviders(t, { env: { FULLMAKT_LOGIN_RULES: RULES } });
  const { browser } = world;
  assert.equal((await world.logInAtWork()).status, 302);
  assert.deepEqual([...browser.jar.keys()], [WORK_COOKIE]);
  assert.deepEqual(await sessionOf(world), ['work', null]);
  assert.equal((await browser.visit('/anywhere')).status, 200);
  await world.logIn();
  assert.deepEqual([...browser.jar.keys()].toSorted(), [DEFAULT_COOKIE, WORK_COOKIE]);
  assert.deepEqual(await sessionOf(world), ['idporten', 'idporten-loa-high']);
  assert.deepEqual(await sessionOf(world, '&provider=work'), ['work', null]);
  const at = async (path: string): Promise<unknown> => JSON.parse((await browser.visit(path)).body).authorization;
  assert.notEqual(await at('/work/x'), await at('/x'));
  await world.logIn();
  assert.deepEqual(await sessionOf(world, '&provider=work'), ['work', null]);
});

test('RO-5: a refresh is of the named provider’s session', async (t) => {
  const world = await startTwoProviders(t);
  await world.logIn();
  await world.logInAtWork();
  world.clock.seconds += 61;
  const calls = (): readonly number[] => [world.provider, world.work].map((one) => one.callsTo('token').length);
  const refresh = (query: string): ReturnType<typeof world.browser.ask> =>
    world.browser.ask(`/oauth2/session/refresh${query}`, { method: 'POST' });
  assert.equal((await refresh('?provider=work')).status, 200);
  assert.deepEqual(calls(), [1, 2]);
  assert.equal((await refresh('')).status, 200);
  assert.deepEqual(calls(), [2, 2]);
});

test('RO-5 A7: an answer on another provider’s route is 400, without a token call, and its cookie is cleared', async (t) => {
  const world = await startTwoProviders(t);
  const { browser, provider, work } = world;
  const own = await provider.authorize(await loginAt(world, ''));
  const other = await work.authorize(await loginAt(world, '?provider=work'));
  assert.ok(other.startsWith('/oauth2/callback/work?'));
  const swapped = [own.replace('/callback?', '/callback/work?'), other.replace('/callback/work?', '/callback?')];
  for (const path of swapped) {
    assert.equal((await browser.visit(path)).status, 400, path);
    assert.equal((await world.newBrowser().visit(path)).status, 400, `${path}, no cookie`);
  }
  assert.equal(browser.jar.size, 0);
  assert.equal(provider.callsTo('token').length + work.callsTo('token').length, 0);
  for (const path of ['/oauth2/callback/nobody', '/oauth2/callback/idporten', '/oauth2/logout/callback/work'])
    assert.equal((await browser.visit(path)).status, 404, path);
});

test('RO-5 A7: another provider that answers for ours is caught by its issuer (RFC 9207)', async (t) => {
  const world = await startTwoProviders(t);
  const path = await world.work.authorize(await loginAt(world, '?provider=work'));
  const posed = path.replace(encodeURIComponent(world.work.issuer), encodeURIComponent(world.provider.issuer));
  assert.equal((await world.browser.visit(posed)).status, 400);
  assert.equal(world.work.callsTo('token').length, 0);
});

test('RO-5: a failed login at a further provider is tried again there', async (t) => {
  const world = await startTwoProviders(t);
  world.work.bends.callback = { code: undefined, error: 'access_denied' };
  const page = await world.logInAtWork();
  assert.equal(page.status, 403);
  assert.match(page.body, /href="\/oauth2\/login\?redirect=%2F&amp;provider=work"/);
});

test('RO-5 LG-5: attempts of all providers together are five at most; a login clears its own provider’s', async (t) => {
  const world = await startTwoProviders(t);
  const attempts = (): number => [...world.browser.jar.keys()].filter((name) => name.includes('.login.')).length;
  for (let tab = 0; tab < 8; tab += 1) {
    await loginAt(world, tab % 2 === 0 ? '' : '?provider=work');
    world.clock.seconds += 1;
    assert.ok(attempts() <= 5);
  }
  await world.logInAtWork();
  assert.ok(attempts() > 0);
  await world.logIn();
  assert.equal(attempts(), 0);
});

test('LO-7 A20: ?provider= ends one session and visits its provider alone', async (t) => {
  const world = await startTwoProviders(t);
  await world.logIn();
  await world.logInAtWork();
  const answer = await world.browser.visit('/oauth2/logout?provider=work&redirect=%2Fbye');
  const url = new URL(answer.headers.location ?? '');
  assert.equal(url.origin, world.work.issuer);
  assert.deepEqual([...world.browser.jar.keys()].toSorted(), ['__Host-fullmakt.logout', DEFAULT_COOKIE]);
  const back = await world.browser.visit(`/oauth2/logout/callback?state=${url.searchParams.get('state') ?? ''}`);
  assert.equal(back.headers.location, '/bye');
  assert.deepEqual(await sessionOf(world), ['idporten', 'idporten-loa-high']);
  assert.equal((await world.browser.visit('/oauth2/logout/callback')).headers.location, '/');
});

test('LO-7 A20: without a name all sessions end here at once, and the providers are visited one after the other', async (t) => {
  const world = await startTwoProviders(t);
  await world.logIn();
  await world.logInAtWork();
  const first = await world.browser.visit('/oauth2/logout?redirect=%2Fbye');
  assert.deepEqual([...world.browser.jar.keys()], ['__Host-fullmakt.logout']);
  assert.ok((world.browser.jar.get('__Host-fullmakt.logout') ?? '').length < 3000);
  const seen: string[] = [];
  let answer = first;
  for (let hop = 0; hop < 3 && answer.headers.location !== '/bye'; hop += 1) {
    const posted = /action="([^"]+)"/.exec(answer.body)?.[1];
    const target = new URL(posted ?? answer.headers.location ?? '');
    seen.push(target.origin);
    const field = (name: string): string =>
      target.searchParams.get(name) ?? new RegExp(`name="${name}" value="([^"]+)"`).exec(answer.body)?.[1] ?? '';
    assert.ok(field('id_token_hint').length > 0);
    assert.equal(field('post_logout_redirect_uri'), `https://${HOST}/oauth2/logout/callback`);
    if (posted !== undefined)
      assert.ok(String(answer.headers['content-security-policy']).includes(world.work.issuer), 'the form leads on');
    // The next provider is visited on the way back from another site.
    const headers = { 'sec-fetch-site': 'cross-site' };
    answer = await world.browser.visit(`/oauth2/logout/callback?state=${field('state')}`, { headers });
  }
  assert.deepEqual(seen.toSorted(), [world.provider.issuer, world.work.issuer].toSorted());
  assert.equal(answer.headers.location, '/bye');
  assert.equal(world.browser.jar.size, 0);
  await until(() => world.work.callsTo('revoke').length === 1 && world.provider.callsTo('revoke').length === 1);
});

test('LO-7: a state that is not the one we sent leads nowhere but home', async (t) => {
  const world = await startTwoProviders(t);
  await world.logIn();
  await world.logInAtWork();
  await world.browser.visit('/oauth2/logout?redirect=%2Fbye');
  const back = await world.browser.visit('/oauth2/logout/callback?state=made-up');
  assert.equal(back.headers.location, '/');
});

test('RO-5: local logout is for the named provider, and for all only where all allow it', async (t) => {
  const world = await startTwoProviders(t);
  await world.logIn();
  await world.logInAtWork();
  const post = async (query: string): Promise<number> =>
    (await world.browser.ask(`/oauth2/logout/local${query}`, { method: 'POST' })).status;
  assert.equal(await post(''), 404);
  assert.equal(await post('?provider=idporten'), 404);
  assert.equal(await post('?provider=work'), 204);
  assert.deepEqual([...world.browser.jar.keys()], [DEFAULT_COOKIE]);
});

test('RO-5: a provider ends its own sessions on its own routes, by front and back channel', async (t) => {
  const world = await startTwoProviders(t);
  const { provider, work, browser } = world;
  provider.bends.idToken = { sid: 'same-sid' };
  work.bends.idToken = { ...work.bends.idToken, sid: 'same-sid' };
  await world.logIn();
  await world.logInAtWork();
  const front = (name: string, issuer: string): ReturnType<typeof browser.ask> =>
    world
      .newBrowser()
      .ask(`/oauth2/logout/frontchannel${name}?${new URLSearchParams({ iss: issuer, sid: 'same-sid' }).toString()}`);
  assert.equal((await front('/work', provider.issuer)).status, 400);
  assert.equal((await front('', work.issuer)).status, 400);
  assert.equal((await front('/work', work.issuer)).status, 200);
  assert.equal(await sessionOf(world, '&provider=work'), 401);
  assert.deepEqual(await sessionOf(world), ['idporten', 'idporten-loa-high']);
  const claims = {
    iat: world.clock.seconds,
    jti: 'j',
    sub: 'user-1',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const back = async (name: string, by: typeof provider, aud: string): Promise<number> => {
    const token = await by.mint({ typ: 'logout+jwt' }, { ...claims, iss: by.issuer, aud });
    const body = new URLSearchParams({ logout_token: token }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return (await world.newBrowser().ask(`/oauth2/logout/backchannel${name}`, { method: 'POST', body, headers }))
      .status;
  };
  assert.equal(await back('/work', provider, 'client-1'), 400);
  assert.deepEqual(await sessionOf(world), ['idporten', 'idporten-loa-high']);
  assert.equal(await back('', provider, 'client-1'), 200);
  assert.equal(await sessionOf(world), 401);
});

test('RO-5: a session copied into another provider’s cookie is none', async (t) => {
  const world = await startTwoProviders(t);
  await world.logIn();
  const thief = world.newBrowser();
  thief.jar.set(WORK_COOKIE, world.browser.jar.get(DEFAULT_COOKIE) ?? '');
  assert.equal((await thief.ask('/oauth2/session?provider=work')).status, 401);
  assert.equal((await thief.ask('/oauth2/session')).status, 401);
});

test('J11 LO-7: ID-porten and Entra side by side: ID-porten is left by a form, Entra by its login_hint, no token in any URL', async (t) => {
  const world = await startTwoProviders(t, { env: { FULLMAKT_LOGIN_PROVIDER_WORK_KIND: 'entra' } });
  world.work.bends.idToken = { ...world.work.bends.idToken, login_hint: 'who-it-is' };
  world.work.bends.metadata = { authorization_response_iss_parameter_supported: undefined };
  world.work.bends.callback = { iss: undefined };
  assert.equal((await world.logInAtWork()).status, 302);
  assert.equal((await world.logIn()).status, 302);
  assert.deepEqual(await sessionOf(world, '&provider=work'), ['work', null]);
  const form = await world.browser.visit('/oauth2/logout');
  assert.equal(form.status, 200);
  assert.ok(form.body.includes(`action="${world.provider.issuer}/logout"`));
  const state = /name="state" value="([^"]+)"/.exec(form.body)?.[1] ?? '';
  const next = new URL((await world.browser.visit(`/oauth2/logout/callback?state=${state}`)).headers.location ?? '');
  assert.equal(next.origin, world.work.issuer);
  assert.deepEqual(
    [next.searchParams.get('logout_hint'), next.searchParams.get('client_id'), next.searchParams.has('id_token_hint')],
    ['who-it-is', 'client-at-work', false],
  );
  const last = await world.browser.visit(`/oauth2/logout/callback?state=${next.searchParams.get('state') ?? ''}`);
  assert.equal(last.headers.location, '/');
  assert.equal(world.browser.jar.size, 0);
});
