import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SigningKey } from '../../oauth/jwk.ts';
import { HINT, pushingClient } from '../testing/fapi2.ts';
import { openControlOf } from '../testing/control.ts';
import { foreignKey } from '../testing/keys.ts';
import { answerOf, APP, basic, bearer, headerOf, providerOf } from '../testing/openid.ts';
import type { Answer } from '../testing/openid.ts';
import { outcome } from '../testing/outcome.ts';
import { transactionOf } from '../testing/page.ts';
import { claimsOf, PID, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, openWorld } from '../testing/world.ts';

type Texts = Readonly<Record<string, string>>;

const world = await openWorld({ personas: ['oidf-fapi2'] });
after(() => world.close());
const op = await providerOf(world, 'oidf-fapi2');
const [rs256, eddsa] = await Promise.all([foreignKey('RS256-key'), foreignKey('EdDSA-key', 'EdDSA')]);
const ps256: SigningKey = { ...rs256, alg: 'PS256' };
const jwks = { keys: [op.key, eddsa].map((key) => key.publicJwk) };
const rsa = Object.fromEntries(Object.entries(rs256.publicJwk).filter(([name]) => name !== 'alg'));
for (const id of ['web', 'other']) {
  op.register(id, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [...jwks.keys, rsa] } });
}

const { push, requestUri, open, redeem, tokens } = pushingClient(op);

const said = ({ status, body }: Answer): string => `${status} ${String(body['error'])}`;

test('oidf-plans: FAPI 2.0 metadata demands PAR and S256, offers key authentication alone and promises no sender constraint', async () => {
  const { body } = await answerOf(await op.fetch('/.well-known/openid-configuration'));
  assert.equal(body['require_pushed_authorization_requests'], true);
  assert.deepEqual(body['code_challenge_methods_supported'], ['S256']);
  assert.deepEqual(body['token_endpoint_auth_methods_supported'], ['private_key_jwt']);
  assert.deepEqual(body['token_endpoint_auth_signing_alg_values_supported'], ['PS256', 'ES256', 'EdDSA']);
  assert.deepEqual(body['id_token_signing_alg_values_supported'], ['PS256', 'ES256']);
  assert.deepEqual(body['response_modes_supported'], ['query']);
  assert.equal(body['authorization_response_iss_parameter_supported'], true);
  assert.equal(body['dpop_signing_alg_values_supported'], undefined);
  assert.equal(body['frontchannel_logout_supported'], false);
});

test('oidf-plans: FAPI 2.0 code flow with 64 characters of state and nonce, signed with PS256, iss in the answer', async () => {
  const [state, nonce] = ['s'.repeat(64), 'n'.repeat(64)];
  const answer = redirected(await open(await requestUri({ ...HINT, state, nonce })));
  assert.equal(answer.get('state'), state);
  assert.equal(answer.get('iss'), op.issuer);
  const { status, body } = await redeem(answer.get('code'));
  assert.equal(status, 200);
  assert.equal(claimsOf(body['id_token'])['nonce'], nonce);
  assert.equal(headerOf(body['id_token'])['alg'], 'PS256');
  assert.deepEqual(headerOf(body['access_token'])['typ'], 'at+jwt');
  assert.equal(body['token_type'], 'Bearer');
});

test('oidf-plans: an authorization request that was not pushed answers invalid_request', async () => {
  const answer = redirected(await op.visit(new Map(), HINT));
  assert.equal(answer.get('error'), 'invalid_request');
  assert.equal(answer.get('iss'), op.issuer);
});

test('oidf-plans: a pushed request answers 201 with a request_uri for 60 seconds', async () => {
  const { status, body, headers } = await push(HINT);
  assert.equal(status, 201);
  assert.equal(body['expires_in'], 60);
  assert.equal(headers.get('cache-control'), 'no-store');
  world.clock.now += 60;
  assert.equal(await outcome(await open(String(body['request_uri']))), '400 page invalid_request_uri');
});

test('oidf-plans: a request cannot be pushed by GET, without a credential or with a request_uri inside (RFC 9126 2.1)', async () => {
  assert.equal((await op.fetch('/par')).status, 405);
  assert.equal(said(await push({}, {})), '401 invalid_client');
  assert.equal(said(await push({ request_uri: await requestUri() })), '400 invalid_request');
});

