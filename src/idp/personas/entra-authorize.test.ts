import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from '../../web/serve.ts';
import { openEntra } from '../services/entra.ts';
import { openStage } from '../stage.ts';
import {
  CHALLENGED,
  codes,
  entraUrl,
  machine,
  redeemAt,
  registerEntra,
  SPA_CALLBACK,
  tokensFor,
  visitEntra,
} from '../testing/entra.ts';
import type { Answer } from '../testing/entra.ts';
import { CLIENTS, guid } from '../testing/rows.ts';
import { askEntra, claimsOf, DESK_CALLBACK, redirected, VERIFIER, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const browserApp = registerEntra(world, 'browser', { redirectUris: [], spaRedirectUris: [SPA_CALLBACK] });
const asked = { client_id: browserApp, redirect_uri: SPA_CALLBACK, ...CHALLENGED };
const scope = `openid offline_access ${browserApp}/.default`;

function redeemInBrowser(answer: Response, change: Record<string, string> = {}): Promise<Answer> {
  const fields = { client_id: browserApp, client_secret: '', redirect_uri: SPA_CALLBACK, code_verifier: VERIFIER };
  return redeemAt(world, answer, { ...fields, ...change });
}

function refreshInBrowser(token: unknown): Promise<Answer> {
  const fields = { grant_type: 'refresh_token', client_id: browserApp, refresh_token: String(token) };
  return askEntra(world, fields);
}

test('entra codes: an unknown application and a foreign address are told on a page; any port of localhost will do', async () => {
  assert.match(await (await visitEntra(world, { client_id: guid(0xff) })).text(), /AADSTS700016/);
  assert.match(await (await visitEntra(world, { redirect_uri: 'http://127.0.0.1:9/x' })).text(), /AADSTS50011/);
  const redirect_uri = 'http://localhost:9999/oauth2/callback';
  const answer = await visitEntra(world, { redirect_uri });
  assert.deepEqual(codes(await redeemAt(world, answer)), [400, 'invalid_request', 50_011]);
  assert.equal((await redeemAt(world, answer, { redirect_uri, code_verifier: 'v'.repeat(43) })).status, 200);
  assert.deepEqual(codes(await redeemAt(world, answer, { redirect_uri })), [400, 'invalid_grant', 54_005]);
});

test('entra codes: the answer holds code, state and session_state, client_info when asked, and no iss (RFC 9207)', async () => {
  const query = redirected(await visitEntra(world, {}));
  assert.deepEqual([...query.keys()].toSorted(), ['code', 'session_state', 'state']);
  const { body } = await tokensFor(world, 'openid', { client_info: '1' });
  assert.equal((await tokensFor(world, 'openid')).body['client_info'], undefined);
  const info: unknown = JSON.parse(Buffer.from(String(body['client_info']), 'base64url').toString());
  assert.deepEqual(info, { uid: claimsOf(body['id_token'])['oid'], utid: TENANT });
  const told = redirected(await visitEntra(world, { client_info: '1' })).get('client_info');
  assert.equal(told, body['client_info']);
});

test('entra codes: session_state is the session of the ID token, and a setting leaves it out', async (t) => {
  const answer = await visitEntra(world, {});
  const { body } = await redeemAt(world, answer);
  assert.equal(redirected(answer).get('session_state'), claimsOf(body['id_token'])['sid']);
  const { listeners } = await openEntra(await openStage({ ...world.config, entraSessionState: false }, world.deps));
  const [plain] = listeners;
  assert.ok(plain !== undefined);
  const listener = await serve(plain);
  t.after(() => listener.close(0));
  const without = await fetch(entraUrl({}).replace(ISSUERS.entra, listener.origin), { redirect: 'manual' });
  assert.deepEqual([...redirected(without).keys()].toSorted(), ['code', 'state']);
});

test('entra codes: response modes fragment and form_post carry answers and errors alike', async () => {
  const fragment = await visitEntra(world, { response_mode: 'fragment' });
  const location = new URL(fragment.headers.get('location') ?? 'none:');
  assert.equal(location.search, '');
  const inFragment = new URLSearchParams(location.hash.slice(1));
  assert.ok(inFragment.get('code')?.startsWith('1.A'));
  assert.equal(inFragment.get('state'), 'st');
  const refused = await visitEntra(world, { response_mode: 'fragment', prompt: 'none', login_hint: '' });
  assert.match(refused.headers.get('location') ?? '', /#error=login_required&error_description=AADSTS50058/);
  const posted = await visitEntra(world, { response_mode: 'form_post' });
  const page = await posted.text();
  assert.match(page, new RegExp(`<form method="post" action="${DESK_CALLBACK}">`));
  for (const name of ['code', 'state', 'session_state']) assert.match(page, new RegExp(`name="${name}" value="`));
  assert.match(page, /id="fm-continue"/);
  const unknown = await visitEntra(world, { response_mode: 'query.jwt' });
  assert.equal(redirected(unknown).get('error'), 'invalid_request');
});

test('entra codes: a silent request is answered from the session, and select_account asks again', async () => {
  const jar: Jar = new Map();
  await visit(world, jar, entraUrl({}));
  const silent = { login_hint: '', prompt: 'none' };
  assert.ok(redirected(await visit(world, jar, entraUrl(silent))).get('code'));
  const again = await visit(world, jar, entraUrl({ login_hint: '', prompt: 'select_account' }));
  assert.match(await again.text(), /id="fm-login"/);
  world.clock.now += 100;
  const old = await visit(world, jar, entraUrl({ ...silent, max_age: '99' }));
  assert.equal(redirected(old).get('error'), 'login_required');
});

test('entra browser applications: PKCE and no credential; the token says azpacr 0', async () => {
  const refused = await visitEntra(world, { client_id: browserApp, redirect_uri: SPA_CALLBACK });
  assert.equal(redirected(refused).get('error'), 'invalid_request');
  assert.match(redirected(refused).get('error_description') ?? '', /^AADSTS9002325: /);
  const { status, body } = await redeemInBrowser(await visitEntra(world, { ...asked, scope }));
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(claimsOf(body['access_token'])['azpacr'], '0');
  const other = await redeemInBrowser(await visitEntra(world, { ...asked, scope }), { code_verifier: 'v'.repeat(43) });
  assert.deepEqual(codes(other), [400, 'invalid_grant', 501_481]);
});

test('entra browser applications: refresh tokens end 24 hours after the sign-in, however often they are used', async () => {
  const { body } = await redeemInBrowser(await visitEntra(world, { ...asked, scope }));
  world.clock.now += 23 * 3600;
  const next = await refreshInBrowser(body['refresh_token']);
  assert.equal(next.status, 200, JSON.stringify(next.body));
  world.clock.now += 3600;
  assert.deepEqual(codes(await refreshInBrowser(next.body['refresh_token'])), [400, 'invalid_grant', 700_082]);
});

test('entra browser applications: without a credential nothing but their own codes and refresh tokens', async () => {
  const both = registerEntra(world, 'both', { spaRedirectUris: [SPA_CALLBACK] });
  const bare = { client_id: both, client_secret: '' };
  const needed = [401, 'invalid_client', 7_000_218];
  assert.deepEqual(codes(await machine(world, `${both}/.default`, bare)), needed);
  const web = await visitEntra(world, { client_id: both, scope: `openid offline_access ${both}/.default` });
  assert.deepEqual(codes(await redeemAt(world, web, bare)), needed);
  const { body } = await redeemAt(world, web, { client_id: both });
  const refresh = { grant_type: 'refresh_token', client_id: both, refresh_token: String(body['refresh_token']) };
  assert.deepEqual(codes(await askEntra(world, refresh)), needed);
  assert.equal((await machine(world, `${CLIENTS.api}/.default`)).status, 200);
});

test('entra browser applications: answers and refusals of the token endpoint may be read by any origin', async () => {
  const url = entraUrl({}).replace(/authorize\?.*/, 'token');
  for (const init of [{ method: 'OPTIONS' }, { method: 'POST', body: '' }]) {
    assert.equal((await world.fetch(url, init)).headers.get('access-control-allow-origin'), '*');
  }
});
