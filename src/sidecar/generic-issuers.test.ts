import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../oauth/jwk.ts';
import { json } from '../web/http.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();
const ecJwk = await generatePrivateJwk('ES256', 'ec-key');
const ec = importSigningKey(ecJwk);

async function setup(t: test.TestContext, more: (origin: string) => Record<string, string>): Promise<World> {
  const provider = await startProvider(t, keys);
  provider.keySet = () => json(200, { keys: [publicJwk(keys.issuerJwk), publicJwk(ecJwk)] });
  const sidecar = await startSidecar(t, { ...testEnv(provider.origin, keys), ...more(provider.origin) });
  const judge: World['judge'] = async (name, claims, key) => {
    const times = { iat: START, exp: START + 60 };
    const token = await provider.mint({ ...times, ...claims }, key === undefined ? {} : { key });
    const response = await sidecar.post('/introspect', { identity_provider: name, token });
    return (await response.json()) as Record<string, unknown>;
  };
  return { provider, sidecar, judge };
}

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  readonly judge: (name: string, claims: object, key?: typeof ec) => Promise<Record<string, unknown>>;
}

test('an issuer of FULLMAKT_ISSUERS is judged by its name, for any of its audiences, with RS256 unless more is named (2.3, 3.5)', async (t) => {
  const { provider, judge } = await setup(t, (origin) => ({
    FULLMAKT_ISSUERS: JSON.stringify({
      mine: { issuer: `${origin}/mine`, jwks_uri: `${origin}/jwks`, audience: ['me', 'us'] },
      other: { issuer: `${origin}/other`, jwks_uri: `${origin}/jwks`, audience: ['me'], algorithms: ['ES256'] },
      bare: { issuer: `${origin}/bare`, jwks_uri: `${origin}/jwks`, no_audience: true, required_scope: 'a:b' },
    }),
  }));
  const iss = `${provider.origin}/mine`;
  assert.equal((await judge('mine', { iss, aud: 'me' }))['active'], true);
  assert.equal((await judge('mine', { iss, aud: ['x', 'us'] }))['active'], true);
  assert.equal((await judge('mine', { iss, aud: 'x' }))['error'], 'invalid token: InvalidAudience');
  assert.equal((await judge('mine', { iss }))['error'], 'invalid token: Missing required claim: aud');
  assert.equal((await judge('mine', { iss, aud: 'me' }, ec))['error'], 'invalid token: InvalidAlgorithm');
  const others = { iss: `${provider.origin}/other`, aud: 'me' };
  assert.equal((await judge('other', others, ec))['active'], true);
  assert.equal((await judge('other', others))['error'], 'invalid token: InvalidAlgorithm');
  assert.equal((await judge('other', { ...others, iss }, ec))['error'], 'invalid token: InvalidIssuer');
  assert.equal((await judge('bare', { iss: `${provider.origin}/bare`, scope: 'a:b' }))['active'], true);
});

test('an entry named as a built-in provider changes its algorithms and nothing else (4)', async (t) => {
  const issuers = { tokenx: { algorithms: ['ES256'] } };
  const { provider, judge } = await setup(t, () => ({ FULLMAKT_ISSUERS: JSON.stringify(issuers) }));
  const claims = { iss: `${provider.origin}/tokenx`, aud: 'local:fleet:api' };
  assert.equal((await judge('tokenx', claims, ec))['active'], true);
  assert.equal((await judge('tokenx', claims))['error'], 'invalid token: InvalidAlgorithm');
  assert.equal(
    (await judge('idporten', { iss: `${provider.origin}/idporten`, aud: 'https://api.example' }))['active'],
    true,
  );
});

test('ansattporten is judged when its variables say so, and off like any other until then (4)', async (t) => {
  const { provider, judge } = await setup(t, (origin) => ({
    ANSATTPORTEN_ENABLED: 'true',
    ANSATTPORTEN_AUDIENCE: 'https://employees.example',
    ANSATTPORTEN_ISSUER: `${origin}/ansattporten`,
    ANSATTPORTEN_JWKS_URI: `${origin}/jwks`,
  }));
  const claims = { iss: `${provider.origin}/ansattporten`, aud: 'https://employees.example' };
  assert.equal((await judge('ansattporten', claims))['active'], true);
  assert.equal((await judge('ansattporten', { ...claims, aud: 'x' }))['error'], 'invalid token: InvalidAudience');
  const off = await setup(t, () => ({}));
  assert.match(String((await off.judge('ansattporten', claims))['error']), /ANSATTPORTEN_ENABLED=true/);
});

test('targets are one however they are spelled: Entra scopes in both forms, Maskinporten scopes each by itself (3.6)', async (t) => {
  const { sidecar } = await setup(t, () => ({
    FULLMAKT_SIDECAR_TARGETS: 'local:fleet:register,api://local.fleet.more/.default,a:b,a:c',
  }));
  const status = async (name: string, target: string): Promise<number> =>
    (await sidecar.post('/token', { identity_provider: name, target })).status;
  for (const target of ['local:fleet:register', 'api://local.fleet.register/.default', 'local:fleet:more']) {
    assert.equal(await status('entra_id', target), 200, target);
  }
  for (const target of ['a:b', 'a:b a:c', ' a:c']) assert.equal(await status('maskinporten', target), 200, target);
  for (const target of ['a:b a:d', 'a:bc', '', ' ', 'A:B'])
    assert.equal(await status('maskinporten', target), 400, target);
  for (const target of ['local:fleet', 'local:fleet:registe', 'api://local.fleet.register/x', 'a:b a:c']) {
    assert.equal(await status('entra_id', target), 400, target);
  }
});

test('no issuer can be named as another name of Entra is (3.2)', async (t) => {
  const azuread = { issuer: 'https://op.example', jwks_uri: 'https://op.example/jwks', audience: ['me'] };
  const env = { FULLMAKT_ISSUERS: JSON.stringify({ azuread }) };
  await assert.rejects(
    setup(t, () => env),
    /azuread is another name of entra_id/,
  );
});