test('oidf-plans: a request without S256, with an unknown address or with a request object is refused when it is pushed', async () => {
  assert.equal(said(await push({ code_challenge: '' })), '400 invalid_request');
  assert.equal(said(await push({ code_challenge_method: 'plain' })), '400 invalid_request');
  assert.equal(said(await push({ redirect_uri: `${APP}/` })), '400 invalid_request');
  assert.equal(said(await push({ request: 'eyJhbGciOiJub25lIn0.e30.' })), '400 request_not_supported');
  assert.equal(said(await push({ response_mode: 'form_post' })), '400 invalid_request');
});

test('oidf-plans: a request_uri is bound to its client', async () => {
  const uri = await requestUri(HINT);
  assert.equal(await outcome(await open(uri, new Map(), 'other')), '400 page invalid_request_uri');
  assert.ok(redirected(await open(uri)).get('code'));
});

test('oidf-plans: a request_uri can be opened again until a code came of it, and then is spent', async () => {
  const uri = await requestUri();
  const jar: Jar = new Map();
  const pages = [await open(uri, jar), await open(uri, jar)];
  assert.deepEqual(
    pages.map(({ status }) => status),
    [200, 200],
  );
  const [first, second] = await Promise.all(pages.map((page) => page.text()));
  const press = (text: string | undefined): Promise<Response> => {
    const transaction = transactionOf(text ?? '');
    return visit(world, jar, `${op.issuer}/authorize`, form({ transaction, person: PID, acr: 'high', continue: '1' }));
  };
  assert.ok(redirected(await press(first)).get('code'));
  assert.equal(await outcome(await press(second)), '400 page invalid_request_uri');
  assert.equal(await outcome(await open(uri, jar)), '400 page invalid_request_uri');
});

test('oidf-plans: cancelling answers access_denied and spends the request_uri', async () => {
  const uri = await requestUri();
  const jar: Jar = new Map();
  const page = await (await open(uri, jar)).text();
  const transaction = transactionOf(page);
  const answer = redirected(await visit(world, jar, `${op.issuer}/authorize`, form({ transaction, cancel: '1' })));
  assert.equal(answer.get('error'), 'access_denied');
  assert.equal(await outcome(await open(uri, jar)), '400 page invalid_request_uri');
});

test('oidf-plans: parameters beside a request_uri change nothing (RFC 9101 6.3)', async () => {
  const uri = await requestUri({ ...HINT, state: 'pushed' });
  const query = new URLSearchParams({ client_id: 'web', request_uri: uri, state: 'beside', scope: 'openid email' });
  const answer = redirected(await visit(world, new Map(), `${op.issuer}/authorize?${query.toString()}`));
  assert.equal(answer.get('state'), 'pushed');
  assert.equal((await redeem(answer.get('code'))).body['scope'], 'openid');
});

test('oidf-plans: aud of an assertion is the issuer as one string; a list, the token URL and the PAR URL are refused', async () => {
  const { issuer } = op;
  assert.equal((await push({}, await op.proof('web', { aud: issuer }))).status, 201);
  for (const aud of [[issuer], [issuer, 'x'], `${issuer}/token`, `${issuer}/par`, `${issuer}/`]) {
    assert.equal(said(await push({}, await op.proof('web', { aud }))), '401 invalid_client', JSON.stringify(aud));
  }
});

for (const claim of ['nbf', 'iat']) {
  test(`oidf-plans: ${claim} 10 seconds ahead is accepted, 60 seconds are refused`, async () => {
    assert.equal((await push({}, await ahead(claim, 8))).status, 201);
    assert.equal((await push({}, await ahead(claim, 10))).status, 201);
    assert.equal(said(await push({}, await ahead(claim, 60))), '401 invalid_client');
  });
}

test('oidf-plans: PS256, ES256 and EdDSA prove a client; RS256 with the same key does not', async () => {
  for (const key of [ps256, op.key, eddsa]) {
    assert.equal((await push({}, await op.proof('web', {}, key))).status, 201, key.alg);
  }
  assert.equal(said(await push({}, await op.proof('web', {}, rs256))), '401 invalid_client');
});

test('oidf-plans: an assertion proves its client once, before its end, for itself', async () => {
  const proof = await op.proof('web');
  assert.equal((await push({}, proof)).status, 201);
  assert.equal(said(await push({}, proof)), '401 invalid_client');
  for (const claims of [{ exp: world.clock.now - 20 }, { sub: 'other' }, { iss: 'other' }, { jti: undefined }]) {
    assert.equal(said(await push({}, await op.proof('web', claims))), '401 invalid_client', JSON.stringify(claims));
  }
});

