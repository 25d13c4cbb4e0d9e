import assert from 'node:assert/strict';
import test from 'node:test';
import { json, plain } from '../../web/http.ts';
import { makeKeys, START } from '../testing/sidecar.ts';
import { startStandard } from '../testing/standard.ts';

const keys = await makeKeys();
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';
const MACHINE = { grant_type: 'client_credentials', scope: 'a:b' };
const USER = { grant_type: EXCHANGE, subject_token: 'user', subject_token_type: `${TYPE}jwt` };
const AT_TOKENX = { ...USER, audience: 'a:b:c' };

test('client credentials give a token for the application, and what the caller calls itself is not looked at (3.7)', async (t) => {
  const { provider, sidecar, ask } = await startStandard(t, keys);
  const claimed = { client_id: 'somebody', client_secret: 's', client_assertion: 'a', client_assertion_type: 'b' };
  const headers = { authorization: 'Basic c29tZWJvZHk6c2VjcmV0' };
  const { status, body, headers: sent } = await ask('/oauth2/entra_id/token', { ...MACHINE, ...claimed }, headers);
  assert.deepEqual([status, body], [200, { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 }]);
  assert.deepEqual([sent.get('cache-control'), sent.get('pragma')], ['no-store', 'no-cache']);
  assert.equal(provider.forms[0]?.get('client_id'), 'entra-client');
  assert.equal(provider.forms[0]?.get('scope'), 'a:b');
  const requests = sidecar.events.filter((each) => each.event === 'sidecar.request');
  assert.deepEqual(
    requests.map(({ path, provider: name }) => [path, name]),
    [['/oauth2/:provider/token', 'entra_id']],
  );
});

test('a token is one of the application, whichever endpoint brought it (3.7, 2.7)', async (t) => {
  const { provider, sidecar, ask } = await startStandard(t, keys);
  const api = { identity_provider: 'entra_id', target: 'c:n:a' };
  await sidecar.post('/token', api);
  const { body } = await ask('/oauth2/entra_id/token', { ...MACHINE, scope: 'c:n:a' });
  assert.deepEqual([body['access_token'], provider.forms.length], ['token-1', 1]);
  await sidecar.post('/token/exchange', { identity_provider: 'tokenx', target: 'a:b:c', user_token: 'user' });
  assert.equal((await ask('/oauth2/tokenx/token', AT_TOKENX)).body['access_token'], 'token-2');
  assert.equal(provider.forms.length, 2);
  const cached = sidecar.events.flatMap((each) => (each.event === 'sidecar.cache' ? [[each.path, each.result]] : []));
  assert.deepEqual(
    cached.filter(([path]) => path === '/oauth2/:provider/token').map(([, result]) => result),
    ['hit', 'hit'],
  );
});

test('Maskinporten takes resource and authorization_details too, others refuse what would be lost (3.7, RFC 8707, RFC 9396)', async (t) => {
  const { provider, ask } = await startStandard(t, keys);
  const details = '[{"type":"t"}]';
  const narrow = { ...MACHINE, resource: 'https://r.example', authorization_details: details };
  assert.equal((await ask('/oauth2/maskinporten/token', narrow)).status, 200);
  const assertion = provider.forms[0]?.get('assertion') ?? '';
  const claims = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString());
  assert.deepEqual(
    [claims.scope, claims.resource, claims.authorization_details],
    ['a:b', ['https://r.example'], [{ type: 't' }]],
  );
  const refused = [
    ['/oauth2/entra_id/token', { ...MACHINE, resource: 'https://r.example' }, 'invalid_target'],
    ['/oauth2/entra_id/token', { ...MACHINE, authorization_details: details }, 'invalid_authorization_details'],
    ['/oauth2/maskinporten/token', { ...MACHINE, authorization_details: '{}' }, 'invalid_authorization_details'],
    ['/oauth2/maskinporten/token', { ...MACHINE, authorization_details: '[1]' }, 'invalid_authorization_details'],
  ] as const;
  for (const [path, form, error] of refused) {
    const { status, body } = await ask(path, form);
    assert.deepEqual([status, body['error']], [400, error], path);
  }
  assert.equal(provider.forms.length, 1);
});

test('an exchange says which type of token it gave (RFC 8693 2.2.1), at TokenX by audience and at Entra by scope (3.7)', async (t) => {
  const { provider, ask } = await startStandard(t, keys);
  const tokenx = await ask('/oauth2/tokenx/token', AT_TOKENX);
  const issued = { issued_token_type: `${TYPE}access_token`, token_type: 'Bearer' };
  assert.deepEqual([tokenx.status, tokenx.body], [200, { access_token: 'token-1', ...issued, expires_in: 3600 }]);
  const entra = { ...USER, subject_token_type: `${TYPE}access_token`, requested_token_type: `${TYPE}access_token` };
  assert.equal((await ask('/oauth2/entra_id/token', { ...entra, scope: 'c:n:a' })).status, 200);
  assert.deepEqual(
    provider.forms.map((form) => [
      form.get('audience'),
      form.get('scope'),
      form.get('subject_token') ?? form.get('assertion'),
    ]),
    [
      ['a:b:c', null, 'user'],
      [null, 'api://c.n.a/.default', 'user'],
    ],
  );
});

