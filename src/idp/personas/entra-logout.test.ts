import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { entraUrl, redeemAt, registerEntra } from '../testing/entra.ts';
import { CLIENTS } from '../testing/rows.ts';
import { claimsOf, DESK_CALLBACK, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const LOGOUT = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/logout`;
const silent = { login_hint: '', prompt: 'none' };

async function signedIn(clientId: string = CLIENTS.desk, jar: Jar = new Map()): Promise<{ jar: Jar; idToken: string }> {
  const answer = await visit(world, jar, entraUrl({ client_id: clientId }));
  const { body } = await redeemAt(world, answer, { client_id: clientId });
  return { jar, idToken: String(body['id_token']) };
}

const logOut = (jar: Jar, query: Record<string, string>): Promise<Response> =>
  visit(world, jar, `${LOGOUT}?${new URLSearchParams(query).toString()}`);

async function isOut(jar: Jar): Promise<boolean> {
  return redirected(await visit(world, jar, entraUrl(silent))).get('error') === 'login_required';
}

test('entra logout: ends the session and goes back to a registered redirect URI with state, by GET and POST', async () => {
  const { jar } = await signedIn();
  assert.equal(await isOut(jar), false);
  const back = await logOut(jar, { post_logout_redirect_uri: DESK_CALLBACK, state: 's' });
  assert.equal(back.headers.get('location'), `${DESK_CALLBACK}?state=s`);
  assert.equal(await isOut(jar), true);
  const other = await signedIn();
  const posted = await visit(world, other.jar, LOGOUT, form({ post_logout_redirect_uri: DESK_CALLBACK }));
  assert.equal(posted.headers.get('location'), DESK_CALLBACK);
  assert.equal(await isOut(other.jar), true);
});

test('entra logout: an address that is no redirect URI gets a page; the session ends all the same', async () => {
  const { jar } = await signedIn();
  const back = await logOut(jar, { post_logout_redirect_uri: `${DESK_CALLBACK}/` });
  assert.equal(back.headers.get('location'), null);
  assert.equal(await isOut(jar), true);
});

test('entra logout: logout_hint is taken, and nobody is asked which account', async () => {
  const { jar } = await signedIn();
  const hint = { logout_hint: 'rolig.fjord@example.test', post_logout_redirect_uri: DESK_CALLBACK };
  assert.equal((await logOut(jar, hint)).headers.get('location'), DESK_CALLBACK);
  assert.equal(await isOut(jar), true);
});

test('entra logout: every application of the session is told in a frame, by sid and without iss (OpenID Connect Front-Channel Logout 1.0 3)', async () => {
  const told = registerEntra(world, 'told', { frontchannelLogoutUri: 'http://127.0.0.1:7504/out?x=1' });
  const also = registerEntra(world, 'also', { frontchannelLogoutUri: 'http://127.0.0.1:7505/out' });
  const { jar, idToken } = await signedIn(told);
  const { sid } = claimsOf(idToken);
  const second = await visit(world, jar, entraUrl({ client_id: also, ...silent }));
  assert.ok(redirected(second).get('code'));
  const page = await logOut(jar, { post_logout_redirect_uri: DESK_CALLBACK });
  const text = (await page.text()).replaceAll('&amp;', '&');
  const frames = [...text.matchAll(/<iframe src="([^"]+)"/g)].map(([, src = '']) => src);
  const expected = [`http://127.0.0.1:7504/out?x=1&sid=${String(sid)}`, `http://127.0.0.1:7505/out?sid=${String(sid)}`];
  assert.deepEqual(new Set(frames), new Set(expected));
  assert.match(text, /id="fm-continue"/);
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-src http:\/\/127\.0\.0\.1:7504/);
  assert.equal(await isOut(jar), true);
});

test('entra logout: a damaged id_token_hint is refused by a page, and a hint alone ends its session', async () => {
  const { jar, idToken } = await signedIn();
  const damaged = await logOut(new Map(), { id_token_hint: `${idToken.slice(0, -8)}AAAAAAAA` });
  assert.equal(damaged.status, 400);
  assert.equal(await isOut(jar), false);
  await logOut(new Map(), { id_token_hint: idToken });
  assert.equal(await isOut(jar), true);
});

test('entra logout: an ID token beside the client_id of another application ends nothing', async () => {
  const { jar, idToken } = await signedIn();
  const refused = await logOut(new Map(), { id_token_hint: idToken, client_id: CLIENTS.middle });
  assert.equal(refused.status, 400);
  assert.equal(await isOut(jar), false);
});

test('entra logout: the session has no timer of its own', async () => {
  const { jar } = await signedIn();
  for (const days of [1, 6, 60]) {
    world.clock.now += days * 24 * 3600;
    assert.equal(await isOut(jar), false);
  }
});
