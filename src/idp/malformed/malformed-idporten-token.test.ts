import { after } from 'node:test';
import { codeChallenge } from '../../oauth/pkce.ts';
import { createForge } from '../testing/forge.ts';
import { outcome, testRows } from '../testing/outcome.ts';
import type { Row } from '../testing/outcome.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, CALLBACK, codeAt, employeeTokens, redeem, VERIFIER } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra'] });
after(() => world.close());
const forge = await createForge(world, () => ({
  iss: CLIENTS.portal,
  sub: CLIENTS.portal,
  aud: ISSUERS.idporten,
  iat: world.clock.now,
  exp: world.clock.now + 30,
  jti: crypto.randomUUID(),
}));

const TOKEN = `${ISSUERS.idporten}/token`;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const UNKNOWN_CODE = redeem('a.b');
const PARAMETERS_33 = Array.from({ length: 33 }, (_, index) => `p${index}=1`).join('&');

const send = async (body: string, headers: Record<string, string> = FORM, url: string = TOKEN): Promise<string> =>
  await outcome(await world.fetch(url, { method: 'POST', body, headers }));
const grant = async (fields: Record<string, string>, client: string = CLIENTS.portal): Promise<string> => {
  const { status, body } = await askToken(world, fields, client);
  return `${status} ${typeof body['error'] === 'string' ? body['error'] : 'ok'}`;
};
const proven = (client_assertion: string): Promise<string> => grant({ ...UNKNOWN_CODE, client_assertion });
const basic = (id: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:s3cret`).toString('base64')}`,
});

/** A good assertion and an `Authorization` header at once. */
async function both(authorization: Record<string, string>): Promise<string> {
  const client_assertion = await forge.signed();
  const fields = { client_id: CLIENTS.portal, client_assertion, client_assertion_type: ASSERTION_TYPE };
  return await outcome(await world.fetch(TOKEN, form({ ...UNKNOWN_CODE, ...fields }, authorization)));
}

async function twice(ask: (value: string) => Promise<string>, value: Promise<string>): Promise<string> {
  await ask(await value);
  return await ask(await value);
}

async function withCode(change: Record<string, string>, client?: string): Promise<string> {
  return await grant({ ...redeem(await codeAt(world)), ...change }, client);
}

async function unchallenged(): Promise<string> {
  const without = { client_id: CLIENTS.lenient, code_challenge: '', code_challenge_method: '' };
  return await grant(redeem(await codeAt(world, without)), CLIENTS.lenient);
}

async function issued(member: 'access_token' | 'id_token' | 'refresh_token'): Promise<string> {
  return String((await askToken(world, redeem(await codeAt(world)))).body[member]);
}

const refresh = (token: string, client?: string): Promise<string> =>
  grant({ grant_type: 'refresh_token', refresh_token: token }, client);

async function userinfo(token?: string, query = ''): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await world.fetch(`${ISSUERS.idporten}/userinfo${query}`, { headers });
  return `${response.status} ${response.headers.get('www-authenticate') ?? ''}`;
}

async function expiredUserinfo(): Promise<string> {
  const token = await issued('access_token');
  world.clock.now += 3600;
  return await userinfo(token);
}

async function foreignUserinfo(): Promise<string> {
  return await userinfo(String((await employeeTokens(world, `${CLIENTS.middle}/.default`)).body['access_token']));
}

const REFUSED = '401 invalid_client';
const BAD = '400 invalid_request';
const GONE = '400 invalid_grant';

testRows('ID-porten', [
  ['01 GET', async () => outcome(await world.fetch(TOKEN)), '405 empty, Allow: POST'],
  ['02 JSON', () => send('{}', { 'content-type': 'application/json' }), BAD],
  ['02 no content type', () => send('grant_type=x', { 'content-type': '' }), BAD],
  ['03 nothing', () => send(''), REFUSED],
  ['04 a parameter twice', () => send('code=1&code=2'), BAD],
  ['05 parameters in the query', () => send('', FORM, `${TOKEN}?client_id=x&client_id=y`), REFUSED],
  ['06 64 KiB and a byte', () => send(`a=${'x'.repeat(65_535)}`), '413 empty'],
  ['07 33 parameters', () => send(PARAMETERS_33), BAD],
  ['07 no UTF-8', () => send('a=%ff'), BAD],
  ['07 a stray percent sign', () => send('a=%zz'), BAD],
  ['08 password, after the client', () => grant({ grant_type: 'password' }), '400 unsupported_grant_type'],
  ['08 password, of nobody', () => send('grant_type=password'), REFUSED],
  ['09 Basic beside an assertion', () => both(basic(CLIENTS.basic)), REFUSED],
  ['09 unreadable Basic beside an assertion', () => both({ authorization: 'Basic !' }), REFUSED],
  [
    '09 Basic of one client, client_id of another',
    async () => outcome(await world.fetch(TOKEN, form({ client_id: CLIENTS.basic }, basic(CLIENTS.post)))),
    REFUSED,
  ],
  ...Object.entries(forge.refused).map(
    ([name, make]): Row => [`10 ${name}`, async () => proven(await make()), REFUSED],
  ),
  ['11 a life of 121 s', async () => proven(await forge.signed({ exp: world.clock.now + 121 })), REFUSED],
  ['11 another audience', async () => proven(await forge.signed({ aud: `${ISSUERS.idporten}/` })), REFUSED],
  ['11 a jti again', () => twice(proven, forge.signed()), REFUSED],
  ['12 no client_id', async () => grant({ ...UNKNOWN_CODE, client_assertion: await forge.signed() }, ''), REFUSED],
  ['12 a key from a client of secrets', () => grant(UNKNOWN_CODE, CLIENTS.post), REFUSED],
  ['12 a secret from a client of keys', () => send(`client_id=${CLIENTS.portal}&client_secret=s3cret`), REFUSED],
  ['21 an unknown code', () => grant(UNKNOWN_CODE), GONE],
  ['21 a used code', () => twice((code) => grant(redeem(code)), codeAt(world)), GONE],
  ['21 the code of another client', () => withCode({}, CLIENTS.reuse), GONE],
  ['21 another redirect URI', () => withCode({ redirect_uri: `${CALLBACK}/` }), GONE],
  ['21 a wrong verifier', () => withCode({ code_verifier: 'x'.repeat(43) }), GONE],
  ['21 the challenge as verifier', () => withCode({ code_verifier: codeChallenge(VERIFIER) }), GONE],
  ['21 no verifier', () => withCode({ code_verifier: '' }), GONE],
  ['21 a superfluous verifier', unchallenged, GONE],
  ['22 an unknown refresh token', () => refresh('x'), GONE],
  ['22 a used refresh token', () => twice(refresh, issued('refresh_token')), GONE],
  ["22 another client's refresh token", async () => refresh(await issued('refresh_token'), CLIENTS.reuse), GONE],
  ['30 userinfo without token', () => userinfo(), '401 Bearer'],
  ['30 an expired token', expiredUserinfo, '401 Bearer error="invalid_token"'],
  ["30 another issuer's token", foreignUserinfo, '401 Bearer error="invalid_token"'],
  ['30 an ID token', async () => userinfo(await issued('id_token')), '401 Bearer error="invalid_token"'],
  [
    '30 a token in the query',
    async () => userinfo(undefined, `?access_token=${await issued('access_token')}`),
    '401 Bearer',
  ],
  ['32 an unknown path', async () => outcome(await world.fetch(`${ISSUERS.idporten}/nothing`)), '404 empty'],
  ['32 PUT', async () => outcome(await world.fetch(TOKEN, { method: 'PUT' })), '405 empty, Allow: POST'],
]);
