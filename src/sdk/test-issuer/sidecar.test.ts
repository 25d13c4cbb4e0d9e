import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError } from '../index.ts';
import { createTestIssuer, createTestSidecar, fakeClock } from '../testing.ts';
import { tokensFromEnv } from '../tokens.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });

async function status(at: string, init: RequestInit = {}): Promise<number> {
  return (await fetch(at, init)).status;
}

function form(fields: Record<string, string>): RequestInit {
  return { method: 'POST', body: new URLSearchParams(fields) };
}

test('the sidecar gives machine and user tokens, and lists what it was asked (3.1)', async (t) => {
  const sidecar = await createTestSidecar(issuer);
  const tokens = tokensFromEnv({ env: sidecar.env, clock });
  t.after(() => {
    tokens.close();
    return sidecar.close();
  });
  assert.ok(!Object.keys(sidecar.env).some((name) => name.includes('JWK') && !name.endsWith('JWKS_URI')));
  const machine = await tokens.machineOrThrow({ provider: 'entra_id', target: 'dev:team-b:register' });
  assert.equal(machine.expiresAt, clock() + 3600);
  await tokens.machineOrThrow({
    provider: 'maskinporten',
    target: 'a:b',
    resource: 'https://api.test',
    authorizationDetails: [{ type: 'x' }],
  });
  const user = issuer.mint('idporten');
  await tokens.onBehalfOfOrThrow({ provider: 'tokenx', target: 'dev:team-b:register', user });
  await tokens.onBehalfOfOrThrow({
    provider: 'entra_id',
    target: 'dev:team-b:register',
    user: issuer.mint('entra-user'),
  });
  assert.deepEqual(
    sidecar.requests.map((request) => Object.entries(request).find(([name]) => name === 'path')?.[1]),
    ['/api/v1/token', '/api/v1/token', '/api/v1/token/exchange', '/api/v1/token/exchange'],
  );
  assert.deepEqual(sidecar.requests[2], {
    path: '/api/v1/token/exchange',
    identity_provider: 'tokenx',
    target: 'dev:team-b:register',
    user_token: user,
  });
});

test('refusals pass through it, and an outage becomes a server_error (3.4)', async (t) => {
  const sidecar = await createTestSidecar(issuer);
  const tokens = tokensFromEnv({ env: sidecar.env, clock });
  t.after(() => {
    tokens.close();
    return sidecar.close();
  });
  t.after(() => issuer.fail());
  const ask = async (): Promise<unknown> => {
    const user = issuer.mint('idporten-id-token');
    const outcome = await tokens.onBehalfOf({ provider: 'tokenx', target: 'dev:team-b:register', user });
    return outcome.ok ? 'given' : [outcome.error.status, outcome.error.oauthError];
  };
  assert.deepEqual(await ask(), [400, 'invalid_request']);
  for (const how of ['down', 'error', 'garbage'] as const) {
    issuer.fail(how);
    assert.deepEqual(await ask(), [500, 'server_error'], how);
  }
});

test('it introspects what an application would, for the provider that is named (3.5)', async (t) => {
  const sidecar = await createTestSidecar(issuer);
  t.after(() => sidecar.close());
  const ask = async (body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(sidecar.env['NAIS_TOKEN_INTROSPECTION_ENDPOINT'] ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  for (const [provider, kind] of [
    ['entra_id', 'entra-user'],
    ['azuread', 'entra-machine'],
    ['tokenx', 'tokenx'],
    ['idporten', 'idporten'],
    ['maskinporten', 'maskinporten'],
  ] as const) {
    const good = await ask({ identity_provider: provider, token: issuer.mint(kind) });
    assert.equal(good['active'], true, kind);
    assert.equal(typeof good['iss'], 'string');
  }
  for (const [provider, token] of [
    ['tokenx', issuer.mint('entra-user')],
    ['tokenx', issuer.mint('tokenx', { expiresInSeconds: -60 })],
    ['tokenx', 'text'],
  ]) {
    const bad = await ask({ identity_provider: provider, token });
    assert.deepEqual([bad['active'], typeof bad['error']], [false, 'string']);
  }
  const unknown = await ask({ identity_provider: 'other', token: issuer.mint('tokenx') });
  assert.equal(unknown['error'], 'invalid_request');
});

test('what is no request of the contract is 400, 404 or 405 (3.1, 3.2)', async (t) => {
  const sidecar = await createTestSidecar(issuer);
  t.after(() => sidecar.close());
  const url = sidecar.env['NAIS_TOKEN_ENDPOINT'] ?? '';
  assert.equal(await status(url, form({ identity_provider: 'entra_id', target: 'api://x/.default' })), 200);
  assert.equal(await status(url, form({ identity_provider: 'tokenx', target: 'a:b:c' })), 400);
  assert.equal(await status(url, form({ identity_provider: 'entra_id' })), 400);
  assert.equal(await status(url, form({ target: 'x' })), 400);
  assert.equal(await status(url, { method: 'POST', body: '{"x":1}' }), 400);
  assert.equal(
    await status(`${url}/exchange`, form({ identity_provider: 'maskinporten', target: 'x', user_token: 'x' })),
    400,
  );
  assert.equal(await status(url), 405);
  assert.equal(await status(`${url}/else`), 404);
});

test('an issuer of anybody else has no sidecar', async () => {
  const stranger = { env: issuer.env, fetch: issuer.fetch };
  await assert.rejects(createTestSidecar(stranger as never), ConfigError);
});
