import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { claimsOf, createTestKeys, createWorld, FORM, IDP, ISSUER } from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';
import { GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys });
after(() => world.close());

const REQUIRED = [
  'grant_type',
  'client_assertion_type',
  'client_assertion',
  'subject_token',
  'subject_token_type',
  'audience',
];
const REFUSED = [
  'authorization_details',
  'claims',
  'acr_values',
  'max_age',
  'request',
  'request_uri',
  'requested_subject',
  'requested_issuer',
  'subject-issuer',
  'request_context',
  'request_details',
  'assertion',
  'code',
  'refresh_token',
  'username',
  'password',
  'fm_subject_proof',
];
/** What a token exchange may come with. */
const OPTIONAL = ['client_id', 'scope', 'requested_token_type', 'resource', 'actor_token', 'actor_token_type'];
/** What is read of client credentials beside authentication. */
const OF_CLIENT_CREDENTIALS = ['audience', 'resource', 'scope'];

const post = (body: string | Buffer, headers: object = {}, path = '/token'): Promise<Answer> =>
  world.send('POST', path, { body, headers: { ...FORM, ...headers } });
const reasonOf = ({ body }: Answer): unknown => body['fm_reason'];

test('exchanges a user token for one the next application takes (RFC 8693 2.2.1, tokenx 23)', async () => {
  const answer = await world.exchange();
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.deepEqual(Object.keys(answer.body), ['access_token', 'issued_token_type', 'token_type', 'expires_in']);
  assert.equal(answer.body['issued_token_type'], TOKEN_TYPE.accessToken);
  assert.equal(answer.body['token_type'], 'Bearer');
  assert.equal(answer.body['expires_in'], 590);
  const { jti, ...claims } = claimsOf(answer);
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  const now = world.clock.now;
  assert.deepEqual(claims, {
    acr: 'Level4',
    sid: 's-5',
    iss: ISSUER,
    aud: 'dev:fleet:api',
    sub: 'u-81',
    client_id: 'dev:fleet:web',
    azp: 'dev:fleet:web',
    idp: IDP,
    act: { sub: 'dev:fleet:web' },
    iat: now,
    nbf: now,
    exp: now + 590,
  });
});

test('X03, N06: a required parameter that is absent or empty is an error, never silence (R2)', async () => {
  for (const name of REQUIRED) {
    for (const value of [undefined, '']) {
      const answer = await world.exchange({ [name]: value });
      assert.equal(answer.status, 400);
      assert.equal(reasonOf(answer), 'parameter-missing', `${name} ${value}`);
      assert.match(String(answer.body['error_description']), new RegExp(`^${name} `));
    }
  }
});

test('X03: an optional parameter may be absent or empty, which is one and the same (R2, R3)', async () => {
  for (const name of OPTIONAL) {
    assert.equal((await world.exchange({ [name]: '' })).status, 200, name);
    assert.equal((await world.exchange({ [name]: undefined })).status, 200, name);
  }
  const none = Object.fromEntries(OF_CLIENT_CREDENTIALS.map((name) => [name, '']));
  const credentials = { grant_type: GRANT.clientCredentials, subject_token: '', subject_token_type: '' };
  assert.equal(reasonOf(await world.exchange({ ...credentials, ...none })), 'grant-not-allowed', 'the client may not');
});

test('X03, N06: a repeated parameter is refused, a second audience or resource as a second target (R2)', async () => {
  for (const name of [...REQUIRED, ...OPTIONAL, ...REFUSED, 'unheard_of']) {
    const many = name === 'audience' || name === 'resource';
    const expected = many ? 'target-multiple' : 'duplicate-parameter';
    for (const pair of [`${name}=1&${name}=2`, `${name}=1&${name}=1`, `${name}=&${name}=1`, `${name}=1&${name}=`]) {
      assert.equal(reasonOf(await post(`${await world.form({ [name]: undefined })}&${pair}`)), expected, pair);
    }
  }
  assert.equal(reasonOf(await post(`${await world.form()}&scope=a&scope=b&audience=x`)), 'target-multiple');
});

test('X03: an OAuth parameter in the query string is refused, any other is not (R2, RFC 6749 2.3.1)', async () => {
  for (const name of [...REQUIRED, ...OPTIONAL, ...REFUSED, 'client_secret']) {
    for (const query of [`${name}=x`, `${name}=`, name, `trace=1&${name}=x&${name}=y`]) {
      assert.equal(reasonOf(await post(await world.form(), {}, `/token?${query}`)), 'query-parameter', query);
    }
  }
  assert.equal((await post(await world.form(), {}, '/token?trace=1')).status, 200);
});

