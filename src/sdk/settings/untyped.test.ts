import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, create, fromEnv } from '../index.ts';
import { createTestIssuer } from '../testing.ts';

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

test('a guard that is none is a finding before the token is looked at (L15)', async () => {
  const auth = fromEnv({ env: issuer.env, fetch: issuer.fetch });
  for (const guard of [undefined, () => true, 'tokenx']) {
    await assert.rejects(auth.authenticate({ headers: {} }, guard as never), /a guard is missing/);
  }
  auth.close();
});
