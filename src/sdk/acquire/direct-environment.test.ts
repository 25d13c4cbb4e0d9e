import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, inspectEnv } from '../index.ts';
import { ENV, setup } from '../testing/direct-tokens.ts';
import { MACHINE } from '../testing/open-tokens.ts';
import { tokensFromEnv } from '../tokens.ts';

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

test('a token endpoint that metadata names where we may not go is sent nothing (2.5, 5.4)', async (t) => {
  for (const elsewhere of ['http://tokenx.test/token', 'https://localhost/token', 'https://u:p@tokenx.test/token']) {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(new Request(input).url);
      return Response.json({ issuer: 'https://tokenx.test', token_endpoint: elsewhere });
    };
    const { tokens } = setup(t, { fetch, via: 'direct' });
    const outcome = await tokens.onBehalfOf({ provider: 'tokenx', target: 'local:fleet:register', user: 'u' });
    assert.equal(!outcome.ok && outcome.error.kind, 'transient', elsewhere);
    assert.deepEqual([...new Set(asked)], [ENV['TOKEN_X_WELL_KNOWN_URL']], elsewhere);
  }
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
