import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../../oauth/jwt.ts';
import { fakeClock } from '../test-issuer/clock.ts';
import { createTestIssuer } from '../test-issuer/issuer.ts';
import { ENV, setup } from '../testing/direct-tokens.ts';
import { MACHINE } from '../testing/open-tokens.ts';
import { START } from '../testing/fixtures.ts';
import { tokensFromEnv } from '../tokens.ts';

test('without a sidecar tokens are asked for by the forms of the sidecar, signed by the own key (3.3, 5.4)', async (t) => {
  const { tokens, sent } = setup(t);
  await tokens.machineOrThrow(MACHINE);
  await tokens.onBehalfOfOrThrow({ provider: 'entra_id', target: 'a:b:c', user: 'user-token' });
  await tokens.onBehalfOfOrThrow({ provider: 'tokenx', target: 'a:b:c', user: 'user-token' });
  await tokens.machineOrThrow({
    provider: 'maskinporten',
    target: 'a:b',
    resource: 'https://api.test',
    authorizationDetails: [{ type: 'x' }],
  });
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const [machine, onBehalfOf, exchange, grant] = sent.map(({ form: { client_assertion, assertion, ...form }, url }) => {
    return { url, form, jwt: client_assertion ?? assertion, subject: assertion };
  });
  const client = { client_assertion_type: type, client_id: 'entra-client' };
  const scope = 'api://local.fleet.register/.default';
  assert.deepEqual(machine?.form, { ...client, grant_type: 'client_credentials', scope });
  assert.deepEqual(onBehalfOf?.form, {
    ...client,
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    requested_token_use: 'on_behalf_of',
    scope: 'api://a.b.c/.default',
  });
  assert.equal(onBehalfOf?.subject, 'user-token');
  assert.equal(exchange?.url, 'https://tokenx.test/token');
  assert.deepEqual(exchange?.form, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_assertion_type: type,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: 'user-token',
    audience: 'a:b:c',
  });
  assert.deepEqual(grant?.form, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' });
  const { iss, sub, aud, iat, exp } = parseJwt(machine?.jwt).claims;
  assert.deepEqual([iss, sub, aud], ['entra-client', 'entra-client', ENV['AZURE_OPENID_CONFIG_ISSUER']]);
  assert.deepEqual([iat, exp], [START, START + 30]);
  assert.equal(parseJwt(machine?.jwt).header['kid'], 'own-key');
  const claims = parseJwt(grant?.jwt).claims;
  assert.deepEqual(claims['resource'], ['https://api.test']);
  assert.deepEqual([claims['scope'], claims['aud'], claims['sub']], ['a:b', 'https://maskinporten.test/', undefined]);
});

test('directly, a token is kept for its whole window, fetched ahead, and outlives an outage; events say so (2.7)', async (t) => {
  const made = setup(t);
  const { tokens, clock, sent, events } = made;
  const user = { provider: 'tokenx', target: 'x', user: 'opaque' } as const;
  await tokens.machineOrThrow(MACHINE);
  made.answer = () => Response.json({ error: 'server_error' }, { status: 503, headers: { 'retry-after': '1' } });
  clock.now += 3479;
  assert.deepEqual((await tokens.machineOrThrow(MACHINE)).fromCache, true);
  clock.now += 1;
  const stale = await tokens.machineOrThrow(MACHINE);
  assert.deepEqual([stale.token.reveal(), stale.expiresAt, stale.fromCache], ['t1', START + 3600, true]);
  const told = events.filter(({ event }) => event === 'token.stale');
  const target = 'api://local.fleet.register/.default';
  assert.deepEqual(told, [{ event: 'token.stale', provider: 'entra_id', target, expiresAt: START + 3600 }]);
  const fresh = await tokens.machine({ ...MACHINE, fresh: true });
  assert.equal(!fresh.ok && fresh.error.kind, 'transient');
  const exchanged = await tokens.onBehalfOf(user);
  assert.deepEqual(!exchanged.ok && [exchanged.error.status, exchanged.error.retryAfterSeconds], [503, 1]);
  assert.ok(!JSON.stringify([events, sent.map(({ url }) => url)]).includes('eyJ'));
});

test('a token that could not be fetched ahead is told by an event, and the old one serves (5.4)', async (t) => {
  const made = setup(t);
  const { tokens, clock, events } = made;
  const user = `.${Buffer.from(JSON.stringify({ exp: START + 9000 })).toString('base64url')}.`;
  const ask = {
    provider: 'tokenx',
    target: 'x',
    user: `${Buffer.from('{"alg":"RS256"}').toString('base64url')}${user}c2ln`,
  } as const;
  await tokens.onBehalfOfOrThrow(ask);
  clock.now += 3400;
  made.answer = () => Response.json({ error: 'invalid_target' }, { status: 400 });
  assert.equal((await tokens.onBehalfOfOrThrow(ask)).fromCache, true);
  const deadline = Date.now() + 20_000;
  while (!events.some(({ event }) => event === 'token.refresh_failed')) {
    assert.ok(Date.now() < deadline, 'nothing was told');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const told = events.find(({ event }) => event === 'token.refresh_failed');
  assert.deepEqual(told, { event: 'token.refresh_failed', provider: 'tokenx', target: 'x', kind: 'policy' });
});

test('refusals keep what the provider said, by its own numbers too (providers.md 2.5)', async (t) => {
  const made = setup(t);
  const rows: readonly [status: number, body: object, kind: string][] = [
    [400, { error: 'invalid_grant', error_codes: [501051] }, 'policy'],
    [401, { error: 'invalid_client' }, 'credential'],
    [400, { error: 'invalid_scope' }, 'request'],
  ];
  for (const [status, body, kind] of rows) {
    made.answer = () => Response.json(body, { status });
    const outcome = await made.tokens.machine(MACHINE);
    assert.ok(!outcome.ok);
    assert.deepEqual({ kind: outcome.error.kind, status: outcome.error.status }, { kind, status });
  }
  made.answer = () => new Response('<html>');
  const garbage = await made.tokens.machine(MACHINE);
  assert.deepEqual(!garbage.ok && [garbage.error.kind, garbage.error.oauthError, garbage.error.status], [
    'transient',
    undefined,
    undefined,
  ]);
  const controller = new AbortController();
  const waiting = made.tokens.machine({ ...MACHINE, signal: controller.signal });
  controller.abort();
  const aborted = await waiting;
  assert.equal(!aborted.ok && aborted.error.kind, 'aborted');
});

test('the test issuer gives tokens directly for every kind of request', async (t) => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  t.after(() => issuer.close());
  const { fetch, env } = issuer;
  const tokens = tokensFromEnv({ env, fetch, clock, via: 'direct' });
  t.after(() => {
    tokens.close();
  });
  await tokens.machineOrThrow(MACHINE);
  await tokens.machineOrThrow({ provider: 'maskinporten', target: env['MASKINPORTEN_SCOPES']?.split(' ')[0] ?? 'a:b' });
  await tokens.onBehalfOfOrThrow({
    provider: 'entra_id',
    target: 'local:fleet:register',
    user: issuer.mint('entra-user'),
  });
  await tokens.onBehalfOfOrThrow({ provider: 'tokenx', target: 'local:fleet:register', user: issuer.mint('idporten') });
});
