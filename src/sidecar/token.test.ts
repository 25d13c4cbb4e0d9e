import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../oauth/jwt.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();

async function setup(t: test.TestContext): Promise<{ provider: FakeProvider; sidecar: TestSidecar }> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  return { provider, sidecar };
}

const ENTRA = { identity_provider: 'entra_id', target: 'local:fleet:register' };

test('sends Entra the client credentials form and nothing else, and normalises the target (3.3)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const response = await sidecar.post('/token', ENTRA);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 });
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('pragma'), 'no-cache');
  const { client_assertion: assertion, ...rest } = Object.fromEntries(provider.forms[0] ?? []);
  assert.deepEqual(rest, {
    grant_type: 'client_credentials',
    client_id: 'entra-client',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    scope: 'api://local.fleet.register/.default',
  });
  const { header, claims } = parseJwt(assertion);
  assert.deepEqual(header, { typ: 'JWT', alg: 'ES256', kid: 'client-key' });
  const { jti, ...times } = claims;
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  assert.deepEqual(times, {
    iss: 'entra-client',
    sub: 'entra-client',
    aud: `${provider.origin}/entra`,
    iat: START,
    nbf: START,
    exp: START + 30,
  });
});

test('sends Entra the on-behalf-of form for a user token (3.3)', async (t) => {
  const { provider, sidecar } = await setup(t);
  await sidecar.post('/token/exchange', { ...ENTRA, identity_provider: 'azuread', user_token: 'u' });
  const { client_assertion: _, ...rest } = Object.fromEntries(provider.forms[0] ?? []);
  assert.deepEqual(rest, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    client_id: 'entra-client',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    scope: 'api://local.fleet.register/.default',
    requested_token_use: 'on_behalf_of',
    assertion: 'u',
  });
});

test('sends TokenX the exchange form without client_id (3.3, RFC 8693 2.1)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const form = new URLSearchParams({ identity_provider: 'tokenx', target: 'local:fleet:register', user_token: 'u' });
  assert.equal((await sidecar.post('/token/exchange', form)).status, 200);
  const { client_assertion: _, ...rest } = Object.fromEntries(provider.forms[0] ?? []);
  assert.deepEqual(rest, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: 'u',
    audience: 'local:fleet:register',
  });
});

test('sends Maskinporten one assertion without sub, with scope, resource and details in it (3.3)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const details = [{ type: 'urn:altinn:systemuser' }];
  await sidecar.post('/token', {
    identity_provider: 'maskinporten',
    target: 'fleet:read fleet:write',
    resource: 'https://api.example',
    authorization_details: details,
  });
  const form = provider.forms[0] ?? new URLSearchParams();
  assert.deepEqual([...form.keys()], ['grant_type', 'assertion']);
  const { jti: _, ...claims } = parseJwt(form.get('assertion')).claims;
  assert.deepEqual(claims, {
    iss: 'mp-client',
    aud: `${provider.origin}/maskinporten/`,
    scope: 'fleet:read fleet:write',
    resource: ['https://api.example'],
    authorization_details: details,
    iat: START,
    nbf: START,
    exp: START + 30,
  });
});

test('two spellings of one target are one entry, for machine and user alike (2.7, 3.2)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const spellings = ['local:fleet:register', 'api://local.fleet.register/.default', 'local:fleet:register'];
  for (const [path, more] of [
    ['/token', {}],
    ['/token/exchange', { user_token: 'u' }],
  ] as const) {
    provider.forms.length = 0;
    for (const target of spellings) {
      assert.equal((await sidecar.post(path, { identity_provider: 'entra_id', target, ...more })).status, 200);
    }
    assert.equal(provider.forms.length, 1, path);
  }
});

test('the token of one user is never given to another, nor to none (2.7)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const tokenOf = async (path: string, more: object): Promise<unknown> => {
    const response = await sidecar.post(path, { ...ENTRA, ...more });
    return ((await response.json()) as Record<string, unknown>)['access_token'];
  };
  const asked = [
    await tokenOf('/token', {}),
    await tokenOf('/token/exchange', { user_token: 'u' }),
    await tokenOf('/token/exchange', { user_token: 'v' }),
    await tokenOf('/token/exchange', { user_token: '' }),
  ];
  assert.deepEqual(asked, ['token-1', 'token-2', 'token-3', 'token-4']);
  assert.equal(await tokenOf('/token/exchange', { user_token: 'u' }), 'token-2');
  assert.equal(provider.forms.length, 4);
});

