import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, create, fromEnv, requireUser } from '../index.ts';
import { createTestIssuer } from '../testing.ts';
import { tokensFromEnv } from '../tokens.ts';

const issuer = await createTestIssuer();
const GOOD = { provider: 'oidc:x', issuer: 'https://op.example', keys: { jwksUri: 'https://op.example/k' } };

function findingsOf(start: () => unknown): readonly string[] {
  try {
    start();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.findings;
  }
  return [];
}

test('an issuer that no compiler saw is looked at member by member: nothing in it is passed over (5)', () => {
  const me = { ...GOOD, audience: ['me'] };
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /create: issuers has to be a list/],
    [me, /create: issuers has to be a list/],
    [[undefined], /create: every issuer has to be an object/],
    [[{ ...me, algs: ['ES256'] }], /oidc:x: algs is not known; there are .*algorithms/],
    [[{ ...me, algorithms: 'RS256' }], /oidc:x: algorithms has to be a list of .*RS256/],
    [[{ ...me, algorithms: [] }], /oidc:x: algorithms has to be a list of .*RS256/],
    [[{ ...me, algorithms: ['HS256'] }], /oidc:x: algorithms has to be a list of .*RS256/],
    [[{ ...me, kind: 'person' }], /oidc:x: kind has to be user or machine/],
    [[{ ...me, provider: 'entra_id', kind: 'machine' }], /entra_id: kind is for generic issuers; requireUser/],
    [[{ ...me, provider: 'azuread' }], /azuread is not a provider: entra_id, .* oidc:<name>/],
    [[{ ...me, issuer: new URL('https://op.example/') }], /oidc:x: its issuer has to be a text/],
    [[{ ...me, keys: { jwksUri: new URL('https://op.example/k') } }], /the URL of its keys has to be a text/],
    [[{ ...me, keys: { ...me.keys, wellKnownUrl: 'https://op.example/w' } }], /oidc:x: keys names more than one/],
    [[{ ...me, audience: 'me' }], /oidc:x: audience has to be a list/],
    [[{ ...GOOD, audience: { audienceNotIssued: false, requiredScope: 'a' } }], /audienceNotIssued can only be true/],
    [[{ ...GOOD, audience: { audienceNotIssued: 'no', requiredScope: 'a' } }], /audienceNotIssued can only be true/],
    [[{ ...GOOD, audience: { requiredScope: 'a' } }], /oidc:x: audience has to be a list/],
  ];
  for (const [given, told] of rows) {
    const findings = findingsOf(() => create(given as never, { env: {} }));
    assert.equal(findings.length, 1, `${told}: ${findings.join('; ')}`);
    assert.match(findings[0] ?? '', told);
  }
});

test('options that would do nothing are findings: telemetry that is none, explain that is no boolean (5)', () => {
  const { env, fetch } = issuer;
  for (const [options, told] of [
    [{ telemetry: true }, /telemetry has to be the module @opentelemetry\/api/],
    [{ telemetry: { trace: {} } }, /telemetry.trace has no getTracer/],
    [{ telemetry: { metrics: { meter: 1 } } }, /telemetry.metrics has no getMeter/],
    [{ explain: 'yes' }, /explain has to be true or false/],
  ] as const) {
    const findings = findingsOf(() => fromEnv({ env, fetch, ...options } as never));
    assert.equal(findings.length, 1, findings.join('; '));
    assert.match(findings[0] ?? '', told);
  }
});

test('who has Maskinporten alone is told which option switches it on (5)', () => {
  const env = { MASKINPORTEN_WELL_KNOWN_URL: 'https://op.example/.well-known/oauth-authorization-server' };
  assert.match(
    findingsOf(() => fromEnv({ env })).join(),
    /only maskinporten is configured.*option maskinporten.*requiredScope/,
  );
});

test('narrowing that narrows nothing is no way past it: wrong options of validate reject (5)', async () => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  const token = issuer.mint('tokenx');
  for (const options of [
    { provider: ['entra_id'] },
    { providers: 'tokenx' },
    { providers: [] },
    { providers: ['tokenX'] },
  ]) {
    const told = /validate: .*provider/;
    await assert.rejects(auth.validate(token, options as never), told, JSON.stringify(options));
    await assert.rejects(auth.validateOrThrow(token, options as never), told);
    assert.throws(() => auth.validateSync(token, options as never), told);
  }
  assert.equal((await auth.validate(token, {})).ok, true);
  assert.equal((await auth.validate(token, { providers: ['tokenx'] })).ok, true);
  auth.close();
});

test('options that are none, and a request without headers, are findings (5)', async () => {
  const told = /options have to be an object/;
  for (const options of [null, 'x', 5] as never[]) {
    assert.throws(() => fromEnv(options), told);
    assert.throws(() => create([{ ...GOOD, audience: ['me'] }] as never, options), told);
    assert.throws(() => tokensFromEnv(options), told);
  }
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  for (const request of [undefined, null, {}, { headers: null }, issuer.mint('tokenx')] as never[]) {
    await assert.rejects(auth.authenticate(request, requireUser()), /authenticate: the request has no headers/);
  }
  auth.close();
});

test('who hands over the whole header, or a handle, is told what a token is (2.2)', async () => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch, explain: true });
  const token = issuer.mint('tokenx');
  const known = await auth.validateOrThrow(token);
  for (const [given, code, said] of [
    [
      `Bearer ${token}`,
      'token_malformed',
      /begins with `Bearer`: hand over what follows it, or the whole request to authenticate/,
    ],
    [known.token, 'token_missing', /a token is a text: reveal\(\) of a handle gives it/],
    [undefined, 'token_missing', /there is no token/],
    [`Bearer ${'a'.repeat(16_384)}`, 'token_too_large', /./],
  ] as const) {
    const outcome = await auth.validate(given as string);
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.code, code);
    assert.match(outcome.error.explanation ?? '', said);
  }
  auth.close();
});

test('a guard that is none is a finding before the token is looked at (L15)', async () => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  for (const guard of [undefined, () => true, 'tokenx']) {
    await assert.rejects(auth.authenticate({ headers: {} }, guard as never), /a guard is missing/);
  }
  auth.close();
});
