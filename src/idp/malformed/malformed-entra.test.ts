import { after } from 'node:test';
import { OBO, visitEntra } from '../testing/entra.ts';
import { createForge } from '../testing/forge.ts';
import { outcome, testRows } from '../testing/outcome.ts';
import type { Row } from '../testing/outcome.ts';
import { CLIENTS, guid } from '../testing/rows.ts';
import { askEntra, DESK_CALLBACK, employeeTokens, redirected } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld, TENANT } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const BASE = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0`;
const TOKEN = `${BASE}/token`;
const forge = await createForge(world, () => ({
  iss: CLIENTS.desk,
  sub: CLIENTS.desk,
  aud: TOKEN,
  exp: world.clock.now + 600,
  jti: crypto.randomUUID(),
}));

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const API = `${CLIENTS.api}/.default`;
const LONG = 's'.repeat(4096);
const PARAMETERS_33 = Array.from({ length: 33 }, (_, index) => `p${index}=1`).join('&');

const send = async (body: string, headers: Record<string, string> = FORM, url: string = TOKEN): Promise<string> =>
  await outcome(await world.fetch(url, { method: 'POST', body, headers }));

async function ask(fields: Record<string, string>, tenant: string = TENANT): Promise<string> {
  const base = { client_id: CLIENTS.desk, client_secret: 's3cret' };
  return outcome(await world.fetch(`${ISSUERS.entra}/${tenant}/oauth2/v2.0/token`, form({ ...base, ...fields })));
}

const machine = (scope: string, change: Record<string, string> = {}, tenant?: string): Promise<string> =>
  ask({ grant_type: 'client_credentials', scope, ...change }, tenant);
const proven = (client_assertion: string, change: Record<string, string> = {}): Promise<string> =>
  machine(API, { client_secret: '', client_assertion, client_assertion_type: ASSERTION_TYPE, ...change });
const signed = async (claims: Record<string, unknown>): Promise<string> => proven(await forge.signed(claims));

const at = async (change: Record<string, string>): Promise<string> => outcome(await visitEntra(world, change));

/** Redeems a code that was asked for with some changes, with some others. */
async function withCode(asked: Record<string, string>, sent: Record<string, string> = {}): Promise<string> {
  const code = redirected(await visitEntra(world, asked)).get('code') ?? '';
  return await redeem({ code, ...sent });
}

const redeem = (fields: Record<string, string>): Promise<string> =>
  ask({ grant_type: 'authorization_code', redirect_uri: DESK_CALLBACK, ...fields });

async function withoutOpenid(): Promise<string> {
  const code = redirected(await visitEntra(world, { scope: API })).get('code') ?? '';
  const fields = { grant_type: 'authorization_code', client_id: CLIENTS.desk, client_secret: 's3cret', code };
  const { status, body } = await askEntra(world, { ...fields, redirect_uri: DESK_CALLBACK });
  return `${status} ${body['id_token'] === undefined ? 'without' : 'with'} an ID token`;
}

async function redeemTwice(): Promise<string> {
  const code = redirected(await visitEntra(world, {})).get('code') ?? '';
  await redeem({ code });
  return await redeem({ code });
}

async function redeemLate(): Promise<string> {
  const code = redirected(await visitEntra(world, {})).get('code') ?? '';
  world.clock.now += 600;
  return await redeem({ code });
}

async function twice(assertion: Promise<string>): Promise<string> {
  await proven(await assertion);
  return await proven(await assertion);
}

async function refresh(change: Record<string, string> = {}): Promise<string> {
  const { body } = await employeeTokens(world, `openid offline_access ${CLIENTS.middle}/.default`);
  const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']), ...change };
  await ask(fields);
  return await ask(fields);
}

async function onBehalf(change: Record<string, string> = {}): Promise<string> {
  const { body } = await employeeTokens(world, `openid ${CLIENTS.middle}/.default`);
  return await obo(String(body['access_token']), change);
}

const obo = (assertion: string, change: Record<string, string> = {}): Promise<string> =>
  ask({
    grant_type: OBO,
    requested_token_use: 'on_behalf_of',
    client_id: CLIENTS.middle,
    scope: API,
    assertion,
    ...change,
  });

async function oboOfApplication(): Promise<string> {
  const scope = `${CLIENTS.middle}/.default`;
  const base = { grant_type: 'client_credentials', client_id: CLIENTS.desk, client_secret: 's3cret', scope };
  return await obo(String((await askEntra(world, base)).body['access_token']));
}

async function oboOfIdToken(): Promise<string> {
  const { body } = await employeeTokens(world, 'openid');
  return await obo(String(body['id_token']), { client_id: CLIENTS.desk });
}

async function otherTenant(): Promise<string> {
  return ask({ grant_type: 'client_credentials', scope: API }, 'nowhere.test');
}

const MISSING = '400 invalid_request 900144';
const MALFORMED = '400 invalid_request 9002313';
const challenged = { code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' };

testRows('Entra ID', [
  ['01 GET', async () => outcome(await world.fetch(TOKEN)), '400 invalid_request 900561'],
  ['02 JSON', () => send('{}', { 'content-type': 'application/json' }), MISSING],
  ['02 no content type', () => send('grant_type=x', { 'content-type': '' }), MISSING],
  ['03 nothing', () => send(''), MISSING],
  ['04 a parameter twice', () => send('code=1&code=2'), MALFORMED],
  ['05 parameters in the query', () => send('', FORM, `${TOKEN}?grant_type=password`), MISSING],
  ['06 64 KiB and a byte', () => send(`a=${'x'.repeat(65_535)}`), '413 empty'],
  ['07 33 parameters', () => send(PARAMETERS_33), MALFORMED],
  ['07 no UTF-8', () => send('a=%ff'), MALFORMED],
  ['07 a stray percent sign', () => send('a=%zz'), MALFORMED],
  ['08 password', () => ask({ grant_type: 'password' }), '400 unsupported_grant_type 70003'],
  ['09 a secret beside an assertion', async () => proven(await forge.signed(), { client_secret: 'wrong' }), '200'],
  ...Object.entries(forge.refused)
    .filter(([name]) => !name.includes('jti'))
    .map(([name, make]): Row => [`10 ${name}`, async () => proven(await make()), '400 invalid_request 50027']),
  ['11 a long life', () => signed({ exp: world.clock.now + 86_400 }), '200'],
  ['11 another audience', () => signed({ aud: 'https://x.test/' }), '401 invalid_client 700023'],
  [
    '11 the token URL of another tenant',
    () => signed({ aud: TOKEN.replace(TENANT, guid(9)) }),
    '401 invalid_client 700023',
  ],
  ['11 the token URL by the name of the tenant', () => signed({ aud: TOKEN.replace(TENANT, 'example.test') }), '200'],
  ['11 a jti again', () => twice(forge.signed()), '200'],
  ['12 no client_assertion_type', async () => proven(await forge.signed(), { client_assertion_type: '' }), MISSING],
  ['12 no client_id', async () => proven(await forge.signed(), { client_id: '' }), '200'],
  ['16 an unknown client', () => at({ client_id: guid(0xff) }), '400 page AADSTS700016'],
  ['16 a slash more', () => at({ redirect_uri: `${DESK_CALLBACK}/` }), '400 page AADSTS50011'],
  ['16 another case', () => at({ redirect_uri: DESK_CALLBACK.toUpperCase() }), '400 page AADSTS50011'],
  ['16 a query more', () => at({ redirect_uri: `${DESK_CALLBACK}?x=1` }), '400 page AADSTS50011'],
  [
    '16 user info before another host',
    () => at({ redirect_uri: 'http://localhost:7502@x.test/oauth2/callback' }),
    '400 page AADSTS50011',
  ],
  ['17 response type token', () => at({ response_type: 'token' }), '302 unsupported_response_type state=st'],
  ['17 response type id_token', () => at({ response_type: 'id_token' }), '302 unsupported_response_type state=st'],
  ['17 no response type', () => at({ response_type: '' }), '302 invalid_request state=st'],
  ['19 prompt none and login', () => at({ prompt: 'none login' }), '302 invalid_request state=st'],
  ['18 a scope of no API', () => at({ scope: 'openid something' }), '302 invalid_scope state=st'],
  ['18 no openid', withoutOpenid, '200 without an ID token'],
  [
    '20 a state of 4 KiB',
    () => at({ state: LONG, prompt: 'none', login_hint: '' }),
    `302 login_required state=${LONG}`,
  ],
  [
    '20 a state of markup',
    () => at({ state: '"<script>&', prompt: 'none', login_hint: '' }),
    '302 login_required state="<script>&',
  ],
  ['21 an unknown code', () => redeem({ code: 'x' }), '400 invalid_grant 9002313'],
  ['21 an unknown code of the right look', () => redeem({ code: `1.A${'x'.repeat(86)}` }), '400 invalid_grant 9002313'],
  [
    '21 a code of no look before a wrong secret',
    () => redeem({ code: 'x', client_secret: 'wrong' }),
    '400 invalid_grant 9002313',
  ],
  ['21 a used code', redeemTwice, '400 invalid_grant 54005'],
  ['21 an expired code', redeemLate, '400 invalid_grant 70008'],
  ['21 the code of another client', () => withCode({}, { client_id: CLIENTS.middle }), '400 invalid_grant 70008'],
  ['21 another redirect URI', () => withCode({}, { redirect_uri: `${DESK_CALLBACK}/` }), '400 invalid_request 50011'],
  ['21 a wrong verifier', () => withCode(challenged, { code_verifier: 'v'.repeat(43) }), '400 invalid_grant 501481'],
  ['21 no verifier', () => withCode(challenged), '400 invalid_grant 501481'],
  ['21 a superfluous verifier', () => withCode({}, { code_verifier: 'v'.repeat(43) }), '200'],
  ['22 a used refresh token', () => refresh(), '200'],
  ['22 an unknown refresh token', () => refresh({ refresh_token: 'x' }), '400 invalid_grant 9002313'],
  ["22 another client's refresh token", () => refresh({ client_id: CLIENTS.middle }), '400 invalid_grant 70008'],
  ['23 two APIs', () => machine(`${API} ${CLIENTS.middle}/.default`), '400 invalid_request 28000'],
  ['23 a name instead of .default', () => machine(`${CLIENTS.api}/read`), '400 invalid_scope 1002012'],
  ['23 an API alone', () => machine(CLIENTS.api), '400 invalid_scope 1002012'],
  ['23 openid beside', () => machine(`openid ${API}`), '400 invalid_scope 1002012'],
  ['23 an API and Graph', () => machine(`${API} https://graph.microsoft.com/.default`), '400 invalid_request 28000'],
  ['23 organizations', () => machine(API, {}, 'organizations'), '400 invalid_request 90002'],
  ['23 common', () => machine(API, {}, 'common'), '400 invalid_request 90002'],
  ['23 a tenant of nobody', otherTenant, '400 invalid_request 90002'],
  ['24 no requested_token_use', () => onBehalf({ requested_token_use: '' }), MISSING],
  ['24 a token for another', () => onBehalf({ client_id: CLIENTS.api }), '400 invalid_grant 50013'],
  [
    '24 an assertion of no look before a wrong secret',
    () => obo('x', { client_secret: 'wrong' }),
    '400 invalid_grant 50013',
  ],
  ['24 the token of an application', oboOfApplication, '400 unauthorized_client 7000114'],
  ['24 an ID token', oboOfIdToken, '400 invalid_request 240002'],
  ['25 an unknown API', () => machine('api://local.demo.nothing/.default'), '400 invalid_resource 500011'],
  ['25 not in the inbound rules', () => machine(`${CLIENTS.closed}/.default`), '400 invalid_grant 501051'],
  [
    '25 not in the inbound rules, for a user',
    () => onBehalf({ scope: `${CLIENTS.closed}/.default` }),
    '400 invalid_grant 65001',
  ],
  ['25 outside the groups', () => at({ scope: `openid ${CLIENTS.picky}/.default` }), '400 page AADSTS50105'],
  ['32 an unknown path', async () => outcome(await world.fetch(`${ISSUERS.entra}/nothing`)), '404 empty'],
  ['32 a path that metadata names', async () => outcome(await world.fetch(`${BASE}/devicecode`)), '404 empty'],
]);
