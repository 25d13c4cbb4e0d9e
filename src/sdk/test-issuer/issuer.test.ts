import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, create, fromEnv } from '../index.ts';
import type { Fullmakt } from '../index.ts';
import { createTestIssuer, createTestSidecar, fakeClock } from '../testing.ts';
import type { TestIssuer, TokenKind } from '../testing.ts';
import { tokensFromEnv } from '../tokens.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const KINDS: readonly TokenKind[] = [
  'entra-user',
  'entra-machine',
  'entra-id-token',
  'tokenx',
  'tokenx-machine',
  'idporten',
  'idporten-id-token',
  'maskinporten',
];

function authOf({ env, fetch }: TestIssuer): Fullmakt {
  return fromEnv({ env, fetch, clock, maskinporten: { requiredScope: 'test:data/read' } });
}

for (const kind of KINDS) {
  test(`a token of kind ${kind} is ${kind.endsWith('id-token') ? 'refused' : 'accepted'} (5.1)`, async (t) => {
    const auth = authOf(issuer);
    t.after(() => auth.close());
    const outcome = await auth.validate(issuer.mint(kind));
    assert.equal(outcome.ok, !kind.endsWith('id-token'), outcome.ok ? '' : outcome.error.code);
  });

  test(`every refusal of a token of kind ${kind} gives the code it promises (2.2)`, async (t) => {
    const auth = authOf(issuer);
    t.after(() => auth.close());
    await auth.ready();
    const names = new Set<string>();
    for (const { name, token, code } of issuer.refusals(kind)) {
      const outcome = await auth.validate(token);
      assert.equal(outcome.ok ? 'accepted' : outcome.error.code, code, name);
      assert.ok(!names.has(name), name);
      names.add(name);
    }
    assert.ok(names.size > 80, `${names.size}`);
  });
}

test('nothing of a test issuer starts where local providers are not allowed, in process or listening, whole or in part (2.4)', async (t) => {
  const listening = await createTestIssuer({ clock, listen: true });
  t.after(() => listening.close());
  for (const { env: whole } of [issuer, listening]) {
    const { FULLMAKT_ALLOW_LOCAL_PROVIDERS: allowed, ...env } = whole;
    assert.equal(allowed, 'true');
    const refused = /is a local address: FULLMAKT_ALLOW_LOCAL_PROVIDERS=true would allow it/;
    for (const said of [{}, { FULLMAKT_ALLOW_LOCAL_PROVIDERS: '' }, { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'false' }]) {
      const maskinporten = { requiredScope: 'test:data/read' };
      assert.throws(() => fromEnv({ env: { ...env, ...said }, maskinporten }), refused);
      assert.throws(() => tokensFromEnv({ env: { ...env, ...said }, via: 'direct' }), refused);
    }
    for (const name of ['AZURE_OPENID_CONFIG_ISSUER', 'TOKEN_X_ISSUER', 'IDPORTEN_ISSUER', 'MASKINPORTEN_ISSUER']) {
      const config = {
        provider: 'oidc:fake',
        issuer: env[name] ?? '',
        keys: { jwksUri: 'https://op.example/jwks' },
        audience: ['me'],
      } as const;
      assert.throws(() => create([config], { env: {} }), ConfigError, name);
      create([config], { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' } }).close();
    }
  }
});

function mint(kind: unknown, changes = {}): string {
  return issuer.mint(kind as never, changes);
}

test('a test that asks for what there is not learns so, instead of passing for a wrong reason', async () => {
  assert.throws(() => mint('entra'), /mint: entra is no kind of token; there are entra-user, .*maskinporten/);
  assert.throws(() => [...issuer.refusals('tokenx-user' as never)], /tokenx-user is no kind of token/);
  assert.throws(() => mint('tokenx', { claim: {} }), /mint: claim is not known; there are claims, without, header/);
  assert.throws(() => mint('tokenx', { expiresInSeconds: '60' }), /mint: expiresInSeconds has to be a number/);
  assert.throws(() => issuer.fail('dwn' as never), /fail: dwn is no failure; there are down, slow, error, garbage/);
  await assert.rejects(createTestIssuer({ clock: Date.now as never }), /clock has to give seconds since the epoch/);
  for (const none of [undefined, {}]) await assert.rejects(createTestSidecar(none as never), ConfigError);
});