test('oidf-plans: a registration that chooses what the provider has not is refused, and the member named (RFC 7591 3.2.2)', async () => {
  const control = await openControlOf(world);
  const keyed = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [op.key.publicJwk] } };
  const registered = async (metadata: Readonly<Record<string, unknown>>): Promise<string> => {
    const registration = { client_id: 'fresh', redirect_uris: [APP], ...keyed, ...metadata };
    const { status, body } = await control('POST', '/v1/oidf-fapi2/clients', registration);
    return `${status} ${String(body['path'])}`;
  };
  const cases = {
    id_token_signed_response_alg: ['RS256'],
    access_token_signed_response_alg: ['RS256'],
    token_endpoint_auth_method: ['client_secret_basic', 'client_secret_post', 'none'],
  };
  for (const [member, values] of Object.entries(cases)) {
    for (const value of values) assert.equal(await registered({ [member]: value }), `422 ${member}`);
  }
  assert.equal(await registered({ grant_types: ['authorization_code', 'client_credentials'] }), '422 grant_types.1');
  assert.match(await registered({ id_token_signed_response_alg: 'ES256' }), /^201/);
});

test('oidf-plans: a secret proves nobody, and one beside an assertion is one credential too many (RFC 6749 2.3)', async () => {
  const sent = Object.fromEntries(new URL(op.authorizeUrl()).searchParams);
  assert.equal(said(await op.post('/par', sent, basic('web'))), '401 invalid_client');
  const both = await op.post('/par', { ...sent, ...(await op.proof('web')) }, basic('web'));
  assert.equal(said(both), '401 invalid_client');
});

test('oidf-plans: a refresh does not change the refresh token, and it works again (FAPI 2.0 5.3.2.1)', async () => {
  const first = await tokens();
  const token = String(first.body['refresh_token']);
  for (const proof of [await op.proof('web'), await op.proof('web')]) {
    const next = await op.post('/token', { grant_type: 'refresh_token', refresh_token: token, ...proof });
    assert.equal(next.status, 200);
    assert.equal(next.body['refresh_token'], token);
  }
  const foreign = await op.post('/token', {
    grant_type: 'refresh_token',
    refresh_token: token,
    ...(await op.proof('other')),
  });
  assert.equal(said(foreign), '400 invalid_grant');
});

test('oidf-plans: the protected resource takes a token in the header under any case of the scheme, and never in the query', async () => {
  const token = String((await tokens()).body['access_token']);
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.equal(await asked('/resource', `${scheme} ${token}`), '200');
  assert.equal(await asked(`/resource?access_token=${token}`), '400 Bearer error="invalid_request"');
  assert.equal(await asked(`/resource?access_token=${token}`, `Bearer ${token}`), '400 Bearer error="invalid_request"');
  assert.equal(await asked('/resource'), '401 Bearer');
  assert.equal(await asked('/resource', `Bearer ${token}x`), '401 Bearer error="invalid_token"');
  world.clock.now += 3600;
  assert.equal(await asked('/resource', `Bearer ${token}`), '401 Bearer error="invalid_token"');
});

test('oidf-plans: the protected resource refuses a token for another audience (RFC 8707 2)', async () => {
  const { body } = await tokens({ resource: 'https://api.example.test/' });
  assert.equal(claimsOf(body['access_token'])['aud'], 'https://api.example.test/');
  assert.equal((await op.fetch('/resource', bearer(body['access_token']))).status, 401);
});

test('oidf-plans: a token of a code used twice is refused by the protected resource at once', async () => {
  const code = redirected(await open(await requestUri(HINT))).get('code') ?? '';
  const { body } = await redeem(code);
  assert.equal((await op.fetch('/resource', bearer(body['access_token']))).status, 200);
  assert.equal(said(await redeem(code)), '400 invalid_grant');
  assert.equal((await op.fetch('/resource', bearer(body['access_token']))).status, 401);
});

test('oidf-plans: UserInfo is asked by GET alone', async () => {
  const { body } = await tokens({ scope: 'openid email' });
  const told = await answerOf(await op.fetch('/userinfo', bearer(body['access_token'])));
  assert.deepEqual(Object.keys(told.body), ['sub', 'email', 'email_verified']);
  assert.equal((await op.fetch('/userinfo', { method: 'POST', ...bearer(body['access_token']) })).status, 405);
});

function ahead(claim: string, seconds: number): Promise<Texts> {
  return op.proof('web', { [claim]: world.clock.now + seconds });
}

async function asked(path: string, authorization?: string): Promise<string> {
  const init = authorization === undefined ? {} : { headers: { authorization } };
  const { status, headers } = await op.fetch(path, init);
  return `${status} ${headers.get('www-authenticate') ?? ''}`.trim();
}