test('what cannot be served is refused in the words of its RFC (3.7; RFC 6749 5.2, RFC 8693 2.2.2)', async (t) => {
  const { provider, sidecar, ask } = await startStandard(t, keys, { MASKINPORTEN_ENABLED: 'false' });
  const refused = [
    ['tokenx', MACHINE, 'unsupported_grant_type'],
    ['idporten', MACHINE, 'unsupported_grant_type'],
    ['idporten', USER, 'unsupported_grant_type'],
    ['entra_id', { ...MACHINE, grant_type: 'authorization_code' }, 'unsupported_grant_type'],
    ['entra_id', { ...MACHINE, grant_type: 'toString' }, 'unsupported_grant_type'],
    ['maskinporten', { ...USER, scope: 'a' }, 'invalid_request'],
    ['entra_id', { scope: 'a' }, 'invalid_request'],
    ['entra_id', { ...MACHINE, grant_type: '' }, 'invalid_request'],
    ['entra_id', { grant_type: 'client_credentials' }, 'invalid_scope'],
    ['entra_id', { ...MACHINE, scope: ' ' }, 'invalid_scope'],
    ['entra_id', { ...MACHINE, scope: 'å' }, 'invalid_scope'],
    ['entra_id', { ...USER, scope: '' }, 'invalid_scope'],
    ['entra_id', { ...USER, scope: 'a', audience: 'b' }, 'invalid_target'],
    ['tokenx', USER, 'invalid_target'],
    ['tokenx', { ...AT_TOKENX, resource: 'https://r.example' }, 'invalid_target'],
    ['tokenx', { ...AT_TOKENX, scope: 'a' }, 'invalid_scope'],
    ['tokenx', { ...AT_TOKENX, subject_token: '' }, 'invalid_request'],
    ['tokenx', { ...AT_TOKENX, subject_token_type: '' }, 'invalid_request'],
    ['tokenx', { ...AT_TOKENX, subject_token_type: `${TYPE}saml2` }, 'invalid_request'],
    ['tokenx', { ...AT_TOKENX, actor_token: 'a' }, 'invalid_request'],
    ['tokenx', { ...AT_TOKENX, actor_token_type: `${TYPE}jwt` }, 'invalid_request'],
    ['tokenx', { ...AT_TOKENX, requested_token_type: `${TYPE}refresh_token` }, 'invalid_request'],
    ['tokenx', 'grant_type=a&grant_type=a', 'invalid_request'],
    ['tokenx', `grant_type=${EXCHANGE}&audience=a&audience=b`, 'invalid_target'],
    ['tokenx', 'grant_type=%zz', 'invalid_request'],
    ['tokenx', `grant_type=a&x=${'x'.repeat(64 * 1024)}`, 'invalid_request'],
    ['tokenx', Array.from({ length: 33 }, (_, at) => `p${at}=1`).join('&'), 'invalid_request'],
  ] as const;
  for (const [name, form, error] of refused) {
    const { status, body, headers } = await ask(`/oauth2/${name}/token`, form);
    const said = `${name} ${JSON.stringify(form).slice(0, 200)}`;
    assert.deepEqual([status, body['error'], Object.keys(body).length], [400, error, 2], said);
    assert.match(String(body['error_description']), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, said);
    assert.equal(headers.get('cache-control'), 'no-store');
  }
  const off = await ask('/oauth2/maskinporten/token', MACHINE);
  assert.match(String(off.body['error_description']), /MASKINPORTEN_ENABLED=true/);
  assert.equal(provider.forms.length, 0);
  assert.ok(sidecar.events.every(({ event }) => event !== 'sidecar.bug'));
});

test('only a form is one: another type, a coding or JSON is 400, and nothing is 404 or 405 by accident (3.7, RFC 6749 3.2)', async (t) => {
  const { ask, get } = await startStandard(t, keys);
  const bad: Record<string, string>[] = [{ 'content-type': 'application/json' }, { 'content-encoding': 'gzip' }];
  for (const headers of bad) {
    const { status, body } = await ask('/oauth2/entra_id/token', MACHINE, headers);
    assert.deepEqual([status, body['error']], [400, 'invalid_request']);
  }
  assert.equal((await ask('/oauth2/nobody/token', MACHINE)).status, 404);
  assert.equal((await ask('/oauth2/azuread/token', MACHINE)).status, 404);
  assert.equal((await ask('/oauth2/entra_id/token/', MACHINE)).status, 404);
  const other = await get('/oauth2/entra_id/token');
  assert.deepEqual([other.status, other.headers.get('allow'), other.text], [405, 'POST', '']);
});

