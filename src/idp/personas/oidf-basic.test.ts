import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { SCOPE_CLAIMS } from '../people/standard-claims.ts';
import { openControlOf } from '../testing/control.ts';
import { answerOf, APP, basic, bearer, headerOf, providerOf, SECRET } from '../testing/openid.ts';
import { claimsOf, PID, redirected } from '../testing/sign-in.ts';
import { form, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['oidf-basic'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-basic');
op.register('web');
op.register('other');
op.register('post', { token_endpoint_auth_method: 'client_secret_post' });
op.register('keyed', { token_endpoint_auth_method: 'private_key_jwt' });

/** No challenge and no nonce: what this persona must not demand. */
const PLAIN = { code_challenge: '', code_challenge_method: '', nonce: '' };
const NO_VERIFIER = { code_verifier: '' };

test('oidf-plans: metadata names https endpoints only, every scope with claims, and refuses request objects (Discovery 3)', async () => {
  const document = await answerOf(await op.fetch('/.well-known/openid-configuration'));
  assert.equal(document.status, 200);
  assert.equal(document.body['issuer'], op.issuer);
  const endpoints = Object.entries(document.body).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
  assert.equal(endpoints.length, 8);
  for (const [name, address] of endpoints) assert.ok(String(address).startsWith('https://localhost:7461/'), name);
  assert.deepEqual(document.body['scopes_supported'], [
    'openid',
    'profile',
    'email',
    'phone',
    'address',
    'offline_access',
  ]);
  assert.deepEqual(document.body['prompt_values_supported'], ['none', 'login', 'consent', 'select_account']);
  assert.equal(document.body['claims_parameter_supported'], true);
  assert.equal(document.body['request_parameter_supported'], false);
  assert.equal(document.body['request_uri_parameter_supported'], false);
  assert.equal(document.body['authorization_response_iss_parameter_supported'], true);
  assert.equal(document.body['frontchannel_logout_session_supported'], true);
  assert.equal(document.body['backchannel_logout_session_supported'], true);
  assert.deepEqual(document.body['token_endpoint_auth_methods_supported'], [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
  ]);
  assert.equal(document.body['dpop_signing_alg_values_supported'], undefined);
});

test('oidf-plans: published keys have distinct kids, an alg each and no private member', async () => {
  const { body } = await answerOf(await op.fetch('/jwks'));
  const keys = body['keys'];
  assert.ok(Array.isArray(keys));
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
  for (const key of keys) {
    assert.ok(['RS256', 'ES256'].includes(key.alg));
    assert.equal(key.d, undefined);
  }
});

test('oidf-plans: a code flow needs neither PKCE nor a nonce, and ID tokens have the claims of Core 2', async () => {
  const answer = await op.signIn(PLAIN);
  assert.equal(answer.get('iss'), op.issuer);
  assert.equal(answer.get('state'), 'st');
  const { status, body, headers } = await op.redeem(answer.get('code'), NO_VERIFIER);
  assert.equal(status, 200);
  assert.equal(headers.get('cache-control'), 'no-store');
  const id = claimsOf(body['id_token']);
  assert.equal(id['iss'], op.issuer);
  assert.equal(id['aud'], 'web');
  assert.equal(Number(id['exp']) - Number(id['iat']), 300);
  assert.equal(id['nonce'], undefined);
  assert.equal(headerOf(body['id_token'])['alg'], 'RS256');
  const digest = createHash('sha256').update(String(body['access_token'])).digest();
  assert.equal(id['at_hash'], digest.subarray(0, 16).toString('base64url'));
  assert.equal(headerOf(body['access_token'])['typ'], 'at+jwt');
});

test('oidf-plans: client_secret_basic, client_secret_post and private_key_jwt each redeem, and none of them for another', async () => {
  const inBody = await op.post('/token', {
    ...redemption(await op.signIn({ ...PLAIN, client_id: 'post' })),
    client_id: 'post',
    client_secret: SECRET,
  });
  assert.equal(inBody.status, 200);
  const keyed = await op.post('/token', {
    ...redemption(await op.signIn({ ...PLAIN, client_id: 'keyed' })),
    ...(await op.proof('keyed', { aud: `${op.issuer}/token` })),
  });
  assert.equal(keyed.status, 200);
  const wrong = await op.post('/token', redemption(await op.signIn({ ...PLAIN, client_id: 'post' })), basic('post'));
  assert.equal(`${wrong.status} ${String(wrong.body['error'])}`, '401 invalid_client');
  assert.equal(wrong.headers.get('www-authenticate'), 'Basic');
});

test('oidf-plans: an assertion may name this server twice, and nobody beside it (RFC 7523 3)', async () => {
  const endpoint = `${op.issuer}/token`;
  const asked = async (aud: unknown): Promise<number> =>
    (await op.post('/revoke', { token: 'x', ...(await op.proof('keyed', { aud })) })).status;
  for (const aud of [op.issuer, endpoint, [op.issuer], [op.issuer, endpoint]]) assert.equal(await asked(aud), 200);
  for (const aud of [[], [op.issuer, 'https://other.example.test'], `${op.issuer}/`, 'x']) {
    assert.equal(await asked(aud), 401, JSON.stringify(aud));
  }
});

test('oidf-plans: UserInfo answers GET, POST with the header, and POST with the token in the body', async () => {
  const { body } = await op.redeem((await op.signIn(PLAIN)).get('code'), NO_VERIFIER);
  const token = String(body['access_token']);
  const ways = [
    await op.fetch('/userinfo', bearer(token)),
    await op.fetch('/userinfo', { method: 'POST', ...bearer(token) }),
    await op.fetch('/userinfo', form({ access_token: token })),
    await op.fetch('/userinfo', { headers: { authorization: `bEaReR ${token}` } }),
  ];
  for (const way of ways) {
    const told = await answerOf(way);
    assert.deepEqual(told.body, { sub: claimsOf(body['id_token'])['sub'] });
    assert.equal(told.headers.get('cache-control'), 'no-store');
  }
});

test('oidf-plans: UserInfo refuses no token, a token in the query, a damaged one and two at once as RFC 6750 3 says', async () => {
  const { body } = await op.redeem((await op.signIn(PLAIN)).get('code'), NO_VERIFIER);
  const token = String(body['access_token']);
  const asked = async (path: string, init?: RequestInit): Promise<string> => {
    const { status, headers } = await op.fetch(path, init);
    return `${status} ${headers.get('www-authenticate') ?? ''}`;
  };
  assert.equal(await asked('/userinfo'), '401 Bearer');
  assert.equal(await asked(`/userinfo?access_token=${token}`), '401 Bearer');
  assert.equal(await asked('/userinfo', bearer(`${token}x`)), '401 Bearer error="invalid_token"');
  assert.equal(await asked('/userinfo', bearer(body['id_token'])), '401 Bearer error="invalid_token"');
  const both = { ...form({ access_token: token }) };
  assert.equal(
    await asked('/userinfo', { ...both, headers: { ...both.headers, ...bearer(token).headers } }),
    '400 Bearer error="invalid_request"',
  );
  world.clock.now += 3600;
  assert.equal(await asked('/userinfo', bearer(token)), '401 Bearer error="invalid_token"');
});

for (const [scope, names] of Object.entries(SCOPE_CLAIMS)) {
  test(`oidf-plans: scope ${scope} tells all of its claims at UserInfo and none in the ID token (Core 5.4)`, async () => {
    const { body } = await op.redeem((await op.signIn({ scope: `openid ${scope}` })).get('code'));
    const told = await answerOf(await op.fetch('/userinfo', bearer(body['access_token'])));
    assert.deepEqual(Object.keys(told.body).toSorted(), ['sub', ...names].toSorted());
    assert.ok(names.every((name) => told.body[name] !== undefined && told.body[name] !== ''));
    assert.ok(names.every((name) => claimsOf(body['id_token'])[name] === undefined));
  });
}

test('oidf-plans: essential claims are told where they were asked for (Core 5.5)', async () => {
  const claims = JSON.stringify({ userinfo: { name: { essential: true } }, id_token: { email: null, nickname: {} } });
  const { body } = await op.redeem((await op.signIn({ claims })).get('code'));
  const told = await answerOf(await op.fetch('/userinfo', bearer(body['access_token'])));
  assert.deepEqual(Object.keys(told.body), ['sub', 'name']);
  assert.ok(claimsOf(body['id_token'])['email']);
  assert.ok(claimsOf(body['id_token'])['nickname']);
});

test('oidf-plans: claims that are no claims request answer invalid_request, and an unreachable essential acr fails', async () => {
  for (const claims of ['{', '[]', '{"id_token":[]}', '{"id_token":{"name":3}}']) {
    assert.equal((await op.signIn({ claims })).get('error'), 'invalid_request');
  }
  const unreachable = JSON.stringify({ id_token: { acr: { essential: true, values: ['gold'] } } });
  assert.equal((await op.signIn({ claims: unreachable })).get('error'), 'unmet_authentication_requirements');
});

test('oidf-plans: a person is the same at every client, by a name that no client can bear', async () => {
  const [one, other] = await Promise.all(
    ['web', 'other'].map(async (client) => {
      const { body } = await op.redeem((await op.signIn({ client_id: client })).get('code'), {}, client);
      return claimsOf(body['id_token'])['sub'];
    }),
  );
  assert.equal(one, other);
  assert.match(String(one), /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(one, PID);
  assert.throws(() => op.register(String(one)), /looks like the subject of a person/);
});

test('oidf-plans: an authorization request may come by POST, with unknown parameters and in any order', async () => {
  const parameters = {
    extra: 'ignored',
    state: 'st',
    login_hint: `testid:${PID}`,
    scope: 'openid',
    redirect_uri: APP,
    client_id: 'web',
    response_type: 'code',
  };
  const answer = redirected(await op.fetch('/authorize', form(parameters)));
  assert.equal(answer.get('state'), 'st');
  assert.equal((await op.redeem(answer.get('code'), NO_VERIFIER)).status, 200);
});

test('oidf-plans: request objects are refused by name, by value and by reference (Core 3.1.2.6)', async () => {
  const byValue = await op.signIn({ request: 'eyJhbGciOiJub25lIn0.e30.' });
  assert.equal(byValue.get('error'), 'request_not_supported');
  assert.equal(byValue.get('state'), 'st');
  const byReference = await op.signIn({ request_uri: 'https://app.example.test/request.jwt' });
  assert.equal(byReference.get('error'), 'request_uri_not_supported');
});

test('oidf-plans: other response types are refused by redirect (RFC 6749 4.1.2.1)', async () => {
  for (const type of ['token', 'id_token', 'code id_token']) {
    assert.equal((await op.signIn({ response_type: type })).get('error'), 'unsupported_response_type');
  }
  assert.equal((await op.signIn({ response_type: '' })).get('error'), 'invalid_request');
});

test('oidf-plans: form_post sends the answer as a form (Form Post Response Mode 2)', async () => {
  const page = await op.visit(new Map(), { response_mode: 'form_post', login_hint: `testid:${PID}` });
  const text = await page.text();
  assert.equal(page.status, 200);
  assert.match(text, new RegExp(`<form method="post" action="${APP}">`));
  assert.match(text, /name="code" value="[A-Za-z0-9_-]{43}"/);
});

test('oidf-plans: keys are rotated during a run, and tokens of the old key stay verifiable and good', async () => {
  const { body } = await op.redeem((await op.signIn()).get('code'));
  const old = headerOf(body['id_token'])['kid'];
  const published = await kids();
  const control = await openControlOf(world);
  const rotated = await control('POST', '/v1/oidf-basic/keys', { action: 'rotate' });
  assert.equal(rotated.status, 200);
  const again = await op.redeem((await op.signIn()).get('code'));
  const kid = headerOf(again.body['id_token'])['kid'];
  assert.notEqual(kid, old);
  assert.ok((await kids()).includes(String(old)));
  assert.ok((await kids()).includes(String(kid)));
  assert.ok(!published.includes(String(kid)));
  assert.equal((await op.fetch('/userinfo', bearer(body['access_token']))).status, 200);
});

async function kids(): Promise<readonly string[]> {
  const { keys } = (await answerOf(await op.fetch('/jwks'))).body;
  return Array.isArray(keys) ? keys.map(({ kid }) => String(kid)) : [];
}

function redemption(answer: URLSearchParams): Record<string, string> {
  return { grant_type: 'authorization_code', code: answer.get('code') ?? '', redirect_uri: APP };
}
