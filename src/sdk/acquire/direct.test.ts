import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import { parseJwt } from '../../oauth/jwt.ts';
import { ConfigError, inspectEnv } from '../index.ts';
import type { SdkEvent } from '../index.ts';
import { createTestIssuer } from '../test-issuer/issuer.ts';
import { fakeClock } from '../test-issuer/clock.ts';
import { START } from '../testing/fixtures.ts';
import { tokensFromEnv } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';

const JWK = JSON.stringify(await generatePrivateJwk('ES256', 'own-key'));
const ENV: Readonly<Record<string, string>> = {
  AZURE_APP_CLIENT_ID: 'entra-client',
  AZURE_APP_JWK: JWK,
  AZURE_OPENID_CONFIG_ISSUER: 'https://entra.test/t/v2.0',
  AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: 'https://entra.test/token',
  TOKEN_X_CLIENT_ID: 'local:fleet:api',
  TOKEN_X_PRIVATE_JWK: JWK,
  TOKEN_X_WELL_KNOWN_URL: 'https://tokenx.test/.well-known/oauth-authorization-server',
  MASKINPORTEN_CLIENT_ID: 'mp-client',
  MASKINPORTEN_CLIENT_JWK: JWK,
  MASKINPORTEN_ISSUER: 'https://maskinporten.test/',
  MASKINPORTEN_TOKEN_ENDPOINT: 'https://maskinporten.test/token',
};
const MACHINE = { provider: 'entra_id', target: 'local:fleet:register' } as const;

type TokensOptions = NonNullable<Parameters<typeof tokensFromEnv>[0]>;

interface Setup {
  readonly tokens: Tokens;
  readonly clock: { now: number };
  readonly sent: { readonly url: string; readonly form: Record<string, string> }[];
  readonly events: SdkEvent[];
  answer: () => Response;
}

function setup(t: test.TestContext, options: TokensOptions = {}): Setup {
  const clock = { now: START };
  const sent: Setup['sent'] = [];
  const events: SdkEvent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    assert.ok(typeof input === 'string');
    if (input.includes('/.well-known/')) {
      return Response.json({ issuer: 'https://tokenx.test', token_endpoint: 'https://tokenx.test/token' });
    }
    assert.ok(typeof init?.body === 'string');
    sent.push({ url: input, form: Object.fromEntries(new URLSearchParams(init.body)) });
    return made.answer();
  };
  const onEvent = (event: SdkEvent): void => {
    events.push(event);
  };
  const tokens = tokensFromEnv({ env: ENV, fetch, clock: () => clock.now, onEvent, ...options });
  t.after(() => {
    tokens.close();
  });
  const made: Setup = {
    tokens,
    clock,
    sent,
    events,
    answer: () => Response.json({ access_token: `t${sent.length}`, token_type: 'Bearer', expires_in: 3600 }),
  };
  return made;
}

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
  const deadline = Date.now() + 5000;
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

const NEEDED: readonly [variable: string, named: RegExp][] = [
  ['AZURE_APP_CLIENT_ID', /AZURE_APP_CLIENT_ID/],
  ['AZURE_APP_JWK', /AZURE_APP_JWK/],
  ['AZURE_OPENID_CONFIG_ISSUER', /AZURE_OPENID_CONFIG_ISSUER or AZURE_APP_WELL_KNOWN_URL/],
  ['AZURE_OPENID_CONFIG_TOKEN_ENDPOINT', /AZURE_OPENID_CONFIG_TOKEN_ENDPOINT or AZURE_APP_WELL_KNOWN_URL/],
  ['TOKEN_X_PRIVATE_JWK', /TOKEN_X_PRIVATE_JWK/],
  ['TOKEN_X_WELL_KNOWN_URL', /TOKEN_X_ISSUER or TOKEN_X_WELL_KNOWN_URL/],
  ['MASKINPORTEN_CLIENT_ID', /MASKINPORTEN_CLIENT_ID/],
  ['MASKINPORTEN_CLIENT_JWK', /MASKINPORTEN_CLIENT_JWK/],
];

