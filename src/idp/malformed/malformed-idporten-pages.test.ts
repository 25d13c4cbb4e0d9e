import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { outcome, testRows } from '../testing/outcome.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, authorizeUrl, CALLBACK, codeAt, redeem, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

const PAR = `${ISSUERS.idporten}/par`;
const BACK = 'http://127.0.0.1:7500/oauth2/logout/callback';
const LONG = 's'.repeat(4096);

const at = async (change: Record<string, string>): Promise<string> => outcome(await world.fetch(authorizeUrl(change)));

async function pushed(fields: Record<string, string> = {}): Promise<Response> {
  const client_assertion = await world.assertion(CLIENTS.portal, ISSUERS.idporten);
  const request = Object.fromEntries(new URL(authorizeUrl({ prompt: 'none' })).searchParams);
  const sent = { client_assertion, client_assertion_type: ASSERTION_TYPE, ...request, ...fields };
  return await world.fetch(PAR, form(sent));
}

/** The reference of a request that was pushed just now. */
async function reference(): Promise<string> {
  return ((await (await pushed()).json()) as { request_uri: string }).request_uri;
}

async function bring(request_uri: string, beside: Record<string, string> = {}): Promise<string> {
  const query = new URLSearchParams({ client_id: CLIENTS.portal, request_uri, ...beside });
  return outcome(await world.fetch(`${ISSUERS.login}/authorize?${query.toString()}`));
}

async function bringTwice(): Promise<string> {
  const one = await reference();
  assert.match(await bring(one), /^302 login_required /);
  return await bring(one);
}

async function bringLate(): Promise<string> {
  const one = await reference();
  world.clock.now += 120;
  return await bring(one);
}

async function logout(query: Record<string, string>, jar: Jar = new Map()): Promise<string> {
  return outcome(await visit(world, jar, `${ISSUERS.login}/logout?${new URLSearchParams(query).toString()}`));
}

/** The access token is for us alone, so it must not pass for the ID token it stands beside. */
async function accessTokenAsHint(): Promise<string> {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const id_token_hint = String(body['access_token']);
  return await logout({ id_token_hint, client_id: CLIENTS.portal, post_logout_redirect_uri: BACK });
}

async function foreignHint(): Promise<string> {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  return await logout({ id_token_hint: String(body['id_token']), client_id: CLIENTS.reuse });
}

const BAD_PAGE = '400 page invalid_request';
const BESIDE = `state=st iss=${ISSUERS.idporten}`;

testRows('ID-porten', [
  ['13 no challenge', () => at({ code_challenge: '', code_challenge_method: '' }), `302 invalid_request ${BESIDE}`],
  ['13 plain', () => at({ code_challenge_method: 'plain' }), `302 invalid_request ${BESIDE}`],
  ['13 a challenge without method', () => at({ code_challenge_method: '' }), `302 invalid_request ${BESIDE}`],
  ['14 scope beside request_uri', async () => bring(await reference(), { scope: 'openid' }), BAD_PAGE],
  ['14 a request of another client', async () => bring(await reference(), { client_id: CLIENTS.reuse }), BAD_PAGE],
  ['14 an unknown request_uri', () => bring('urn:idporten:x'), BAD_PAGE],
  ['14 a used request_uri', bringTwice, BAD_PAGE],
  ['14 an expired request_uri', bringLate, BAD_PAGE],
  ['14 a request object', () => at({ request: 'a.b.c' }), `302 invalid_request ${BESIDE}`],
  ['15 request_uri pushed', async () => outcome(await pushed({ request_uri: 'urn:x' })), '400 invalid_request'],
  ['15 PAR by GET', async () => outcome(await world.fetch(PAR)), '405 empty, Allow: POST'],
  ['15 PAR of another client', async () => outcome(await pushed({ client_id: CLIENTS.reuse })), '401 invalid_client'],
  ['15 PAR to nowhere', async () => outcome(await pushed({ redirect_uri: 'http://x.test/' })), '400 invalid_request'],
  ['16 an unknown client', () => at({ client_id: 'nobody' }), '400 page invalid_client'],
  ['16 a slash more', () => at({ redirect_uri: `${CALLBACK}/` }), BAD_PAGE],
  ['16 another case', () => at({ redirect_uri: CALLBACK.toUpperCase() }), BAD_PAGE],
  ['16 a query more', () => at({ redirect_uri: `${CALLBACK}?x=1` }), BAD_PAGE],
  ['16 another port', () => at({ redirect_uri: CALLBACK.replace('7500', '7501') }), BAD_PAGE],
  ['16 no redirect URI', () => at({ redirect_uri: '' }), BAD_PAGE],
  ['17 response type token', () => at({ response_type: 'token' }), `302 unsupported_response_type ${BESIDE}`],
  ['17 response type id_token', () => at({ response_type: 'id_token' }), `302 unsupported_response_type ${BESIDE}`],
  ['17 no response type', () => at({ response_type: '' }), `302 invalid_request ${BESIDE}`],
  ['18 a scope that is not on the client', () => at({ scope: 'openid x:y' }), `302 invalid_scope ${BESIDE}`],
  ['18 no openid', () => at({ scope: 'profile' }), `302 invalid_scope ${BESIDE}`],
  ['19 prompt none beside login', () => at({ prompt: 'none login' }), `302 invalid_request ${BESIDE}`],
  [
    '20 a state of 4 KiB',
    () => at({ state: LONG, prompt: 'none' }),
    `302 login_required state=${LONG} iss=${ISSUERS.idporten}`,
  ],
  [
    '20 a state of markup',
    () => at({ state: '"<script>&', prompt: 'none' }),
    `302 login_required state="<script>& iss=${ISSUERS.idporten}`,
  ],
  [
    '31 an address of nobody',
    () => logout({ client_id: CLIENTS.portal, post_logout_redirect_uri: 'http://x.test/' }),
    BAD_PAGE,
  ],
  ['31 a damaged hint', () => logout({ id_token_hint: 'a.b.c', post_logout_redirect_uri: BACK }), BAD_PAGE],
  ['31 a hint of another client', foreignHint, BAD_PAGE],
  ['31 an access token as hint', accessTokenAsHint, BAD_PAGE],
  ['31 only state', () => logout({ state: 'x' }), BAD_PAGE],
]);

test('idporten-10-logout: an address without hint or client_id is no way back; a state beyond printable ASCII neither', async () => {
  const jar: Jar = new Map();
  await codeAt(world, { client_id: CLIENTS.reuse }, jar);
  assert.equal(await logout({ post_logout_redirect_uri: BACK, state: 'x' }, jar), '200 page');
  assert.equal(redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('error'), 'login_required');
  await codeAt(world, { client_id: CLIENTS.reuse }, jar);
  const asked = { client_id: CLIENTS.reuse, post_logout_redirect_uri: BACK };
  assert.equal(await logout({ ...asked, state: 'blåbær' }, jar), BAD_PAGE);
});
