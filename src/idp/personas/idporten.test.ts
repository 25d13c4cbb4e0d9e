import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, authorizeUrl, codeAt, PID, redeem, redirected, VERIFIER } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

const METADATA = `${ISSUERS.idporten}/.well-known/openid-configuration`;

async function push(fields: Record<string, string>): Promise<Response> {
  const assertion = await world.assertion(CLIENTS.portal, ISSUERS.idporten);
  return await world.fetch(
    `${ISSUERS.idporten}/par`,
    form({
      client_id: CLIENTS.portal,
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      ...Object.fromEntries(new URL(authorizeUrl()).searchParams),
      ...fields,
    }),
  );
}

test('idporten-01-metadata: exactly the documented fields, the browser endpoints on the login origin', async () => {
  const response = await world.fetch(METADATA);
  const document = (await response.json()) as Record<string, unknown>;
  assert.equal(response.headers.get('x-fullmakt-local'), 'idporten');
  const [back, login] = [ISSUERS.idporten, ISSUERS.login];
  assert.deepEqual(document, {
    issuer: back,
    jwks_uri: `${back}/jwks.json`,
    authorization_endpoint: `${login}/authorize`,
    end_session_endpoint: `${login}/logout`,
    pushed_authorization_request_endpoint: `${back}/par`,
    token_endpoint: `${back}/token`,
    userinfo_endpoint: `${back}/userinfo`,
    introspection_endpoint: `${back}/token/introspect`,
    revocation_endpoint: `${back}/token/revoke`,
    scopes_supported: ['openid', 'profile'],
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    response_modes_supported: ['query', 'form_post', 'query.jwt', 'form_post.jwt'],
    acr_values_supported: [
      'idporten-loa-low',
      'idporten-loa-substantial',
      'idporten-loa-high',
      'eidas-loa-low',
      'eidas-loa-substantial',
      'eidas-loa-high',
      'selfregistered-email',
    ],
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none', 'private_key_jwt'],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['consent', 'login', 'none'],
    ui_locales_supported: ['en', 'nb', 'nn', 'se'],
    display_values_supported: ['page'],
    authorization_response_iss_parameter_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
  });
  const { keys } = (await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).json()) as {
    keys: Record<string, unknown>[];
  };
  assert.deepEqual(Object.keys(keys[0] ?? {}).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use', 'x5c']);
  assert.equal(String(keys[0]?.['kid']).length, 43);
});

test('idporten-02-par: a URN for 120 s, once, for its client, with nothing beside it (RFC 9126)', async () => {
  const pushed = await push({ login_hint: `testid:${PID}_idporten-loa-high` });
  assert.equal(pushed.status, 201);
  const { request_uri, expires_in } = (await pushed.json()) as { request_uri: string; expires_in: number };
  assert.match(request_uri, /^urn:idporten:[\w-]{43}$/);
  assert.equal(expires_in, 120);
  const at = (query: Record<string, string>): Promise<Response> =>
    world.fetch(`${ISSUERS.login}/authorize?${new URLSearchParams(query).toString()}`);
  assert.equal((await at({ client_id: CLIENTS.portal, request_uri, scope: 'openid' })).status, 400);
  assert.equal((await at({ client_id: CLIENTS.reuse, request_uri })).status, 400);
  const first = await at({ client_id: CLIENTS.portal, request_uri });
  assert.ok(redirected(first).get('code'));
  assert.equal((await at({ client_id: CLIENTS.portal, request_uri })).status, 400);
  const late = (await (await push({})).json()) as { request_uri: string };
  world.clock.now += 121;
  assert.equal((await at({ client_id: CLIENTS.portal, request_uri: late.request_uri })).status, 400);
});

test('idporten-03-code: the answer names the issuer; a second use is refused and takes the first tokens with it', async () => {
  const response = await world.fetch(authorizeUrl({ login_hint: `testid:${PID}_idporten-loa-high` }));
  assert.equal(response.status, 302);
  assert.equal(redirected(response).get('iss'), ISSUERS.idporten);
  assert.equal(redirected(response).get('state'), 'st');
  const code = redirected(response).get('code') ?? '';
  assert.match(code, /^[\w-]+\.[\w-]+$/);
  const first = await askToken(world, redeem(code));
  assert.equal(first.status, 200);
  const again = await askToken(world, redeem(code));
  assert.equal(again.body['error'], 'invalid_grant');
  assert.match(String(again.body['error_description']), / \(correlation id: [0-9a-f-]{36}\)$/);
  const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
  assert.equal((await askToken(world, refresh)).body['error'], 'invalid_grant');
  const bearer = { authorization: `Bearer ${String(first.body['access_token'])}` };
  assert.equal((await world.fetch(`${ISSUERS.idporten}/userinfo`, { headers: bearer })).status, 401);
});