for (const [variable, named] of NEEDED) {
  test(`direct acquisition names ${variable} when it is missing or empty, and the sidecar as the alternative (4)`, async (t) => {
    for (const value of [undefined, '']) {
      const env = { ...ENV, [variable]: value };
      assert.throws(
        () => tokensFromEnv({ env, via: 'direct' }),
        (error) =>
          error instanceof ConfigError &&
          error.findings.some((finding) => named.test(finding)) &&
          error.findings.some((finding) => finding.includes('NAIS_TOKEN_ENDPOINT')),
      );
      const { tokens } = setup(t, { env });
      const provider = variable.startsWith('AZURE') ? 'entra_id' : 'maskinporten';
      const outcome = variable.startsWith('TOKEN_X')
        ? await tokens.onBehalfOf({ provider: 'tokenx', target: 'x', user: 'u' })
        : await tokens.machine({ provider, target: 'x' });
      assert.ok(!outcome.ok && outcome.error.kind === 'not_configured');
      assert.match(outcome.error.message, named);
    }
  });
}

test('direct acquisition refuses a garbled key and a URL that is not https, and never quotes a key (4)', () => {
  for (const [variable, value] of [
    ['AZURE_APP_JWK', 'secret-but-no-jwk'],
    ['MASKINPORTEN_TOKEN_ENDPOINT', 'http://maskinporten.test/token'],
    ['TOKEN_X_WELL_KNOWN_URL', 'https://localhost/.well-known/oauth-authorization-server'],
  ] as const) {
    assert.throws(
      () => tokensFromEnv({ env: { ...ENV, [variable]: value }, via: 'direct' }),
      (error) =>
        error instanceof ConfigError && error.message.includes(variable) && !error.message.includes('secret-but'),
    );
  }
  assert.throws(() => tokensFromEnv({ env: {}, via: 'direct' }), ConfigError);
});

test('where Maskinporten only judges, it keeps nobody from asking others directly', (t) => {
  const { MASKINPORTEN_CLIENT_ID: _id, MASKINPORTEN_CLIENT_JWK: _key, ...rest } = ENV;
  const env: Record<string, string | undefined> = { ...rest, MASKINPORTEN_TOKEN_ENDPOINT: undefined };
  setup(t, { env, via: 'direct' });
});

test('the sidecar is asked where there is one, unless direct is wanted; and never without NAIS_TOKEN_ENDPOINT when it is (5)', async (t) => {
  const env = { ...ENV, NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:1/api/v1/token' };
  const direct = setup(t, { env, via: 'direct' });
  await direct.tokens.machineOrThrow(MACHINE);
  assert.equal(direct.sent[0]?.url, 'https://entra.test/token');
  const auto = setup(t, { env });
  await auto.tokens.machineOrThrow(MACHINE);
  assert.equal(auto.sent[0]?.url, env.NAIS_TOKEN_ENDPOINT);
  const none = await setup(t, { via: 'sidecar' }).tokens.machine(MACHINE);
  assert.equal(!none.ok && none.error.kind, 'not_configured');
});

function missingOf(env: Record<string, string | undefined>, provider: string): readonly string[] | undefined {
  return inspectEnv(env).find((each) => each.provider === provider && each.use === 'acquire')?.missing;
}

test('inspectEnv tells what direct acquisition lacks, and that a sidecar would do (5)', () => {
  for (const provider of ['entra_id', 'tokenx', 'maskinporten']) assert.deepEqual(missingOf(ENV, provider), []);
  assert.deepEqual(missingOf({ ...ENV, TOKEN_X_PRIVATE_JWK: '' }, 'tokenx'), [
    'TOKEN_X_PRIVATE_JWK or NAIS_TOKEN_ENDPOINT and NAIS_TOKEN_EXCHANGE_ENDPOINT',
  ]);
  assert.deepEqual(missingOf({ ...ENV, AZURE_APP_JWK: '', NAIS_TOKEN_ENDPOINT: 'http://x' }, 'entra_id'), [
    'NAIS_TOKEN_EXCHANGE_ENDPOINT',
  ]);
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