test('X03, N06: what would restrict the token and is not done here is refused by name (R4)', async () => {
  for (const name of REFUSED) {
    const answer = await world.exchange({ [name]: 'x' });
    assert.equal(reasonOf(answer), 'unsupported-parameter', name);
    assert.match(String(answer.body['error_description']), new RegExp(name));
    assert.equal((await world.exchange({ [name]: '' })).status, 200, `${name} without a value counts as absent`);
  }
  assert.equal(reasonOf(await world.exchange({}, { DPoP: 'a.b.c' })), 'unsupported-parameter');
});

test('X03: unknown parameters are ignored and counted (RFC 6749 3.2)', async () => {
  const before = world.events.length;
  assert.equal((await world.exchange({ 'a[]': '1', tenant: 'x' })).status, 200);
  assert.equal(
    reasonOf(await world.exchange({ audience: undefined, 'audience[]': 'dev:fleet:api' })),
    'parameter-missing',
  );
  assert.deepEqual(
    world.events.slice(before).filter((event) => event.event === 'exchange.ignored_parameters'),
    [
      { event: 'exchange.ignored_parameters', count: 2 },
      { event: 'exchange.ignored_parameters', count: 1 },
    ],
  );
});

test('X03: 32 parameters pass, 33 do not; 64 KiB pass, one byte more does not (R1)', async () => {
  const form = await world.form();
  const count = form.split('&').length;
  const filled = (total: number): string =>
    [form, ...Array.from({ length: total - count }, (_each, index) => `p${index}=1`)].join('&');
  assert.equal((await post(filled(32))).status, 200);
  assert.equal(reasonOf(await post(filled(33))), 'too-many-parameters');
  const padded = async (bytes: number): Promise<string> => {
    const fresh = `${await world.form()}&pad=`;
    return fresh + 'x'.repeat(bytes - fresh.length);
  };
  assert.equal((await post(await padded(65_536))).status, 200);
  assert.equal((await post(await padded(65_537))).status, 413);
});

test('X03: only UTF-8 form bodies are read (R1)', async () => {
  const form = await world.form();
  assert.equal(reasonOf(await post('{}', { 'Content-Type': 'application/json' })), 'content-type');
  assert.equal(
    reasonOf(await post(form, { 'Content-Type': 'application/x-www-form-urlencoded; charset=latin1' })),
    'content-type',
  );
  for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/json; charset=utf-8', '']) {
    assert.equal(reasonOf(await post(form, { 'Content-Type': type })), 'content-type', type);
  }
  assert.equal(reasonOf(await post(JSON.stringify({ grant_type: GRANT.tokenExchange }))), 'parameter-missing');
  assert.equal(reasonOf(await post(`${form}&x=%ff`)), 'content-type');
  assert.equal(reasonOf(await post(Buffer.concat([Buffer.from(`${form}&x=`), Buffer.of(0xff)]))), 'content-type');
  assert.equal((await post(form, { 'Content-Type': 'Application/X-WWW-Form-URLEncoded; charset=UTF-8' })).status, 200);
});

test('tells the requested kind of token back, and knows two (R5)', async () => {
  assert.equal(
    (await world.exchange({ requested_token_type: TOKEN_TYPE.jwt })).body['issued_token_type'],
    TOKEN_TYPE.jwt,
  );
  assert.equal(reasonOf(await world.exchange({ requested_token_type: TOKEN_TYPE.idToken })), 'requested-token-type');
});

test('unknown paths are 404, wrong methods 405 with Allow, and nothing answers a cross-origin question (tokenx 2)', async () => {
  assert.equal((await world.send('POST', '/tokens')).status, 404);
  const answer = await world.send('GET', '/token', { headers: { Origin: 'https://evil.example.test' } });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers['allow'], 'POST');
  assert.equal(answer.headers['access-control-allow-origin'], undefined);
});

test('the first failing step answers: form, then grant, then authentication, then policy (tokenx 4.2)', async () => {
  const everything = { grant_type: 'x', client_assertion: 'x', audience: 'x', subject_token: 'x' };
  assert.equal(reasonOf(await world.exchange({ ...everything, code: 'x' })), 'unsupported-parameter');
  assert.equal(reasonOf(await world.exchange(everything)), 'grant-type');
  const { grant_type: _grant, ...noGrant } = everything;
  assert.equal(reasonOf(await world.exchange(noGrant)), 'client-assertion-malformed');
  const { client_assertion: _assertion, ...noClient } = noGrant;
  assert.equal(reasonOf(await world.exchange(noClient)), 'target-unknown');
  assert.equal(reasonOf(await world.exchange({ subject_token: 'x' })), 'subject-malformed');
});
