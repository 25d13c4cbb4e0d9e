import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { serve } from '../web/serve.ts';
import { createIdp } from './app.ts';
import { CLIENTS } from './testing/rows.ts';
import {
  askToken,
  authorizeUrl,
  claimsOf,
  codeAt,
  PID,
  redeem,
  redirected,
  VERIFIER,
  visit,
} from './testing/sign-in.ts';
import type { Jar } from './testing/sign-in.ts';
import { form, ISSUERS, openWorld } from './testing/world.ts';

const world = await openWorld();
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
    const { signJws } = await import('../oauth/jws.ts');
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

test('idporten-07-id-token: 120 s, string aud, sid, no at_hash, and a signature that jose accepts', async () => {
  const answer = await askToken(world, redeem(await codeAt(world, { acr_values: 'idporten-loa-substantial' })));
  const jwks = (await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).json()) as Parameters<
    typeof createLocalJWKSet
  >[0];
  const verified = await jwtVerify(String(answer.body['id_token']), createLocalJWKSet(jwks), {
    issuer: ISSUERS.idporten,
    audience: CLIENTS.portal,
    algorithms: ['RS256'],
    currentDate: new Date(world.clock.now * 1000),
  });
  const { payload } = verified;
  assert.deepEqual(Object.keys(payload).toSorted(), [
    'acr',
    'amr',
    'aud',
    'auth_time',
    'exp',
    'iat',
    'iss',
    'jti',
    'locale',
    'nonce',
    'pid',
    'sid',
    'sub',
  ]);
  assert.equal(payload.aud, CLIENTS.portal);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 120);
  assert.deepEqual([payload['pid'], payload['acr'], payload['nonce']], [PID, 'idporten-loa-high', 'no']);
  assert.deepEqual([payload.sub?.length, payload.jti?.length], [43, 11]);
  assert.deepEqual(Object.keys(verified.protectedHeader).toSorted(), ['alg', 'kid']);
});

test("idporten-07-id-token: auth_time is the SSO login's; prompt=none without a fitting session is login_required", async () => {
  const jar: Jar = new Map();
  const start = world.clock.now;
  await codeAt(world, { login_hint: `testid:${PID}_idporten-loa-substantial` }, jar);
  world.clock.now += 60;
  const again = await visit(world, jar, authorizeUrl({ prompt: 'none' }));
  const answer = await askToken(world, redeem(redirected(again).get('code') ?? ''));
  assert.equal(claimsOf(answer.body['id_token'])['auth_time'], start);
  const higher = await visit(world, jar, authorizeUrl({ prompt: 'none', acr_values: 'idporten-loa-high' }));
  assert.equal(redirected(higher).get('error'), 'login_required');
  const older = await visit(world, jar, authorizeUrl({ prompt: 'none', max_age: '30' }));
  assert.equal(redirected(older).get('error'), 'login_required');
  assert.equal((await visit(world, jar, authorizeUrl({ prompt: 'login' }))).status, 200);
});

test('idporten-08-access-token: no aud unless a resource was asked for; consumer names the organisation', async () => {
  const bare = claimsOf((await askToken(world, redeem(await codeAt(world)))).body['access_token']);
  const names = 'acr client_amr client_id consumer exp iat iss jti pid scope sub token_type';
  assert.deepEqual(Object.keys(bare).toSorted(), names.split(' '));
  assert.deepEqual(bare['consumer'], { authority: 'iso6523-actorid-upis', ID: '0192:310000019' });
  assert.deepEqual(
    [bare['client_amr'], bare['token_type'], bare['scope']],
    ['private_key_jwt', 'Bearer', 'openid profile'],
  );
  const code = await codeAt(world, { resource: 'http://127.0.0.1:7500' });
  assert.equal(claimsOf((await askToken(world, redeem(code))).body['access_token'])['aud'], 'http://127.0.0.1:7500');
});