test('refuses what a provider cannot do, and a provider that is off before that (3.3)', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, {
    ...testEnv(provider.origin, keys),
    AZURE_ENABLED: 'false',
    TOKEN_X_ENABLED: '',
  });
  const cases = [
    ['/token', { identity_provider: 'azuread', target: 'x' }, /entra_id.*AZURE_ENABLED/],
    ['/token', { identity_provider: 'tokenx', target: 'x' }, /tokenx.*TOKEN_X_ENABLED/],
    ['/token', { identity_provider: 'idporten', target: 'x' }, /idporten gives no machine tokens/],
    ['/token/exchange', { identity_provider: 'maskinporten', target: 'x', user_token: 'u' }, /exchanges no tokens/],
    ['/token', { identity_provider: 'nobody', target: 'x' }, /identity_provider/],
  ] as const;
  for (const [path, body, text] of cases) {
    const response = await sidecar.post(path, body);
    assert.equal(response.status, 400);
    const answer = (await response.json()) as Record<string, string>;
    assert.equal(answer['error'], 'invalid_request');
    assert.match(answer['error_description'] ?? '', text);
  }
  const off = await sidecar.post('/introspect', { identity_provider: 'tokenx', token: 'x' });
  assert.equal(off.status, 200);
  assert.match(((await off.json()) as Record<string, string>)['error'] ?? '', /TOKEN_X_ENABLED/);
  assert.equal(provider.forms.length, 0);
});

test('expires_in shrinks on hits and the entry leaves 120 seconds before the token does (2.7)', async (t) => {
  const provider = await startProvider(t, keys);
  const env = { ...testEnv(provider.origin, keys), FULLMAKT_SIDECAR_REFRESH_AHEAD: 'false' };
  const sidecar = await startSidecar(t, env);
  const left = async (): Promise<unknown> => {
    const response = await sidecar.post('/token', ENTRA);
    return ((await response.json()) as Record<string, unknown>)['expires_in'];
  };
  assert.equal(await left(), 3600);
  sidecar.clock.now += 3479;
  assert.equal(await left(), 121);
  sidecar.clock.now += 1;
  assert.equal(await left(), 3600);
  assert.equal(provider.forms.length, 2);
});

test('an exchange entry ends with the user token, also when the new token lives longer (2.7)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const userToken = await provider.mint({ iss: 'x', iat: START, exp: START + 100 });
  const ask = (): Promise<Response> =>
    sidecar.post('/token/exchange', { identity_provider: 'tokenx', target: 'a', user_token: userToken });
  await ask();
  sidecar.clock.now += 99;
  await ask();
  assert.equal(provider.forms.length, 1);
  sidecar.clock.now += 1;
  await ask();
  assert.equal(provider.forms.length, 2);
});

test('L1: every part of a request makes another entry, and skip_cache fetches anew', async (t) => {
  const { provider, sidecar } = await setup(t);
  const base = { identity_provider: 'maskinporten', target: 'a:b' };
  const different = [
    base,
    { ...base, target: 'a:bc' },
    { ...base, resource: '' },
    { ...base, resource: 'x' },
    { ...base, authorization_details: [] },
    { ...base, authorization_details: [{ type: 'x' }] },
    { ...base, identity_provider: 'entra_id' },
  ];
  for (const body of different) await sidecar.post('/token', body);
  assert.equal(provider.forms.length, different.length);
  for (const body of different) await sidecar.post('/token', body);
  assert.equal(provider.forms.length, different.length);
  await sidecar.post('/token', { ...base, skip_cache: true });
  assert.equal(provider.forms.length, different.length + 1);
});

test('asks only for targets in FULLMAKT_SIDECAR_TARGETS when it is set (3.6)', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, {
    ...testEnv(provider.origin, keys),
    FULLMAKT_SIDECAR_TARGETS: 'local:fleet:register',
  });
  assert.equal((await sidecar.post('/token', ENTRA)).status, 200);
  const refused = await sidecar.post('/token', { ...ENTRA, target: 'local:fleet:other' });
  assert.equal(refused.status, 400);
  assert.match(((await refused.json()) as Record<string, string>)['error_description'] ?? '', /local:fleet:other/);
});
