import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk, importSigningKey } from '../oauth/jwk.ts';
import { encodeBase64Url } from '../oauth/base64url.ts';
import { json, plain } from '../web/http.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();
const ec = importSigningKey(await generatePrivateJwk('ES256', 'issuer-key'));

async function setup(t: test.TestContext): Promise<{ provider: FakeProvider; sidecar: TestSidecar }> {
  const provider = await startProvider(t, keys);
  return { provider, sidecar: await startSidecar(t, testEnv(provider.origin, keys)) };
}

async function judge(sidecar: TestSidecar, name: string, token: string): Promise<unknown> {
  const response = await sidecar.post('/introspect', { identity_provider: name, token });
  assert.equal(response.status, 200);
  return await response.json();
}

function without(token: string, segment: number, replacement: string): string {
  return token
    .split('.')
    .map((text, at) => (at === segment ? replacement : text))
    .join('.');
}

const PROVIDERS = [
  { name: 'entra_id', path: '/entra', aud: 'entra-client' },
  { name: 'tokenx', path: '/tokenx', aud: 'local:fleet:api' },
  { name: 'idporten', path: '/idporten', aud: 'https://api.example' },
  { name: 'maskinporten', path: '/maskinporten/', aud: undefined },
] as const;

for (const { name, path, aud } of PROVIDERS) {
  test(`every row of the table of refusals, for ${name} (2.2, 3.5)`, async (t) => {
    const { provider, sidecar } = await setup(t);
    const claims = {
      iss: provider.origin + path,
      iat: START,
      exp: START + 600,
      ...(aud === undefined ? {} : { aud }),
    };
    const good = await provider.mint(claims);
    assert.deepEqual(await judge(sidecar, name, good), { active: true, ...claims });
    const rows: readonly [token: string, error: string | RegExp][] = [
      ['', 'invalid token header: InvalidToken'],
      ['x'.repeat(16_385), 'invalid token header: InvalidToken'],
      [`${good}.x`, 'invalid token header: InvalidToken'],
      [`${good}=`, 'invalid token header: InvalidToken'],
      [await provider.mint(claims, { header: { crit: ['b64'] } }), 'invalid token header: InvalidToken'],
      [await provider.mint(claims, { header: { typ: 'logout+jwt' } }), 'invalid token header: InvalidToken'],
      [without(good, 0, encodeBase64Url('{"alg":"none","kid":"issuer-key"}')), 'invalid token header: InvalidToken'],
      [without(good, 0, encodeBase64Url('{"alg":"HS256","kid":"issuer-key"}')), 'invalid token header: InvalidToken'],
      [without(good, 0, encodeBase64Url('{"alg":"RS256"}')), 'missing key id from token header'],
      [without(good, 0, encodeBase64Url('{"alg":"RS256","kid":"other"}')), /no key of this identity provider/],
      [await provider.mint(claims, { key: ec }), 'invalid token: InvalidAlgorithm'],
      [without(good, 0, encodeBase64Url('{"alg":"PS256","kid":"issuer-key"}')), 'invalid token: InvalidAlgorithm'],
      [await provider.mint(claims, { key: keys.stranger }), 'invalid token: InvalidSignature'],
      [await provider.mint([]), 'invalid token: InvalidToken'],
      [without(good, 1, ''), 'invalid token header: InvalidToken'],
      [without(without(good, 1, ''), 0, encodeBase64Url('{"alg":"RS256"}')), 'invalid token header: InvalidToken'],
      [without(good, 1, encodeBase64Url('[]')), 'invalid token: InvalidSignature'],
      [await provider.mint({ ...claims, exp: undefined }), 'invalid token: Missing required claim: exp'],
      [await provider.mint({ ...claims, iat: undefined }), 'invalid token: Missing required claim: iat'],
      [await provider.mint({ ...claims, iss: undefined }), 'invalid token: Missing required claim: iss'],
      [await provider.mint({ ...claims, exp: '1' }), 'invalid token: claim exp is invalid'],
      [await provider.mint({ ...claims, exp: -1 }), 'invalid token: claim exp is invalid'],
      [await provider.mint({ ...claims, exp: claims.iat }), 'invalid token: claim exp is invalid'],
      [await provider.mint({ ...claims, aud: [1] }), 'invalid token: claim aud is invalid'],
      [await provider.mint({ ...claims, iat: START - 100, exp: START - 60 }), 'invalid token: ExpiredSignature'],
      [await provider.mint({ ...claims, nbf: START + 61 }), 'invalid token: ImmatureSignature'],
      [await provider.mint({ ...claims, iat: START + 61 }), 'invalid token: ImmatureSignature'],
      [await provider.mint({ ...claims, iss: `${claims.iss}/` }), 'invalid token: InvalidIssuer'],
    ];
    for (const [token, error] of rows) {
      const answer = (await judge(sidecar, name, token)) as Record<string, unknown>;
      assert.deepEqual(Object.keys(answer), ['active', 'error']);
      assert.equal(answer['active'], false);
      if (typeof error === 'string') assert.equal(answer['error'], error);
      else assert.match(String(answer['error']), error);
    }
  });
}