test('idporten-04-pkce: a missing challenge and plain are refused by redirect; a client that opted out passes', async () => {
  const missing = redirected(await world.fetch(authorizeUrl({ code_challenge: '', code_challenge_method: '' })));
  assert.deepEqual(
    [missing.get('error'), missing.get('state'), missing.get('iss')],
    ['invalid_request', 'st', ISSUERS.idporten],
  );
  const plain = redirected(
    await world.fetch(authorizeUrl({ code_challenge: VERIFIER, code_challenge_method: 'plain' })),
  );
  assert.equal(plain.get('error'), 'invalid_request');
  const code = await codeAt(world, { client_id: CLIENTS.lenient, code_challenge: '', code_challenge_method: '' });
  const answer = await askToken(world, { ...redeem(code), code_verifier: '' }, CLIENTS.lenient);
  assert.equal(answer.status, 200);
});

test('idporten-05-assertion: aud, life, jti, kid and client_id are judged (RFC 7523 3)', async () => {
  const now = world.clock.now;
  const sign = async (claims: Record<string, unknown>): Promise<string> => {
    const { signJws } = await import('../../oauth/jws.ts');
    const base = {
      iss: CLIENTS.portal,
      sub: CLIENTS.portal,
      aud: ISSUERS.idporten,
      iat: now,
      exp: now + 30,
      jti: crypto.randomUUID(),
    };
    return await signJws({ typ: 'JWT' }, { ...base, ...claims }, world.key);
  };
  const ask = async (client_assertion: string, client_id: string = CLIENTS.portal): Promise<unknown> => {
    const answer = await askToken(world, {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_assertion,
      client_id,
    });
    return `${answer.status} ${String(answer.body['error'])}`;
  };
  const good = await sign({});
  assert.equal(await ask(good), '400 invalid_grant'); // authenticated: only the refresh token is wrong
  assert.equal(await ask(good), '401 invalid_client', 'jti used');
  assert.equal(await ask(await sign({ aud: [ISSUERS.idporten] })), '400 invalid_grant');
  assert.equal(await ask(await sign({ aud: `${ISSUERS.idporten}/` })), '401 invalid_client');
  assert.equal(await ask(await sign({ aud: [ISSUERS.idporten, 'x'] })), '401 invalid_client');
  assert.equal(await ask(await sign({ exp: now + 121 })), '401 invalid_client');
  assert.equal(await ask(await sign({ iat: now - 200, exp: now - 100 })), '401 invalid_client');
  assert.equal(await ask(await sign({ sub: 'x' })), '401 invalid_client');
  assert.equal(await ask(await sign({ jti: undefined })), '401 invalid_client');
  assert.equal(await ask(await sign({}), ''), '401 invalid_client', 'no client_id beside it');
  assert.equal(await ask(`${(await sign({})).slice(0, -4)}AAAA`), '401 invalid_client');
  assert.equal(await ask('eyJhbGciOiJub25lIn0.e30.AA'), '401 invalid_client');
});

test('idporten-06-auth-method: only the registered method, and one at a time', async () => {
  const basic = { authorization: `Basic ${Buffer.from(`${CLIENTS.basic}:s3cret`).toString('base64')}` };
  const url = `${ISSUERS.idporten}/token`;
  const status = async (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<number> =>
    (await world.fetch(url, form({ grant_type: 'refresh_token', refresh_token: 'x', ...fields }, headers))).status;
  assert.equal(await status({}, basic), 400);
  assert.equal(await status({ client_id: CLIENTS.basic, client_secret: 's3cret' }), 401);
  assert.equal(await status({ client_id: CLIENTS.post, client_secret: 's3cret' }), 400);
  assert.equal(await status({ client_id: CLIENTS.post, client_secret: 'wrong' }), 401);
  assert.equal(await status({ client_secret: 's3cret' }, basic), 401);
  assert.equal(await status({ client_id: CLIENTS.portal, client_secret: 's3cret' }), 401);
  assert.equal(await status({}), 401);
});

test('a scope that is not on the client tells, by event, the manifest line that would add it', async () => {
  world.events.length = 0;
  await world.fetch(authorizeUrl({ scope: 'openid other:scope' }));
  const refused = world.events.find((event) => event.event === 'idp.refused');
  assert.ok(refused?.event === 'idp.refused');
  assert.match(
    refused.fix ?? '',
    /add `- other:scope` under spec\.idporten\.scopes in the manifest of local:demo:portal/,
  );
});
