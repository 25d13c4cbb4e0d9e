import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpResponse } from '../web/http.ts';
import { json, plain } from '../web/http.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** Asks for a token that no cache has; every call another one. */
  readonly ask: () => Promise<Response>;
}

async function setup(t: test.TestContext): Promise<World> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  let calls = 0;
  const ask = (): Promise<Response> => {
    calls += 1;
    // The breaker has its own tests: here each answer stands alone.
    sidecar.clock.now += 60;
    return sidecar.post('/token', { identity_provider: 'entra_id', target: `target-${calls}` });
  };
  return { provider, sidecar, ask };
}

const FIXED = 'the identity provider returned an invalid error response';
const FAILED = /^Identity provider request failed: \S/;

test('L15 error-semantics: status, code and text of an OAuth error stay as they are, known or not, with or without text (3.4)', async (t) => {
  const { provider, ask } = await setup(t);
  for (const status of [400, 401, 403, 404, 418, 429, 500, 503, 599]) {
    for (const error of ['invalid_grant', 'made_up', 'AADSTS', 'a b']) {
      for (const described of [
        { error_description: 'why: <b>' },
        { error_description: '' },
        {},
        { error_description: 7 },
      ]) {
        provider.answer = () => json(status, { error, ...described, error_uri: 'x', more: { a: 1 } });
        const response = await ask();
        assert.equal(response.status, status);
        const description = described.error_description;
        const text = typeof description === 'string' ? description : '';
        assert.deepEqual(await response.json(), { error, error_description: text });
        assert.match(response.headers.get('fullmakt-refusal') ?? '', /^[a-z]+$/);
      }
    }
  }
});

test('L15 error-semantics: what is no OAuth error keeps its status and has one text, whatever the provider said (3.4)', async (t) => {
  const { provider, ask } = await setup(t);
  const bodies = [
    '',
    '<html>secret</html>',
    '[]',
    '{',
    '{"error":1}',
    '{"error":""}',
    '{"error":null}',
    '{"message":"secret"}',
  ];
  for (const status of [400, 404, 502]) {
    for (const body of bodies) {
      provider.answer = () => plain(status, body);
      const response = await ask();
      assert.equal(response.status, status);
      assert.deepEqual(await response.json(), { error: 'server_error', error_description: FIXED });
    }
  }
});

test('a success that is none is 500 server_error, and nothing of it is passed on or kept (3.4)', async (t) => {
  const { provider, ask } = await setup(t);
  const good = { access_token: 'x', token_type: 'Bearer', expires_in: 60 };
  const answers: readonly HttpResponse[] = [
    { status: 302, headers: { Location: 'http://127.0.0.1:1/' } },
    { status: 304 },
    plain(200, ''),
    plain(200, '[]'),
    json(200, { ...good, access_token: '' }),
    json(200, { ...good, access_token: 1 }),
    json(200, { ...good, token_type: 'DPoP' }),
    json(200, { ...good, token_type: undefined }),
    json(200, { ...good, expires_in: '60' }),
    json(200, { ...good, expires_in: 1.5 }),
    json(200, { ...good, expires_in: -1 }),
    json(200, { ...good, expires_in: undefined }),
    plain(200, JSON.stringify(good).replace('{', '{"expires_in":1,')),
    plain(200, `${JSON.stringify(good)}${' '.repeat(1024 * 1024)}`),
    { status: 200, cut: 'before' },
    { ...json(200, good), cut: 'within' },
  ];
  for (const answer of answers) {
    provider.answer = () => answer;
    const response = await ask();
    assert.equal(response.status, 500, JSON.stringify(answer).slice(0, 100));
    const body = (await response.json()) as Record<string, string>;
    assert.deepEqual(Object.keys(body), ['error', 'error_description']);
    assert.equal(body['error'], 'server_error');
    assert.match(body['error_description'] ?? '', FAILED);
  }
});

test('a token has exactly three members, whatever else the provider sends (3.4)', async (t) => {
  const { provider, ask } = await setup(t);
  for (const expiresIn of [0, 1, 119, 120, 121, 86_400]) {
    const extras = { scope: 'a', refresh_token: 'r', id_token: 'i', ext_expires_in: 9, nested: {} };
    provider.answer = () => json(200, { access_token: 'x', token_type: 'bEaReR', expires_in: expiresIn, ...extras });
    const response = await ask();
    assert.deepEqual(await response.json(), { access_token: 'x', token_type: 'Bearer', expires_in: expiresIn });
    assert.equal(response.headers.get('fullmakt-refusal'), null);
  }
});