test('the front door and its rules stand before these endpoints as before the others (3.6, 3.7)', async (t) => {
  const { ask, get, provider } = await startStandard(t, keys, { FULLMAKT_SIDECAR_REQUIRED_HEADER: 'x-from-app' });
  const here = { 'x-from-app': '1' };
  assert.equal((await ask('/oauth2/entra_id/token', MACHINE)).status, 403);
  assert.equal((await ask('/oauth2/introspect', { token: 'x' })).status, 403);
  assert.equal((await get('/.well-known/oauth-authorization-server/oauth2/entra_id')).status, 403);
  assert.equal((await ask('/oauth2/entra_id/token', MACHINE, { ...here, origin: 'http://localhost' })).status, 403);
  assert.equal((await ask('/oauth2/entra_id/token', MACHINE, here)).status, 200);
  assert.equal(provider.forms.length, 1);
});

test('where forms are refused there are no standard endpoints either (3.6)', async (t) => {
  const { ask, get } = await startStandard(t, keys, { FULLMAKT_SIDECAR_JSON_ONLY: 'true' });
  for (const path of ['/oauth2/entra_id/token', '/oauth2/entra_id/introspect', '/oauth2/introspect']) {
    const { status, body } = await ask(path, MACHINE);
    assert.equal(status, 400);
    assert.match(String(body['error_description']), /FULLMAKT_SIDECAR_JSON_ONLY/);
  }
  assert.equal((await get('/.well-known/oauth-authorization-server/oauth2/entra_id')).status, 404);
});

test('a target that is not on the list is invalid_scope, at TokenX invalid_target, and goes nowhere (3.6, 3.7)', async (t) => {
  const { ask, provider } = await startStandard(t, keys, { FULLMAKT_SIDECAR_TARGETS: 'c:n:a' });
  assert.equal((await ask('/oauth2/entra_id/token', MACHINE)).body['error'], 'invalid_scope');
  assert.equal((await ask('/oauth2/maskinporten/token', MACHINE)).body['error'], 'invalid_scope');
  assert.equal((await ask('/oauth2/tokenx/token', AT_TOKENX)).body['error'], 'invalid_target');
  assert.equal(provider.forms.length, 0);
  assert.equal((await ask('/oauth2/tokenx/token', { ...AT_TOKENX, audience: 'c:n:a' })).status, 200);
});

test('user tokens are judged here as well, and a bad subject token is invalid_request (3.3, RFC 8693 2.2.2)', async (t) => {
  const { ask, provider } = await startStandard(t, keys, { FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: 'true' });
  const claims = { aud: 'local:fleet:api', iat: START, exp: START + 600, sub: 'u' };
  const good = await provider.mint({ iss: `${provider.origin}/tokenx`, ...claims });
  const bad = await provider.mint({ iss: `${provider.origin}/tokenx`, ...claims }, { key: keys.stranger });
  const refused = await ask('/oauth2/tokenx/token', { ...AT_TOKENX, subject_token: bad });
  assert.deepEqual([refused.status, refused.body['error'], provider.forms.length], [400, 'invalid_request', 0]);
  assert.ok(!refused.text.includes(bad));
  assert.equal((await ask('/oauth2/tokenx/token', { ...AT_TOKENX, subject_token: good })).status, 200);
});

test('a provider that refuses keeps its code, one that is not there is 503 server_error, a pause is passed on, and every 503 names one (3.7, 3.4)', async (t) => {
  const { ask, provider } = await startStandard(t, keys);
  let target = 0;
  const answered = async (answer: () => ReturnType<typeof json>): ReturnType<typeof ask> => {
    provider.answer = answer;
    target += 1;
    return await ask('/oauth2/maskinporten/token', { ...MACHINE, scope: `s:${target}` });
  };
  const rows = [
    [json(401, { error: 'invalid_client', error_description: 'a "b"\r\n' }), 400, 'invalid_client'],
    [json(403, { error: 'of_its_own' }), 400, 'of_its_own'],
    [json(400, { error: 'invalid_scope' }), 400, 'invalid_scope'],
    [json(429, { error: 'slow_down' }, { 'Retry-After': '7' }), 429, 'slow_down'],
    [json(503, { error: 'temporarily_unavailable' }, { 'Retry-After': '7' }), 503, 'temporarily_unavailable'],
    [plain(400, '<html>'), 503, 'server_error'],
    [plain(500, 'oops'), 503, 'server_error'],
    [plain(200, 'not JSON'), 503, 'server_error'],
    [plain(302, ''), 503, 'server_error'],
  ] as const;
  for (const [answer, status, error] of rows) {
    const got = await answered(() => answer);
    assert.deepEqual([got.status, got.body['error']], [status, error]);
    // security.md 1, promise 2: whoever gets a 503 is told when to come back, by us where the provider did not say.
    const pause = answer.headers !== undefined && 'Retry-After' in answer.headers ? '7' : '1';
    assert.equal(got.headers.get('retry-after'), status === 400 ? null : pause);
  }
  const quoted = await answered(() => rows[0][0]);
  assert.equal(quoted.body['error_description'], "a 'b'??");
  assert.deepEqual((await answered(() => rows[1][0])).body, { error: 'of_its_own' });
});
