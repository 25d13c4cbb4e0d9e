import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from '../../web/serve.ts';
import { answerOf, APP, basic, bearer, GOODBYE, headerOf, providerOf } from '../testing/openid.ts';
import { outcome } from '../testing/outcome.ts';
import { claimsOf, PID, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['oidf-basic'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-basic');
op.register('web');
op.register('other', { post_logout_redirect_uris: [`${GOODBYE}/other`] });
op.register('framed', {
  frontchannel_logout_uri: 'https://app.example.test/front?of=framed',
  frontchannel_logout_session_required: true,
});

interface Signed {
  readonly jar: Jar;
  readonly hint: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function signedIn(client = 'web', scope = 'openid', pid: string = PID): Promise<Signed> {
  const jar: Jar = new Map();
  const { body } = await op.redeem(
    (await op.signIn({ client_id: client, scope, login_hint: `testid:${pid}` }, jar)).get('code'),
    {},
    client,
  );
  return { jar, hint: String(body['id_token']), body };
}

function signOut(jar: Jar, parameters: Readonly<Record<string, string>> = {}): Promise<Response> {
  return visit(world, jar, `${op.issuer}/logout?${new URLSearchParams(parameters).toString()}`);
}

async function isSignedIn(jar: Jar): Promise<boolean> {
  return redirected(await op.visit(jar, { prompt: 'none' })).has('code');
}

test('oidf-plans: logout with hint, address and state goes back there with the state (RP-Initiated Logout 2)', async () => {
  const { jar, hint } = await signedIn();
  const answer = await signOut(jar, { id_token_hint: hint, post_logout_redirect_uri: GOODBYE, state: 'a b' });
  assert.equal(answer.headers.get('location'), `${GOODBYE}?state=a+b`);
  assert.equal(await isSignedIn(jar), false);
});

test('oidf-plans: logout without state goes back without one, also by POST', async () => {
  const { jar, hint } = await signedIn();
  const fields = form({ id_token_hint: hint, post_logout_redirect_uri: GOODBYE });
  const answer = await visit(world, jar, `${op.issuer}/logout`, fields);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get('location'), GOODBYE);
});

/** Presses the button of the page that asks. */
async function confirm(jar: Jar, page: Response, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const fields = [...(await page.text()).matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  const sent = Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]));
  return await visit(world, jar, `${op.issuer}/logout`, form(sent, headers));
}

for (const [how, parameters, back] of [
  ['nothing', {}, undefined],
  ['only state', { state: 'st' }, undefined],
  ['an address and neither hint nor client', { post_logout_redirect_uri: GOODBYE }, undefined],
  ['client_id in place of a hint', { client_id: 'web', post_logout_redirect_uri: GOODBYE }, GOODBYE],
] as const) {
  test(`oidf-plans: logout with ${how} asks first, and whoever says yes is signed out (RP-Initiated Logout 2)`, async () => {
    const { jar } = await signedIn();
    const page = await signOut(jar, parameters);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-security-policy') ?? '', /form-action 'self'/);
    assert.equal(await isSignedIn(jar), true);
    const answer = await confirm(jar, page);
    assert.equal(answer.headers.get('location') ?? undefined, back);
    assert.equal(await isSignedIn(jar), false);
  });
}

test('oidf-plans: logout with the hint of another person asks whoever is signed in (RP-Initiated Logout 2)', async () => {
  const [mine, other] = [await signedIn(), await signedIn('web', 'openid', '14828530152')];
  const page = await signOut(mine.jar, { id_token_hint: other.hint, post_logout_redirect_uri: GOODBYE, state: 'st' });
  assert.equal(page.status, 200);
  assert.equal(await isSignedIn(mine.jar), true);
  assert.equal((await confirm(mine.jar, page)).headers.get('location'), `${GOODBYE}?state=st`);
  assert.equal(await isSignedIn(mine.jar), false);
  assert.equal(await isSignedIn(other.jar), true);
});

test('oidf-plans: the yes of another origin is asked again (Fetch Metadata)', async () => {
  const { jar } = await signedIn();
  const again = await confirm(jar, await signOut(jar), { 'sec-fetch-site': 'same-site' });
  assert.equal(again.status, 200);
  assert.equal(await isSignedIn(jar), true);
});

