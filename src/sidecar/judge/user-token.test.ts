import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { plain } from '../../web/http.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from '../testing/sidecar.ts';

const keys = await makeKeys();

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** A token of the issuer at this path, for this audience. */
  readonly userToken: (path: string, aud: string, more?: object) => Promise<string>;
  readonly exchange: (provider: string, token: string) => Promise<{ status: number; body: Record<string, unknown> }>;
}

async function setup(t: test.TestContext, changes: Record<string, string> = {}): Promise<World> {
  const provider = await startProvider(t, keys);
  const env = { ...testEnv(provider.origin, keys), FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: 'true', ...changes };
  const sidecar = await startSidecar(t, env);
  const userToken: World['userToken'] = (path, aud, more) =>
    provider.mint({ iss: provider.origin + path, aud, iat: START, exp: START + 600, sub: 'u', ...more });
  const exchange: World['exchange'] = async (name, token) => {
    const body = { identity_provider: name, target: 'a:b:c', user_token: token };
    const response = await sidecar.post('/token/exchange', body);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { provider, sidecar, userToken, exchange };
}

test('a user token goes to Entra when Entra issued it, to TokenX when ID-porten or TokenX did (3.3)', async (t) => {
  const { provider, userToken, exchange } = await setup(t);
  const good = [
    ['entra_id', await userToken('/entra', 'entra-client')],
    ['azuread', await userToken('/entra', 'entra-client', { other: 1 })],
    ['tokenx', await userToken('/idporten', 'https://api.example')],
    ['tokenx', await userToken('/tokenx', 'local:fleet:api')],
  ] as const;
  for (const [name, token] of good) assert.equal((await exchange(name, token)).status, 200, name);
  assert.equal(provider.forms.length, good.length);
});

test('any other user token is 400 invalid_grant that says why, and the provider hears nothing of it (3.3)', async (t) => {
  const { provider, sidecar, userToken, exchange } = await setup(t);
  const tokenx = await userToken('/tokenx', 'local:fleet:api');
  const bad = [
    ['entra_id', tokenx, /InvalidIssuer/],
    ['entra_id', await userToken('/entra', 'somebody else'), /InvalidAudience/],
    ['tokenx', await userToken('/entra', 'entra-client'), /from no issuer that is enabled here/],
    ['tokenx', await userToken('/idporten', 'local:fleet:api'), /InvalidAudience/],
    ['tokenx', await userToken('/tokenx', 'https://api.example'), /InvalidAudience/],
    ['tokenx', await userToken('/tokenx', 'local:fleet:api', { exp: START - 60, iat: START - 90 }), /ExpiredSignature/],
    ['tokenx', await provider.mint({ iss: `${provider.origin}/tokenx` }, { key: keys.stranger }), /InvalidSignature/],
    ['tokenx', `${tokenx}x`, /Invalid/],
    ['tokenx', '', /InvalidToken/],
    ['entra_id', 'u', /InvalidToken/],
  ] as const;
  for (const [name, token, text] of bad) {
    const { status, body } = await exchange(name, token);
    assert.deepEqual([status, body['error']], [400, 'invalid_grant']);
    assert.match(String(body['error_description']), text);
    if (token !== '' && token !== 'u') assert.ok(!JSON.stringify(body).includes(token));
  }
  assert.equal(provider.forms.length, 0);
  assert.equal(sidecar.events.filter(({ event }) => event === 'sidecar.user_token_refused').length, bad.length);
  assert.doesNotMatch(JSON.stringify(sidecar.events), /eyJ/);
});

test('a cached token is no way around it: a user token whose key is gone is refused (3.3, 2.6)', async (t) => {
  const { provider, sidecar, userToken, exchange } = await setup(t);
  const token = await userToken('/tokenx', 'local:fleet:api', { exp: START + 6000 });
  assert.equal((await exchange('tokenx', token)).status, 200);
  const other = await startProvider(t, await makeKeys());
  sidecar.clock.now += 1000;
  const { promise: fetched, resolve } = Promise.withResolvers<void>();
  provider.keySet = () => {
    resolve();
    return other.keySet();
  };
  await exchange('tokenx', token);
  await fetched;
  const isThere = (): boolean => sidecar.events.filter(({ event }) => event === 'sidecar.keys').length === 2;
  for (let turns = 0; !isThere() && turns < 10_000; turns += 1) await immediate();
  sidecar.clock.now += 61;
  assert.equal((await exchange('tokenx', token)).status, 400);
});

test('without keys nobody can tell: 500, and the provider is not asked (3.4)', async (t) => {
  const { provider, userToken, exchange } = await setup(t);
  provider.keySet = () => plain(404, 'gone');
  const { status, body } = await exchange('tokenx', await userToken('/tokenx', 'local:fleet:api'));
  assert.deepEqual([status, body['error']], [500, 'server_error']);
  assert.match(String(body['error_description']), /^Identity provider request failed:/);
  assert.equal(provider.forms.length, 0);
});

test('it is off unless asked for, and then anything goes upstream (4)', async (t) => {
  const { provider, exchange } = await setup(t, { FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: '' });
  assert.equal((await exchange('tokenx', 'anything')).status, 200);
  assert.equal(provider.forms[0]?.get('subject_token'), 'anything');
});

test('without any issuer of users it does not start, and says what to switch on (3.3)', async (t) => {
  const off = { AZURE_ENABLED: '', TOKEN_X_ENABLED: 'false', IDPORTEN_ENABLED: '' };
  await assert.rejects(setup(t, off), /VALIDATE_USER_TOKEN.*AZURE_ENABLED, TOKEN_X_ENABLED, IDPORTEN_ENABLED/);
  await setup(t, { ...off, IDPORTEN_ENABLED: 'true' });
});
