import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isJsonObject } from '../../oauth/objects.ts';
import { registerIdporten } from '../testing/idporten-clients.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, authorizeUrl, claimsOf, codeAt, redeem, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

async function askWithSecret(fields: Record<string, string>): Promise<{ body: Record<string, unknown> }> {
  const answer = await world.fetch(`${ISSUERS.idporten}/token`, form({ ...fields, client_secret: 's3cret' }));
  const body: unknown = await answer.json();
  assert.ok(isJsonObject(body));
  return { body };
}

test('idporten-10-logout: a page with one frame per client, state carried back, SSO and sign-in tokens gone', async () => {
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, {}, jar)));
  const sid = String(claimsOf(body['id_token'])['sid']);
  const back = 'http://127.0.0.1:7500/oauth2/logout/callback';
  world.clock.now += 600; // an expired hint is fine
  const query = new URLSearchParams({
    id_token_hint: String(body['id_token']),
    post_logout_redirect_uri: back,
    state: 'a b',
  });
  const response = await visit(world, jar, `${ISSUERS.login}/logout?${query.toString()}`);
  const page = await response.text();
  const frame = new URLSearchParams({ iss: ISSUERS.idporten, sid }).toString().replaceAll('&', '&amp;');
  assert.ok(page.includes(`src="http://127.0.0.1:7500/oauth2/logout/frontchannel?${frame}"`));
  assert.ok(page.includes(`${back}?state=a+b`));
  assert.match(response.headers.get('content-security-policy') ?? '', /frame-src http:\/\/127\.0\.0\.1:7500/);
  assert.equal(redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('error'), 'login_required');
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  assert.equal((await askToken(world, refresh)).body['error'], 'invalid_grant');
});

test('idporten-10-logout: without frames to load it redirects at once', async () => {
  const jar: Jar = new Map();
  await codeAt(world, { client_id: CLIENTS.reuse }, jar);
  const fields = {
    client_id: CLIENTS.reuse,
    post_logout_redirect_uri: 'http://127.0.0.1:7500/oauth2/logout/callback',
    state: 's',
  };
  const response = await visit(world, jar, `${ISSUERS.login}/logout`, form(fields));
  assert.equal(response.headers.get('location'), 'http://127.0.0.1:7500/oauth2/logout/callback?state=s');
});

test('malformed-31: an unknown return address, a foreign hint or nothing to end is a page, never a redirect', async () => {
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  const at = (query: Record<string, string>, cookies: Jar = new Map()): Promise<Response> =>
    visit(world, cookies, `${ISSUERS.login}/logout?${new URLSearchParams(query).toString()}`);
  assert.equal((await at({ state: 'x' })).status, 400);
  assert.equal((await at({ id_token_hint: 'a.b.c' })).status, 400);
  assert.ok(
    redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('code'),
    'the session is untouched',
  );
  const unknown = await at({ client_id: CLIENTS.portal, post_logout_redirect_uri: 'http://evil.example/' }, jar);
  assert.equal(unknown.status, 400);
  assert.equal(redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('error'), 'login_required');
});

test('idporten-10-logout: one frame per client of the session, the one that asks too, and no others', async () => {
  const jar: Jar = new Map();
  const frontchannelLogoutUri = 'http://127.0.0.1:7600/front?keep=1';
  const second = registerIdporten(world, 'second', { frontchannelLogoutUri, frontchannelLogoutSessionRequired: true });
  const { body } = await askToken(world, redeem(await codeAt(world, {}, jar)));
  await visit(world, jar, authorizeUrl({ client_id: second, prompt: 'none' }));
  await visit(world, jar, authorizeUrl({ client_id: second, prompt: 'none' }));
  const query = new URLSearchParams({ id_token_hint: String(body['id_token']) });
  const page = await (await visit(world, jar, `${ISSUERS.login}/logout?${query.toString()}`)).text();
  const told = new URLSearchParams({ iss: ISSUERS.idporten, sid: String(claimsOf(body['id_token'])['sid']) });
  const rest = told.toString().replaceAll('&', '&amp;');
  const frames = [...page.matchAll(/<iframe src="([^"]+)"/g)].map(([, src = '']) => src).toSorted();
  assert.deepEqual(frames, [
    `http://127.0.0.1:7500/oauth2/logout/frontchannel?${rest}`,
    `${frontchannelLogoutUri}&amp;${rest}`,
  ]);
});

test('idporten-10-logout: tokens for more than signing in stay valid', async () => {
  const jar: Jar = new Map();
  const wide = registerIdporten(world, 'wide', { scopes: ['openid', 'profile', 'demo:feed/read'] });
  const { body } = await askToken(
    world,
    redeem(await codeAt(world, { client_id: wide, scope: 'openid demo:feed/read' }, jar)),
    wide,
  );
  await visit(world, jar, `${ISSUERS.login}/logout`);
  assert.equal(redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('error'), 'login_required');
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  assert.equal((await askToken(world, refresh, wide)).status, 200);
});

test('idporten-10-logout: without hint and client_id nobody is sent back; a state that cannot be printed is refused', async () => {
  const jar: Jar = new Map();
  const back = { post_logout_redirect_uri: 'http://127.0.0.1:7500/oauth2/logout/callback', state: 's' };
  await codeAt(world, {}, jar);
  const page = await visit(world, jar, `${ISSUERS.login}/logout`, form(back));
  assert.equal(page.status, 200);
  assert.ok(!(await page.text()).includes('logout/callback'));
  await codeAt(world, {}, jar);
  const unprintable = await visit(
    world,
    jar,
    `${ISSUERS.login}/logout`,
    form({ ...back, client_id: CLIENTS.portal, state: 'å' }),
  );
  assert.equal(unprintable.status, 400);
});

test('idporten-10-logout: a hint alone ends its session, whether the ID token names it or not; other sessions of the person go on', async () => {
  for (const clientId of [CLIENTS.portal, CLIENTS.post]) {
    const silent = authorizeUrl({ prompt: 'none' });
    const [jar, other]: [Jar, Jar] = [new Map(), new Map()];
    await codeAt(world, {}, other);
    world.clock.now += 1;
    const code = await codeAt(world, { client_id: clientId }, jar);
    const key = clientId === CLIENTS.portal;
    const { body } = key
      ? await askToken(world, redeem(code))
      : await askWithSecret({ ...redeem(code), client_id: clientId });
    assert.equal('sid' in claimsOf(body['id_token']), key);
    // A form of another site comes without cookies that are SameSite=Lax.
    const hint = { id_token_hint: String(body['id_token']) };
    const said = await visit(world, new Map(), `${ISSUERS.login}/logout`, form(hint));
    assert.equal(said.status, 200);
    assert.equal(redirected(await visit(world, jar, silent)).get('error'), 'login_required');
    assert.ok(redirected(await visit(world, other, silent)).get('code'));
  }
});

test('idporten-10-logout: an ID token beside the client_id of another client ends nothing', async () => {
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, {}, jar)));
  const fields = { id_token_hint: String(body['id_token']), client_id: CLIENTS.reuse };
  assert.equal((await visit(world, new Map(), `${ISSUERS.login}/logout`, form(fields))).status, 400);
  assert.ok(redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('code'));
});