test('demands the audience of each provider but Maskinporten, as text or in a list (2.4)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const common = { iss: `${provider.origin}/tokenx`, iat: START, exp: START + 60 };
  const answers = async (claims: object): Promise<unknown> =>
    await judge(sidecar, 'tokenx', await provider.mint({ ...common, ...claims }));
  assert.deepEqual(await answers({}), { active: false, error: 'invalid token: Missing required claim: aud' });
  assert.deepEqual(await answers({ aud: 'x' }), { active: false, error: 'invalid token: InvalidAudience' });
  const listed = { ...common, aud: ['x', 'local:fleet:api'] };
  assert.deepEqual(await answers(listed), { active: true, ...listed });
  const machine = { iss: `${provider.origin}/maskinporten/`, iat: START, exp: START + 60, aud: 'someone else' };
  assert.deepEqual(await judge(sidecar, 'maskinporten', await provider.mint(machine)), { active: true, ...machine });
});

test('L8 skew: one leeway on exp, nbf and iat, to the second (2.2)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const base = { iss: `${provider.origin}/maskinporten/`, iat: START - 1000, exp: START + 1000 };
  const active = async (claims: object): Promise<unknown> => {
    const answer = await judge(sidecar, 'maskinporten', await provider.mint({ ...base, ...claims }));
    return (answer as Record<string, unknown>)['active'];
  };
  assert.deepEqual([await active({ exp: START - 59 }), await active({ exp: START - 60 })], [true, false]);
  assert.deepEqual([await active({ nbf: START + 60 }), await active({ nbf: START + 61 })], [true, false]);
  assert.deepEqual([await active({ iat: START + 60 }), await active({ iat: START + 61 })], [true, false]);
});

test('gives the claims as they were written: large numbers, escapes, and no second active (3.5)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const marks = { big: '@big@', text: 'ø "quoted" \\ }', nested: { list: [1, { a: '}' }] } };
  const minted = await provider.mint({
    iss: `${provider.origin}/maskinporten/`,
    active: false,
    iat: START,
    ...marks,
    exp: START + 60,
    error: 'no',
  });
  const response = await sidecar.post('/introspect', { identity_provider: 'maskinporten', token: minted });
  const text = await response.text();
  assert.ok(text.startsWith('{"active":true,"iss":'));
  assert.equal(text.match(/"active"/g)?.length, 1);
  assert.deepEqual(JSON.parse(text), {
    active: true,
    iss: `${provider.origin}/maskinporten/`,
    iat: START,
    exp: START + 60,
    ...marks,
  });
});

test('answers 500 while no keys were ever had, and is well again when the provider is (3.4)', async (t) => {
  const { provider, sidecar } = await setup(t);
  const wellKeySet = provider.keySet;
  provider.keySet = () => plain(404, 'gone');
  const token = await provider.mint({ iss: `${provider.origin}/maskinporten/`, iat: START, exp: START + 600 });
  const response = await sidecar.post('/introspect', { identity_provider: 'maskinporten', token });
  assert.equal(response.status, 500);
  const body = (await response.json()) as Record<string, string>;
  assert.match(body['error_description'] ?? '', /^Identity provider request failed:/);
  // What can be said without keys is said.
  for (const [header, error] of [
    ['{"alg":"RS256"}', 'missing key id from token header'],
    ['{"alg":"none","kid":"issuer-key"}', 'invalid token header: InvalidToken'],
  ] as const) {
    const answer = await judge(sidecar, 'maskinporten', without(token, 0, encodeBase64Url(header)));
    assert.deepEqual(answer, { active: false, error });
  }
  provider.keySet = wellKeySet;
  sidecar.clock.now += 5;
  const later = (await judge(sidecar, 'maskinporten', token)) as Record<string, unknown>;
  assert.equal(later['active'], true);
});

test('L9 kid-storm: a flood of unknown key ids makes one fetch, and one bad key leaves the others usable (2.3, 2.5)', async (t) => {
  const { provider, sidecar } = await setup(t);
  let fetches = 0;
  const wellKeySet = provider.keySet;
  provider.keySet = () => {
    fetches += 1;
    return wellKeySet();
  };
  const token = await provider.mint({ iss: `${provider.origin}/maskinporten/`, iat: START, exp: START + 600 });
  await judge(sidecar, 'maskinporten', token);
  const flood = Array.from({ length: 50 }, (_, at) =>
    judge(sidecar, 'maskinporten', without(token, 0, encodeBase64Url(JSON.stringify({ alg: 'RS256', kid: `k${at}` })))),
  );
  await Promise.all(flood);
  assert.ok(fetches <= 2, `${fetches} fetches`);
  provider.keySet = () => {
    const keySet = JSON.parse(String(wellKeySet().body)) as { keys: object[] };
    return json(200, { keys: [{ kty: 'RSA', kid: 'bad' }, ...keySet.keys] });
  };
  sidecar.clock.now += 700;
  await judge(sidecar, 'maskinporten', token);
  const answer = (await judge(sidecar, 'maskinporten', token)) as Record<string, unknown>;
  assert.equal(answer['error'], 'invalid token: ExpiredSignature');
});