for (const [how, change] of Object.entries<(good: Signed) => Readonly<Record<string, string>>>({
  'a changed hint': ({ hint }) => ({ id_token_hint: `${hint.slice(0, -4)}AAAA` }),
  'a hint that is an access token': ({ body }) => ({ id_token_hint: String(body['access_token']) }),
  'a hint of another client': () => ({ client_id: 'other' }),
  'a query added to the address': () => ({ post_logout_redirect_uri: `${GOODBYE}?x=1` }),
  "another client's address": () => ({ post_logout_redirect_uri: `${GOODBYE}/other` }),
  'an address that nobody registered': () => ({ post_logout_redirect_uri: APP }),
})) {
  test(`oidf-plans: logout with ${how} is a page with an error, never a redirect`, async () => {
    const good = await signedIn();
    const parameters = { id_token_hint: good.hint, post_logout_redirect_uri: GOODBYE, state: 'st', ...change(good) };
    assert.equal(await outcome(await signOut(good.jar, parameters)), '400 page invalid_request');
    assert.equal(await isSignedIn(good.jar), true);
  });
}

test('oidf-plans: metadata names the end-session endpoint, and it answers GET and POST (RP-Initiated Logout 2.1)', async () => {
  const { body } = await answerOf(await op.fetch('/.well-known/openid-configuration'));
  assert.equal(body['end_session_endpoint'], `${op.issuer}/logout`);
  for (const init of [{}, form({})]) assert.equal((await op.fetch('/logout', init)).status, 200);
});

test('oidf-plans: an expired hint is a hint, and ends the session of a browser that lost its cookie', async () => {
  const { jar, hint, body } = await signedIn();
  world.clock.now += 301;
  const answer = await signOut(new Map(), { id_token_hint: hint, post_logout_redirect_uri: GOODBYE });
  assert.equal(answer.headers.get('location'), GOODBYE);
  assert.equal(await isSignedIn(jar), false);
  assert.equal((await op.fetch('/userinfo', bearer(body['access_token']))).status, 401);
});

test('oidf-plans: logout ends refresh and access tokens, but for those with offline_access (RFC 9700 4.14, Core 11)', async () => {
  for (const [scope, expected] of [
    ['openid email', '400 401'],
    ['openid offline_access', '200 200'],
  ] as const) {
    const { jar, hint, body } = await signedIn('web', scope);
    await signOut(jar, { id_token_hint: hint });
    const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
    const refreshed = await op.post('/token', fields, basic('web'));
    const told = await op.fetch('/userinfo', bearer(body['access_token']));
    assert.equal(`${refreshed.status} ${told.status}`, expected);
  }
});

test('oidf-plans: front-channel logout frames every client of the session with iss and sid (Front-Channel Logout 3)', async () => {
  const { jar, hint } = await signedIn('framed');
  await op.visit(jar, { client_id: 'web' });
  const page = await signOut(jar, { id_token_hint: hint, post_logout_redirect_uri: GOODBYE });
  const [, src = ''] = /<iframe src="([^"]+)"/.exec(await page.text()) ?? [];
  const frame = new URL(src.replaceAll('&amp;', '&'));
  assert.equal(frame.searchParams.get('of'), 'framed');
  assert.equal(frame.searchParams.get('iss'), op.issuer);
  assert.equal(frame.searchParams.get('sid'), claimsOf(hint)['sid']);
});

test('oidf-plans: back-channel logout posts one logout token, signed as the ID tokens of its client are (Back-Channel Logout 2.4, 2.5)', async (t) => {
  const told: URLSearchParams[] = [];
  const listener = await serve({
    name: 'client',
    setting: 'NONE',
    host: '127.0.0.1',
    port: 0,
    handle: async (http) => {
      told.push(new URLSearchParams((await http.body()).toString()));
      return { status: 204 };
    },
  });
  t.after(() => listener.close(0));
  op.register('back', {
    backchannel_logout_uri: `${listener.origin}/back`,
    id_token_signed_response_alg: 'ES256',
  });
  const { jar, hint } = await signedIn('back');
  await signOut(jar, { id_token_hint: hint });
  assert.equal(told.length, 1);
  const token = told[0]?.get('logout_token');
  assert.equal(headerOf(token)['typ'], 'logout+jwt');
  assert.equal(headerOf(token)['alg'], 'ES256');
  const { iss, aud, sub, sid, nonce, exp, iat, events } = claimsOf(token);
  const id = claimsOf(hint);
  assert.deepEqual(
    { iss, aud, sub, sid, nonce },
    { iss: op.issuer, aud: 'back', sub: id['sub'], sid: id['sid'], nonce: undefined },
  );
  assert.equal(Number(exp) - Number(iat), 120);
  assert.deepEqual(events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
});