test('Retry-After of 429 and 503 is passed on in seconds, at most an hour; of other answers it is not (3.4)', async (t) => {
  const { provider, sidecar, ask } = await setup(t);
  const retryAfter = async (status: number, value: string): Promise<string | null> => {
    provider.answer = () => ({ ...json(status, { error: 'x' }), headers: { 'Retry-After': value } });
    return (await ask()).headers.get('retry-after');
  };
  for (const status of [429, 503]) {
    assert.equal(await retryAfter(status, '0'), '0');
    assert.equal(await retryAfter(status, '7'), '7');
    assert.equal(await retryAfter(status, '3601'), '3600');
    assert.equal(await retryAfter(status, '999999999'), '3600');
    const at = new Date((sidecar.clock.now + 60 + 30) * 1000).toUTCString();
    assert.equal(await retryAfter(status, at), '30');
    assert.equal(await retryAfter(status, new Date(START * 1000).toUTCString()), '0');
    for (const nonsense of ['soon', '-1', '1e3', '']) assert.equal(await retryAfter(status, nonsense), null, nonsense);
  }
  assert.equal(await retryAfter(400, '7'), null);
  assert.equal(await retryAfter(500, '7'), null);
});

test('the dispatch table, cell by cell: who gives machine tokens, who exchanges, and who does neither (3.3)', async (t) => {
  const provider = await startProvider(t, keys);
  const mine = { issuer: `${provider.origin}/mine`, jwks_uri: `${provider.origin}/jwks`, audience: ['me'] };
  const env = { ...testEnv(provider.origin, keys), FULLMAKT_ISSUERS: JSON.stringify({ mine }) };
  const sidecar = await startSidecar(t, env);
  const table = [
    ['entra_id', 200, 200],
    ['azuread', 200, 200],
    ['tokenx', 'gives no machine tokens', 200],
    ['maskinporten', 200, 'exchanges no tokens'],
    ['idporten', 'gives no machine tokens', 'exchanges no tokens'],
    ['mine', 'gives no machine tokens', 'exchanges no tokens'],
  ] as const;
  for (const [name, token, exchange] of table) {
    const cells = [
      ['/token', token],
      ['/token/exchange', exchange],
    ] as const;
    for (const [path, expected] of cells) {
      const response = await sidecar.post(path, { identity_provider: name, target: 'a', user_token: 'u' });
      const body = (await response.json()) as Record<string, string>;
      if (expected === 200) assert.equal(response.status, 200, `${name} ${path}`);
      else {
        const text = `identity provider ${name} ${expected}`;
        assert.deepEqual([response.status, body], [400, { error: 'invalid_request', error_description: text }]);
      }
    }
    const judged = await sidecar.post('/introspect', { identity_provider: name, token: 'x' });
    assert.deepEqual(await judged.json(), { active: false, error: 'invalid token header: InvalidToken' });
  }
});

test('a provider that is off says so before anything else, by its own name and with its switch (3.3)', async (t) => {
  const provider = await startProvider(t, keys);
  const off = { AZURE_ENABLED: '', TOKEN_X_ENABLED: '', MASKINPORTEN_ENABLED: 'false', IDPORTEN_ENABLED: '' };
  const env = { ...testEnv(provider.origin, keys), ...off, FULLMAKT_SIDECAR_TARGETS: 'nothing' };
  const sidecar = await startSidecar(t, env);
  const names = [
    ['entra_id', 'entra_id', 'AZURE_ENABLED'],
    ['azuread', 'entra_id', 'AZURE_ENABLED'],
    ['tokenx', 'tokenx', 'TOKEN_X_ENABLED'],
    ['maskinporten', 'maskinporten', 'MASKINPORTEN_ENABLED'],
    ['idporten', 'idporten', 'IDPORTEN_ENABLED'],
    ['ansattporten', 'ansattporten', 'ANSATTPORTEN_ENABLED'],
  ] as const;
  for (const [asked, name, variable] of names) {
    const text = `identity provider ${name} is not enabled here; ${variable}=true would enable it`;
    for (const path of ['/token', '/token/exchange']) {
      const response = await sidecar.post(path, { identity_provider: asked, target: 'a', user_token: 'u' });
      assert.deepEqual(
        [response.status, await response.json()],
        [400, { error: 'invalid_request', error_description: text }],
      );
    }
    const judged = await sidecar.post('/introspect', { identity_provider: asked, token: 'x' });
    assert.deepEqual([judged.status, await judged.json()], [200, { active: false, error: text }]);
  }
});

test('T59 a user token that a provider repeats in its refusal is in no event, whatever shape it has', async (t) => {
  const { provider, sidecar } = await setup(t);
  const token = 'opaque.$&-user-token-of-no-shape';
  for (const [error, error_codes] of [
    ['invalid_grant', [50_013]],
    ['invalid_grant', [65_001]],
    [`bad ${token}`, []],
  ]) {
    provider.answer = () => json(400, { error, error_codes, error_description: `no good: ${token}` });
    await sidecar.post('/token/exchange', { identity_provider: 'entra_id', target: 'a', user_token: token });
  }
  const told = sidecar.events.filter(({ event }) => /failed|policy/.test(event));
  assert.equal(told.length, 3);
  assert.doesNotMatch(JSON.stringify(told), /of-no-shape/);
  assert.match(JSON.stringify(told), /no good: \[redacted\]/);
});