test('idporten-09-refresh: one-time; REUSE goes on; nothing outlives the authorization', async () => {
  const refresh = (token: unknown, client?: string): ReturnType<typeof askToken> =>
    askToken(world, { grant_type: 'refresh_token', refresh_token: String(token) }, client);
  const first = await askToken(world, redeem(await codeAt(world)));
  assert.equal(String(first.body['refresh_token']).split('.').length, 5);
  const second = await refresh(first.body['refresh_token']);
  assert.equal(second.status, 200);
  assert.notEqual(second.body['refresh_token'], first.body['refresh_token']);
  assert.equal((await refresh(first.body['refresh_token'])).body['error'], 'invalid_grant');
  assert.equal((await refresh(second.body['refresh_token'], CLIENTS.reuse)).body['error'], 'invalid_grant');
  const reuse = await askToken(world, redeem(await codeAt(world, { client_id: CLIENTS.reuse })), CLIENTS.reuse);
  assert.equal(
    (await refresh(reuse.body['refresh_token'], CLIENTS.reuse)).body['refresh_token'],
    reuse.body['refresh_token'],
  );
  world.clock.now += 7000;
  const late = await refresh(second.body['refresh_token']);
  assert.equal(late.body['expires_in'], 200);
  world.clock.now += 300;
  assert.equal((await refresh(late.body['refresh_token'])).body['error'], 'invalid_grant');
});

test('idporten-09-refresh: of ten simultaneous uses of one token exactly one wins', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const fields = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  const answers = await Promise.all(Array.from({ length: 10 }, () => askToken(world, fields)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
});

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

test('idporten-11-session: headless sign-in is below the level asked for: access_denied; an unreal pid: a page', async () => {
  const low = await world.fetch(
    authorizeUrl({ acr_values: 'idporten-loa-high', login_hint: `testid:${PID}_idporten-loa-substantial` }),
  );
  assert.equal(redirected(low).get('error'), 'access_denied');
  assert.equal((await world.fetch(authorizeUrl({ login_hint: 'testid:01010190285_idporten-loa-high' }))).status, 400);
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

test('malformed-30: userinfo wants a live token of ours in the header (RFC 6750 3)', async () => {
  const url = `${ISSUERS.idporten}/userinfo`;
  assert.equal((await world.fetch(url)).headers.get('www-authenticate'), 'Bearer');
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  const { sub, pid, locale } = (await (await world.fetch(url, { headers })).json()) as Record<string, string>;
  assert.deepEqual([sub, pid, locale], [claimsOf(body['id_token'])['sub'], PID, 'nb']);
  assert.equal((await world.fetch(`${url}?access_token=${String(body['access_token'])}`)).status, 401);
  const idToken = { authorization: `Bearer ${String(body['id_token'])}` };
  assert.equal(
    (await world.fetch(url, { headers: idToken })).headers.get('www-authenticate'),
    'Bearer error="invalid_token"',
  );
  world.clock.now += 3601;
  assert.equal((await world.fetch(url, { headers })).status, 401);
});

test('a restart leaves the browser signed in and its refresh token good, with the same keys and subjects', async (t) => {
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, {}, jar)));
  const again = await createIdp(world.config, world.deps);
  t.after(() => again.close());
  const listeners = await Promise.all(again.listeners.slice(0, 2).map((spec) => serve(spec)));
  t.after(() => Promise.all(listeners.map((listener) => listener.close(0))));
  const moved = (url: string): string =>
    url.replace(ISSUERS.idporten, listeners[0]?.origin ?? '').replace(ISSUERS.login, listeners[1]?.origin ?? '');
  const second = { ...world, fetch: (url: string, init?: RequestInit) => world.fetch(moved(url), init) };
  const code = redirected(await visit(second, jar, authorizeUrl({ prompt: 'none' }))).get('code') ?? '';
  const renewed = await askToken(second, redeem(code));
  assert.equal(claimsOf(renewed.body['id_token'])['sub'], claimsOf(body['id_token'])['sub']);
  assert.equal(String(renewed.body['id_token']).split('.')[0], String(body['id_token']).split('.')[0], 'same kid');
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  assert.equal((await askToken(second, refresh)).status, 200);
});

test('revocation ends the grant of the asking client only, and always answers 200 (RFC 7009 2.2)', async () => {
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const revoke = async (token: unknown, clientId: string): Promise<number> => {
    const client_assertion = await world.assertion(clientId, ISSUERS.idporten);
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const fields = { client_id: clientId, client_assertion, client_assertion_type, token: String(token) };
    return (await world.fetch(`${ISSUERS.idporten}/token/revoke`, form(fields))).status;
  };
  const bearer = { authorization: `Bearer ${String(body['access_token'])}` };
  const userinfo = async (): Promise<number> =>
    (await world.fetch(`${ISSUERS.idporten}/userinfo`, { headers: bearer })).status;
  assert.equal(await revoke('unknown', CLIENTS.portal), 200);
  assert.equal(await revoke(body['refresh_token'], CLIENTS.reuse), 200);
  assert.equal(await userinfo(), 200);
  assert.equal(await revoke(body['refresh_token'], CLIENTS.portal), 200);
  assert.equal(await userinfo(), 401);
});
